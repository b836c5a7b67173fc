import ArgumentParser
import FaceRecognition
import Foundation
import ImageCodecs
import OpenVINOInference
import SQLiteStorage
import Synchronization

/// Options that every command takes which touches the data directory.
struct DataOptions: ParsableArguments {
    @Option(
        name: .customLong("data"),
        help: .init("The data directory. Default: $COUNTENANCE_DATA, else the XDG data directory.", valueName: "dir"))
    var dataFolder: String?

    @Option(
        name: .customLong("purpose"),
        help: .init(
            "What it is for: a purpose of the policy. Default: $COUNTENANCE_PURPOSE; the trial needs none.",
            valueName: "id"))
    var namedPurpose: String?

    @Option(
        name: .customLong("case"),
        help: .init(
            "The case it belongs to, where the purpose asks for one. Default: $COUNTENANCE_CASE.", valueName: "reference"))
    var namedCase: String?

    var purpose: String? { namedPurpose ?? Self.environment("COUNTENANCE_PURPOSE") }
    var caseReference: String? { namedCase ?? Self.environment("COUNTENANCE_CASE") }

    private static func environment(_ name: String) -> String? {
        ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    func validate() throws {
        for (name, text) in [("--purpose", purpose), ("--case", caseReference)] {
            guard (1...AccessRequest.longestReference).contains(text?.utf8.count ?? 1) else {
                throw ValidationError("\(name) has 1 to \(AccessRequest.longestReference) bytes.")
            }
        }
        guard purpose != AccessRequest.retention else {
            throw ValidationError("The purpose 'retention' is the purge's own; say what you want it for.")
        }
    }

    var folder: URL { dataFolder.map { URL(fileURLWithPath: $0) } ?? Installation.defaultDataFolder }

    /// Opens the store, which this process then owns until it ends. Some of the faces that have expired are removed by the
    /// way; no search finds them in any case.
    func open() async throws -> Session {
        let session = try await Session(directory(), purpose: purpose, caseReference: caseReference)
        try await session.purgeSome()
        return session
    }

    /// Opens the store beside a service that may own it: to check, to back up, to restore.
    /// - Parameter isNamed: whether `--purpose` and `--case` say what this is for; otherwise the environment does alone.
    func openBesideOwner(purposeIsNamed isNamed: Bool = true) async throws -> Session {
        let folder = folder, purpose = isNamed ? purpose : Self.environment("COUNTENANCE_PURPOSE")
        let caseReference = isNamed ? caseReference : Self.environment("COUNTENANCE_CASE")
        return try await Session(
            FileManager.default.fileExists(atPath: folder.appendingPathComponent("lock").path)
                ? DataDirectory.openBesideOwner(at: folder.path) : directory(), purpose: purpose,
            caseReference: caseReference)
    }

    /// Opens the directory. What lies above the default one is made where it is missing, as the XDG base directory
    /// specification asks; what lies above one that was named is not.
    func directory() async throws -> DataDirectory {
        let folder = folder
        if folder == Installation.xdgDataFolder {
            // Where this fails, opening says why.
            try? FileManager.default.createDirectory(
                at: folder.deletingLastPathComponent(), withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
        }
        return try await DataDirectory.open(at: folder.path)
    }
}

/// The data directory, open, and the gate before it.
struct Session {
    let store: SQLiteStore
    let office: PolicyOffice
    let gate: PolicyGate
    private let purpose: String?
    private let caseReference: String?

    init(_ directory: DataDirectory, purpose: String?, caseReference: String?) async throws {
        let store = try await SQLiteStore.open(in: directory, progress: LoadingBar().callAsFunction)
        let office = PolicyOffice(store)
        self.store = store
        self.office = office
        self.purpose = purpose
        self.caseReference = caseReference
        gate = PolicyGate(
            rules: { try await office.inForce() }, records: store, lastEntry: try store.timeOfLastEntry(),
            searches: { try await store.searches(of: $0, for: $1, since: $2) })
    }

    /// A permit for the operator of this machine, who is known by having the data directory.
    func permit(
        _ operation: GatedOperation, gallery: GalleryName? = nil, threshold: Similarity? = nil, candidates: Int? = nil
    ) async throws -> Permit {
        let permit = try await gate.permit(
            AccessRequest(
                organisation: AccessRequest.localOperator, purpose: purpose, caseReference: caseReference,
                operation: operation, gallery: gallery, threshold: threshold, candidates: candidates))
        // Not when what applies is about to change.
        if permit.standing.isTrial, operation != .govern { TrialNote.applies.store(true, ordering: .relaxed) }
        return permit
    }

    func recognizer(_ pipeline: FacePipeline) -> FaceRecognizer {
        FaceRecognizer(pipeline: pipeline, galleries: store, records: store)
    }

    /// Removes faces that have expired, at most 1,000.
    /// - Returns: how many.
    @discardableResult
    func purgeSome() async throws -> Int {
        try await keeper.purge {
            try await gate.permit(
                AccessRequest(
                    organisation: AccessRequest.localOperator, purpose: AccessRequest.retention, operation: .forget,
                    gallery: $0))
        }.reduce(0) { $0 + $1.purged.outcome.count }
    }

    var keeper: GalleryKeeper { GalleryKeeper(galleries: store, records: store) }

    /// The model that a gallery belongs to; nil when there is no such gallery yet.
    func model(of gallery: GalleryName) async throws -> TemplateModelID? {
        try await store.descriptionIfThere(of: gallery)?.model
    }
}

/// Shows on the terminal how far a large gallery's codes are loaded.
private final class LoadingBar: Sendable {
    private let bar = Mutex<ProgressBar?>(nil)

    func callAsFunction(_ gallery: GalleryName, _ done: Int, _ total: Int) {
        bar.withLock { bar in
            if bar == nil { bar = ProgressBar(total: total, unit: "faces of \(gallery) loaded") }
            bar?.reach(done)
            if done >= total {
                bar?.finish()
                bar = nil
            }
        }
    }
}

/// A span of time as people write it: 90s, 30m, 12h, 180d, 26w, 2y (of 365 days).
struct Period: ExpressibleByArgument {
    let seconds: TimeInterval

    init?(argument: String) {
        let units: [Character: Double] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800, "y": 31_536_000]
        guard let unit = argument.last.flatMap({ units[$0] }), let number = Double(argument.dropLast()), number > 0,
            (number * unit).isFinite, number * unit <= 1e11
        else { return nil }
        seconds = number * unit
    }
}

extension TimeInterval {
    /// The longest unit that gives a whole number: `180 days`.
    var period: String {
        for (name, unit) in [("days", 86_400.0), ("hours", 3_600), ("minutes", 60)]
        where (self / unit).rounded() == self / unit {
            return "\(Int(self / unit)) \(name)"
        }
        return "\(formatted()) seconds"
    }
}

/// Options of the commands that look at photographs.
struct RecognitionOptions: ParsableArguments {
    @Option(
        help: .init(
            "The template model. Default: the gallery's own, else \(ModelCatalogue.defaultModel).", valueName: "id"))
    var model: String?

    @Option(
        help: .init(
            "Refuse photographs of more megapixels; fewer where a format takes much memory for each.", valueName: "n"))
    var maxMegapixels: Double = 100

    @Option(help: .init("Refuse files of more megabytes.", valueName: "n"))
    var maxMegabytes: Double = 50

    func validate() throws {
        guard maxMegapixels > 0, maxMegapixels <= 10_000 else {
            throw ValidationError("--max-megapixels lies above 0, up to 10,000.")
        }
        guard maxMegabytes > 0, maxMegabytes <= 10_000 else {
            throw ValidationError("--max-megabytes lies above 0, up to 10,000.")
        }
    }

    /// So that the limit on memory follows the one on pixels: what both are without an option.
    private static let bytesAtOnceForEachPixel = 7.2

    var limits: ImageDecoding.Limits {
        ImageDecoding.Limits(
            bytes: Int(maxMegabytes * 1e6), pixels: Int(maxMegapixels * 1e6),
            bytesAtOnce: Int(maxMegapixels * 1e6 * Self.bytesAtOnceForEachPixel),
            advice: "send a smaller one, or set --max-megapixels")
    }

    func photograph(_ path: String) -> Photograph { .file(path, limit: limits.bytes) }

    /// - Parameters:
    ///   - galleryModel: the model that a gallery belongs to, which decides when it is there.
    ///   - photographs: how many there are: several are worked on at once, one has all the cores.
    ///   - budget: the memory that decoding them may take together; nil for as much as each takes.
    /// - Throws: `.modelMismatch` when another one was named.
    func pipeline(
        _ data: DataOptions, mirror: Bool = false, galleryModel: TemplateModelID? = nil,
        photographs: Int, budget: DecodingBudget? = nil
    ) throws -> FacePipeline {
        var named = model.map(TemplateModelID.init(rawValue:))
        if mirror { named = (named ?? galleryModel ?? ModelCatalogue.defaultModel).mirrored }
        if let named, let galleryModel, named != galleryModel {
            throw RecognitionError(
                .modelMismatch,
                "The gallery belongs to the model \(galleryModel) for life; leave out --model and --mirror, or use another gallery."
            )
        }
        return try Installation().pipeline(
            model: named ?? galleryModel, dataFolder: data.folder, aim: photographs > 1 ? .throughput : .latency,
            limits: limits, budget: budget)
    }
}

/// For the commands that extract templates.
struct TemplateOptions: ParsableArguments {
    @Flag(
        help: """
            Use the mean of each face's template and its mirror image's: a little more accurate, and slower. A gallery that \
            was begun so goes on so by itself.
            """)
    var mirror = false
}

struct OutputOptions: ParsableArguments {
    @Flag(help: "Print JSON, as Documentation/JSON.md describes it.")
    var json = false
}

extension Similarity {
    /// A similarity from the command line.
    static func argument(_ text: String) throws -> Similarity {
        guard let value = Double(text), let similarity = Similarity(value) else {
            throw ValidationError("A similarity lies between 0 and 100; '\(text)' does not.")
        }
        return similarity
    }
}

extension GalleryName {
    static func argument(_ text: String) throws -> GalleryName {
        do { return try GalleryName(text) } catch let error as RecognitionError { throw ValidationError(error.message) }
    }
}

extension Photograph {
    /// A regular file, read when the recogniser asks for it. Pipes are not read: one gives its bytes once, but `--annotate`
    /// needs them twice, and one whose writer never comes would hold a worker for good.
    /// - Parameter limit: in bytes; a larger file is refused before it is read.
    static func file(_ path: String, limit: Int) -> Photograph {
        Photograph(label: path.printable) {
            try RegularFile.contents(path, limit: limit, remedy: "--max-megabytes sets another")
        }
    }
}

/// Runs a command over several photographs: a bad one is reported by name and the rest goes on.
struct PhotographRun {
    private var badInput = false
    private var found = false

    mutating func mark(found: Bool) { self.found = self.found || found }
    mutating func markBadInput() { badInput = true }

    /// - Throws: what concerns more than one photograph: then there is no going on.
    mutating func report(_ error: any Error) throws {
        guard let error = error as? RecognitionError, Outcome(error.code) != .fault else { throw error }
        Console.error(error.description)
        if Outcome(error.code) == .badInput { badInput = true }
    }

    var outcome: Outcome { badInput ? .badInput : found ? .done : .nothingFound }
}
