import ArgumentParser
import Evaluation
import FaceRecognition
import Foundation

struct Evaluate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure how often the system is wrong.", subcommands: [Verify.self])

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "verification",
            abstract: "Labeled Faces in the Wild's protocol, and all comparisons of its photographs.",
            discussion: """
                Accuracy is the mean over the folds, each with the threshold that is best on the others; true match rates \
                are given at stated false match rates, with the counts behind them. A photograph without a template counts \
                as a failure of every pair that names it, never as left out.

                Example:
                  countenance evaluate verification --pairs lfw/pairs.txt --photographs lfw
                """)

        @Option(
            help: .init("The list of pairs, in the form of LFW's pairs.txt.", valueName: "file"), completion: .file())
        var pairs: String

        @Option(
            help: .init("The folder that holds one folder for each person.", valueName: "folder"),
            completion: .directory)
        var photographs: String

        @Option(
            help: .init(
                "Which face of a photograph is meant: \(SubjectRule.central.rawValue) (LFW is cut around its subjects) or \(SubjectRule.largest.rawValue).",
                valueName: "rule"), transform: SubjectRule.argument)
        var subject: SubjectRule = .central

        @OptionGroup var recognition: RecognitionOptions
        @OptionGroup var template: TemplateOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var data: DataOptions

        func run() async throws {
            let text: String
            do { text = try String(contentsOfFile: pairs, encoding: .utf8) } catch {
                throw RecognitionError(.unreadableFile, "The list of pairs \(pairs.printable) cannot be read.")
            }
            let list = try PairProtocol(parsing: text)
            let names = list.photographs
            let sampled = try await recognition.templates(
                of: names.map { "\(photographs)/\($0)" }, choosing: subject, mirror: template.mirror, data: data)
            var templates: [String: Template] = [:]
            for (name, template) in zip(names, sampled.templates) { templates[name] = template }

            let folded = try FoldedAccuracy(list, templates: templates)
            let known = names.compactMap { name in templates[name].map { (name, $0) } }
            let start = ContinuousClock.now
            let comparisons = try AllComparisons(
                known.map(\.1), of: known.map { String($0.0.unicodeScalars.prefix { $0 != "/" }) })
            let comparing = ContinuousClock.now - start
            let rates = OperatingCharacteristic(comparisons)
            let report = Report(
                model: sampled.model.rawValue, mirror: template.mirror, subject: subject.rawValue,
                photographs: names.count, withoutTemplate: names.count - known.count,
                accuracy: folded.mean, standardError: folded.standardError,
                pairs: [1e-3].map { Report.Row(folded.row(at: FalseMatchRate($0))) },
                allComparisons: [1e-3, 1e-4, 1e-5, 1e-6].map { Report.Row(rates.row(at: FalseMatchRate($0))) },
                secondsExtracting: sampled.duration.milliseconds / 1_000,
                secondsComparing: comparing.milliseconds / 1_000)
            if output.json { try Console.json(report) } else { report.print(comparisons: comparisons) }
        }

        /// What is printed, and with `--json` the document.
        struct Report: Encodable {
            struct Row: Encodable {
                let falseMatchRate: Double
                let threshold: Double
                let falseMatches: Int
                let nonMated: Int
                let trueMatches: Int
                let mated: Int
                let trueMatchRate: Double
                init(_ row: RateTable.Row) {
                    falseMatchRate = row.stated.value
                    threshold = row.threshold.value
                    falseMatches = row.falseMatches.count
                    nonMated = row.falseMatches.total
                    trueMatches = row.trueMatches.count
                    mated = row.trueMatches.total
                    trueMatchRate = row.trueMatches.value
                }
                var line: String {
                    String(
                        format: "  %.0e  %6.2f%%  (%d of %d; %d of %d false)", falseMatchRate, 100 * trueMatchRate,
                        trueMatches, mated, falseMatches, nonMated)
                }
            }
            let model: String
            let mirror: Bool
            let subject: String
            let photographs: Int
            let withoutTemplate: Int
            let accuracy: Double
            let standardError: Double
            let pairs: [Row]
            let allComparisons: [Row]
            let secondsExtracting: Double
            let secondsComparing: Double

            func print(comparisons: AllComparisons) {
                Swift.print(
                    """
                    Model \(model)\(mirror ? " with mirror images" : ""), the \(subject) face of each photograph
                    Photographs \(photographs), \(withoutTemplate) without a template
                    Accuracy over the folds \(String(format: "%.2f%% (standard error %.2f%%)", 100 * accuracy, 100 * standardError))
                    True match rate at a false match rate, over the pairs:
                    \(pairs.map(\.line).joined(separator: "\n"))
                    and over all comparisons of \(comparisons.photographs) photographs of \(comparisons.people) people:
                    \(allComparisons.map(\.line).joined(separator: "\n"))
                    Extracting \(String(format: "%.1f s, %.1f photographs a second; comparing %.2f s", secondsExtracting, Double(photographs) / max(secondsExtracting, 1e-9), secondsComparing))
                    """)
            }
        }
    }
}

extension SubjectRule {
    static func argument(_ text: String) throws -> SubjectRule {
        guard let rule = SubjectRule(rawValue: text) else {
            throw ValidationError(
                "--subject is \(SubjectRule.central.rawValue) or \(SubjectRule.largest.rawValue), not '\(text.printable)'."
            )
        }
        return rule
    }
}

extension RecognitionOptions {
    /// One template for each file, nil where there is no face or the photograph is bad, which is said.
    func templates(
        of paths: [String], choosing rule: SubjectRule, mirror: Bool, data: DataOptions
    ) async throws -> (templates: [Template?], model: TemplateModelID, duration: Duration) {
        let session = try await data.open()
        let recognizer = session.recognizer(try pipeline(data, mirror: mirror, photographs: paths.count))
        let progress = ProgressBar(total: paths.count, unit: "photographs")
        defer { progress.finish() }
        let start = ContinuousClock.now
        let results = try await recognizer.audit(
            paths.map(photograph), choosing: rule,
            permit: session.permit(.audit), progress: { progress.advance() }
        ).outcome
        progress.finish()
        let templates = zip(paths, results).map { path, result -> Template? in
            switch result {
            case .success(let template):
                if template == nil { Console.note("\(path.printable): no face") }
                return template
            case .failure(let error):
                Console.error(error.description)
                return nil
            }
        }
        return (templates, recognizer.model.id, ContinuousClock.now - start)
    }
}
