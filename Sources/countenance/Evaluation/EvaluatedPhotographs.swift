import ArgumentParser
import Crypto
import Evaluation
import FaceRecognition
import Foundation
import ImageCodecs
import SQLiteStorage

/// Options that every evaluation takes which looks at photographs.
struct EvaluationOptions: ParsableArguments {
    @Option(
        help: .init(
            "Which face of a photograph is meant: \(SubjectRule.central.rawValue) (LFW is cut around its subjects) or \(SubjectRule.largest.rawValue).",
            valueName: "rule"), transform: SubjectRule.argument)
    var subject: SubjectRule = .central

    // `--json FILE`: an option of this parser has a value always or never, so the file is a word of its own.
    @Argument(
        help: .init("With --json: write the findings into this file instead of printing them.", valueName: "file"),
        completion: .file())
    var jsonFile: String?

    @Option(help: .init("Write a report into this file: one page of HTML, for people.", valueName: "file"), completion: .file())
    var report: String?

    @Option(help: .init("The seed of the bootstrap and the permutation tests.", valueName: "n"))
    var seed: UInt64 = 1

    @Option(help: .init("How often the bootstrap draws people anew.", valueName: "n"))
    var repetitions: Int = 1_000

    @Flag(help: "Keep no templates in the data directory, and use none that were kept.") var noCache = false

    @OptionGroup var recognition: RecognitionOptions
    @OptionGroup var template: TemplateOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var data: DataOptions

    func validate() throws {
        guard (100...100_000).contains(repetitions) else {
            throw ValidationError("--repetitions lies between 100 and 100,000.")
        }
        if let jsonFile, !output.json {
            throw ValidationError("'\(jsonFile.printable)' is no option; a file for the findings goes with --json.")
        }
    }

    var plan: BootstrapPlan {
        BootstrapPlan(
            repetitions: repetitions, seed: seed, threads: ProcessInfo.processInfo.activeProcessorCount)
    }
}

/// For evaluations that find somebody for somebody else.
struct PhotographOptions: ParsableArguments {
    @Flag(
        help: """
            Show in the report the photographs of up to \(WrongCandidates.most) people who were taken for others, and of those \
            others. Without it a report has no photograph.
            """)
    var withPhotographs = false

    func check(_ evaluation: EvaluationOptions) throws {
        if withPhotographs, evaluation.report == nil {
            throw ValidationError("--with-photographs shows them in a report; name its file with --report.")
        }
    }
}

/// Photographs with their templates, as an evaluation uses them.
struct EvaluatedPhotographs {
    /// One for each photograph that was asked for; nil where there is no face or the photograph cannot be used, both of
    /// which were said.
    let samples: [AuditedSample?]
    /// Those of the samples.
    let templates: [Template?]
    let model: TemplateModel
    let withoutFace: Int
    /// Photographs with several faces, of which one was meant.
    var withSeveralFaces: Int { samples.count { $0?.facesInPhotograph ?? 0 > 1 } }
    /// Photographs that could not be read or decoded.
    let unusable: Int
    /// Templates that were known already.
    let fromCache: Int
    let duration: Duration
    /// SHA-256 over the photographs' own, in their order: which photographs these figures are about.
    let digest: String
    /// Places of photographs that are the same file to the last byte.
    let duplicates: [[Int]]
}

extension EvaluationOptions {
    /// Extracts the templates that the cache does not have, a few hundred at a time, each time into the cache and the
    /// record: an evaluation that is interrupted goes on from there.
    func templates(of paths: [String]) async throws -> EvaluatedPhotographs {
        let session = try await data.open()
        // Also where all templates were kept from before: to measure is to compare.
        let permit = try await session.permit(.audit)
        let pipeline = try recognition.pipeline(data, mirror: template.mirror, photographs: paths.count)
        let recognizer = session.recognizer(pipeline)
        let cache = noCache ? nil : try TemplateCache(model: recognizer.model, rule: subject, in: data.folder)
        let start = ContinuousClock.now
        var samples: [AuditedSample?] = Array(repeating: nil, count: paths.count)
        var whole = SHA256(), seen: [Data: [Int]] = [:]
        var withoutFace = 0, unusable = 0, fromCache = 0
        var waiting: [(place: Int, digest: PhotographDigest)] = []
        let limit = recognition.limits.bytes
        let reading = ProgressBar(total: paths.count, unit: "photographs read")
        for (i, path) in paths.enumerated() {
            try Task.checkCancellation()
            do {
                let bytes = try RegularFile.contents(path, limit: limit, remedy: "--max-megabytes sets another")
                let digest = try session.store.digest(of: bytes)
                whole.update(data: Data(SHA256.hash(data: bytes)))
                seen[digest.bytes, default: []].append(i)
                if let known = cache?[digest] {
                    fromCache += 1
                    samples[i] = known
                    if known == nil {
                        withoutFace += 1
                        Console.note("\(path.printable): no face")
                    }
                } else {
                    waiting.append((i, digest))
                }
            } catch let error as RecognitionError {
                Console.error("\(path.printable): \(error.description)")
                unusable += 1
            }
            reading.advance()
        }
        reading.finish()
        if fromCache > 0 { _ = try await recognizer.auditAgain(fromCache, permit: permit) }
        let progress = ProgressBar(total: waiting.count, unit: "photographs")
        defer { progress.finish() }
        var done = 0
        while done < waiting.count {
            try Task.checkCancellation()
            let some = Array(waiting[done..<min(done + 256, waiting.count)])
            let results = try await recognizer.audit(
                some.map { recognition.photograph(paths[$0.place]) }, choosing: subject,
                permit: session.permit(.audit), progress: { progress.advance() }
            ).outcome
            var known: [(photograph: PhotographDigest, sample: AuditedSample?)] = []
            for (one, result) in zip(some, results) {
                switch result {
                case .success(let sample):
                    samples[one.place] = sample
                    known.append((one.digest, sample))
                    if sample == nil {
                        withoutFace += 1
                        Console.note("\(paths[one.place].printable): no face")
                    }
                case .failure(let error):
                    unusable += 1
                    Console.error(error.description)
                }
            }
            try cache?.add(known)
            done += some.count
        }
        Self.noteSeveralFaces(samples, paths, rule: subject)
        return EvaluatedPhotographs(
            samples: samples, templates: samples.map { $0?.template }, model: recognizer.model,
            withoutFace: withoutFace, unusable: unusable, fromCache: fromCache, duration: ContinuousClock.now - start,
            digest: whole.finalize().hexadecimal,
            duplicates: seen.values.filter { $0.count > 1 }.sorted { $0[0] < $1[0] })
    }
}

extension EvaluationOptions {
    /// How many photographs with several faces are named; of more, their number is told.
    private static let namedAtMost = 20

    private static func noteSeveralFaces(_ samples: [AuditedSample?], _ paths: [String], rule: SubjectRule) {
        let several = samples.indices.filter { samples[$0]?.facesInPhotograph ?? 0 > 1 }
        for place in several.prefix(namedAtMost) {
            Console.note(
                "\(paths[place].printable): \(samples[place]?.facesInPhotograph ?? 0) faces, of which the \(rule.rawValue) one is meant")
        }
        if several.count > namedAtMost {
            Console.note("\(several.count - namedAtMost) more photographs show several faces, of which the \(rule.rawValue) one is meant")
        }
    }
}

/// The people of an evaluation, numbered, with their groups.
struct NumberedPeople {
    private(set) var names: [String] = []
    private var numbers: [String: Int] = [:]
    private var values: [[String]] = []

    /// The number of a person; the groups of the first photograph stand.
    mutating func number(_ name: String, groups: [String]) -> Int {
        if let number = numbers[name] { return number }
        numbers[name] = names.count
        names.append(name)
        values.append(groups)
        return names.count - 1
    }

    func groupings(_ columns: [String]) throws -> [Grouping] {
        try columns.enumerated().map { i, column in
            try Grouping(name: column, values: values.map { $0.indices.contains(i) ? $0[i] : nil })
        }
    }
}

extension SamePersonList {
    /// - Throws: `.unreadableFile`, `.invalidValue`.
    init(file path: String) throws {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw RecognitionError(.unreadableFile, "The same-person list \(path.printable) cannot be read.")
        }
        try self.init(parsing: text)
    }
}

extension Data {
    var sha256: String { SHA256.hash(data: self).hexadecimal }
}

extension [[Int]] {
    /// Says which files, of places that hold the same one, are under two people: labels that are wrong make errors that
    /// are none.
    func warn(people: [Int], paths: [String]) {
        for group in self where Set(group.map { people[$0] }).count > 1 {
            Console.note(
                "\(paths[group[0]].printable) and \(paths[group[1]].printable) are one file under two people; comparisons of it with itself are counted as their labels say. --same-person makes them one."
            )
        }
    }
}
