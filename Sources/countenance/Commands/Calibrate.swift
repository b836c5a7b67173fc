import ArgumentParser
import Evaluation
import FaceRecognition
import Foundation

extension ModelCommand {
    struct Calibrate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Measure the table from similarity to false match rate.",
            discussion: """
                Compares every photograph with those of all other people, and fits the tail beyond what the counts support. \
                Prints the calibration, or with --write puts it into the model's manifest entry.

                Example:
                  countenance model calibrate --photographs lfw --dataset "Labeled Faces in the Wild" --same-person Models/lfw-same-person.tsv --write
                """)

        @Option(
            help: .init("The folder that holds one folder for each person.", valueName: "folder"),
            completion: .directory)
        var photographs: String

        @Option(help: .init("What the photographs are, for those who read the table.", valueName: "text"))
        var dataset: String?

        @Option(
            help: .init(
                "Which face of a photograph is meant: \(SubjectRule.central.rawValue) or \(SubjectRule.largest.rawValue).",
                valueName: "rule"), transform: SubjectRule.argument)
        var subject: SubjectRule = .central

        @Option(
            help: .init(
                "Names that stand for one person: a line for each, separated by tabs (Models/lfw-same-person.tsv).",
                valueName: "file"))
        var samePerson: String?

        @Flag(help: "Write the calibration into the model's manifest entry.") var write = false

        @Option(help: .init("Write the entry with its calibration into this file instead.", valueName: "file"))
        var writeTo: String?

        @OptionGroup var recognition: RecognitionOptions
        @OptionGroup var template: TemplateOptions
        @OptionGroup var data: DataOptions

        func run() async throws {
            let found = try PhotographFiles([photographs])
            let files = found.files.filter { $0.person != nil }
            guard Set(files.map(\.person)).count >= 2 else {
                throw RecognitionError(
                    .invalidValue,
                    "\(photographs.printable) must hold one folder for each person, of at least two people.")
            }
            let people = try samePerson.map { path in
                guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
                    throw RecognitionError(.unreadableFile, "The same-person list \(path.printable) cannot be read.")
                }
                return try SamePersonList(parsing: text)
            }
            let sampled = try await recognition.templates(
                of: files.map(\.path), choosing: subject, mirror: template.mirror, data: data)
            let known = zip(files, sampled.templates).compactMap { file, template in
                template.map { (file.person ?? "", $0) }
            }
            let whom = known.map { people?.person($0.0) ?? $0.0 }
            let comparisons = try AllComparisons(known.map(\.1), of: whom)
            let today = Date().formatted(.iso8601.year().month().day())
            let name = dataset ?? URL(fileURLWithPath: photographs).lastPathComponent
            let calibration = try CalibrationFit(comparisons, dataset: name, date: today).calibration

            try Self.tellIntervals(calibration, known.map(\.1), of: whom)

            let catalogue = ModelCatalogue(share: try Installation().share, dataFolder: data.folder)
            let entry = try catalogue.templateModel(sampled.model.unmirrored)
            if let target = writeTo.map({ URL(fileURLWithPath: $0) }) ?? (write ? entry.url : nil) {
                do {
                    var object =
                        try JSONSerialization.jsonObject(with: Data(contentsOf: entry.url)) as? [String: Any] ?? [:]
                    object[sampled.model.isMirrored ? "mirrorCalibration" : "calibration"] =
                        try JSONSerialization.jsonObject(with: JSONEncoder().encode(calibration))
                    let text = try JSONSerialization.data(
                        withJSONObject: object, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
                    try (text + Data("\n".utf8)).write(to: target, options: .atomic)
                } catch {
                    throw RecognitionError(
                        .storageUnavailable, "The manifest entry \(target.path) cannot be written.",
                        detail: error.localizedDescription)
                }
                Console.note("Wrote the calibration into \(target.path).")
            } else {
                try Console.json(calibration)
            }
        }

        /// Says how far other people of the same kind would have moved the table.
        private static func tellIntervals(_ calibration: Calibration, _ templates: [Template], of whom: [String]) throws {
            var people = NumberedPeople()
            let numbers = whom.map { people.number($0, groups: []) }
            let threads = ProcessInfo.processInfo.activeProcessorCount
            let survey = try ComparisonSurvey(
                templates, of: EvaluationSubjects(people: people.names.count, acquired: numbers), threads: threads)
            let intervals = CalibrationIntervals(
                calibration, survey, at: [60, 80, 90, 99, 99.9].compactMap { Similarity($0) },
                plan: BootstrapPlan(threads: threads))
            for row in intervals.rows {
                let between =
                    row.interval.map { String(format: "%.1e to %.1e", $0.low, $0.high) } ?? "no interval"
                Console.note(
                    "Similarity \(row.similarity.value.formatted()): a false match rate of \(String(format: "%.0e", row.falseMatchRate.value)), with other people of the same kind \(between) (95%).")
            }
        }
    }
}
