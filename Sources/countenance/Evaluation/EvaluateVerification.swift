import ArgumentParser
import Evaluation
import FaceRecognition
import Foundation

struct Evaluate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure how often the system is wrong, and for whom.",
        subcommands: [Verify.self, Identify.self, Congress.self, Threshold.self])

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "verification",
            abstract: "Compare all photographs of a manifest with each other, or follow Labeled Faces in the Wild's protocol.",
            discussion: """
                With a manifest: false match and false non-match rates by group and by pair of groups, each with an interval, \
                and how far apart the groups are (Documentation/Evaluation.md). Group columns are named with --by.

                With a list of pairs: accuracy is the mean over the folds, each with the threshold that is best on the \
                others. A photograph without a template counts as a failure of every pair that names it, never as left out.

                Examples:
                  countenance evaluate verification --manifest staff.csv --by gender --report report.html
                  countenance evaluate verification --pairs lfw/pairs.txt --photographs lfw
                """)

        @Option(
            help: .init("The list of pairs, in the form of LFW's pairs.txt.", valueName: "file"), completion: .file())
        var pairs: String?

        @Option(
            help: .init("With --pairs: the folder that holds one folder for each person.", valueName: "folder"),
            completion: .directory)
        var photographs: String?

        @Option(
            help: .init("A table of photographs: path, person, and columns to group by.", valueName: "file.csv"),
            completion: .file())
        var manifest: String?

        @Option(help: .init("With --manifest: a column that sorts people into groups; may be given again.", valueName: "column"))
        var by: [String] = []

        @Option(
            help: .init("With --manifest: the similarities to measure at, separated by commas.", valueName: "list"),
            transform: Thresholds.argument)
        var thresholds: Thresholds = .usual

        @Option(
            help: .init("With --manifest: compare so many photographs only, of people whom chance (--seed) chose.", valueName: "n"))
        var sample: Int?

        @Option(help: .init("Names that stand for one person: a line for each, separated by tabs.", valueName: "file"))
        var samePerson: String?

        @OptionGroup var evaluation: EvaluationOptions
        @OptionGroup var system: SystemOptions

        func validate() throws {
            guard (pairs == nil) != (manifest == nil) else {
                throw ValidationError("Name either --pairs with --photographs, or --manifest.")
            }
            guard (pairs == nil) == (photographs == nil) else {
                throw ValidationError("--pairs and --photographs belong together.")
            }
            guard manifest != nil || (by.isEmpty && sample == nil && samePerson == nil && evaluation.report == nil) else {
                throw ValidationError("--by, --sample, --same-person and --report belong to --manifest.")
            }
            guard sample.map({ $0 >= 2 }) ?? true else { throw ValidationError("--sample is 2 or more.") }
        }

        func run() async throws {
            if let manifest { return try await compareAll(manifest) }
            guard let pairs, let photographs else { return }
            let text: String
            do { text = try String(contentsOfFile: pairs, encoding: .utf8) } catch {
                throw RecognitionError(.unreadableFile, "The list of pairs \(pairs.printable) cannot be read.")
            }
            let list = try PairProtocol(parsing: text)
            let names = list.photographs
            if let system = try await system.open(evaluation) { return try await compare(list, in: photographs, by: system) }
            let sampled = try await evaluation.templates(of: names.map { "\(photographs)/\($0)" })
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
                model: sampled.model.id.rawValue, mirror: evaluation.template.mirror,
                subject: evaluation.subject.rawValue,
                photographs: names.count, withoutTemplate: names.count - known.count,
                pairsWithoutTemplate: folded.failuresToAcquire.count,
                accuracy: folded.mean, standardError: folded.standardError,
                pairs: [1e-3].map { Report.Row(folded.row(at: FalseMatchRate($0))) },
                allComparisons: [1e-3, 1e-4, 1e-5, 1e-6].map { Report.Row(rates.row(at: FalseMatchRate($0))) },
                secondsExtracting: sampled.duration.milliseconds / 1_000,
                secondsComparing: comparing.milliseconds / 1_000)
            try evaluation.deliver(report) { report.print(comparisons: comparisons) }
        }

        /// The pairs of a list, compared by another system.
        private func compare(_ list: PairProtocol, in folder: String, by system: SystemUnderTest) async throws {
            let names = list.photographs
            let places = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
            let start = ContinuousClock.now
            let sent = try await SentPhotographs(names.map { "\(folder)/\($0)" }, system.session)
            func place(_ name: String) -> Int {
                guard let place = places[name] else { preconditionFailure("A list knows its photographs") }
                return place
            }
            let pairs = list.folds.flatMap { $0 }.map {
                SystemUnderTest.Pair(first: place($0.first), second: place($0.second))
            }
            let earlier = pairs.count { $0.key(sent).map { system.answers[$0] != nil } ?? false }
            var similarities = try await system.similarities(of: pairs, among: sent)[...]
            let folded = try FoldedAccuracy(
                list.folds.map { fold in
                    fold.map { pair in
                        ScoredPair(score: similarities.removeFirst().map { ComparisonScore($0) }, samePerson: pair.samePerson)
                    }
                })
            guard folded.failuresToAcquire.count < pairs.count else { throw system.seesNobody }
            let described = system.described(earlier: earlier)
            let report = Report(
                model: "unknown", mirror: false, subject: SubjectRule.largest.rawValue, system: described,
                photographs: names.count, withoutTemplate: sent.unusable,
                pairsWithoutTemplate: folded.failuresToAcquire.count,
                accuracy: folded.mean, standardError: folded.standardError,
                pairs: [1e-3].map { Report.Row(folded.row(at: FalseMatchRate($0))) }, allComparisons: [],
                secondsExtracting: (ContinuousClock.now - start).milliseconds / 1_000, secondsComparing: 0)
            try evaluation.deliver(report) { report.print(of: system, described) }
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
            var system: EvaluationDocument.System?
            let photographs: Int
            let withoutTemplate: Int
            let pairsWithoutTemplate: Int
            let accuracy: Double
            let standardError: Double
            let pairs: [Row]
            let allComparisons: [Row]
            let secondsExtracting: Double
            let secondsComparing: Double

            func print(of system: SystemUnderTest, _ described: EvaluationDocument.System) {
                Swift.print(
                    """
                    System \(system.name), the \(subject) face of each photograph
                    Photographs \(photographs), \(withoutTemplate) that cannot be sent; pairs without a similarity \(pairsWithoutTemplate)
                    Accuracy over the folds \(String(format: "%.2f%% (standard error %.2f%%)", 100 * accuracy, 100 * standardError))
                    True match rate at a false match rate, over the pairs:
                    \(pairs.map(\.line).joined(separator: "\n"))
                    \(system.caveats(described).joined(separator: "\n"))
                    """)
            }

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
            case .success(let sample):
                if sample == nil { Console.note("\(path.printable): no face") }
                return sample?.template
            case .failure(let error):
                Console.error(error.description)
                return nil
            }
        }
        return (templates, recognizer.model.id, ContinuousClock.now - start)
    }
}
