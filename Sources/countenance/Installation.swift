import FaceRecognition
import Foundation
import ImageCodecs
import OpenVINOInference
import SQLiteStorage

/// Where the program finds its parts, from its own place on the disk: no environment variable is needed.
struct Installation {
    /// The folder with `models/`.
    let share: URL

    /// Looks beside the program (`PREFIX/bin`, `PREFIX/share/countenance`) and, in a checkout, in `.parts`.
    /// - Throws: `.modelNotFound` when there is neither.
    init() throws {
        let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        var folder = program.deletingLastPathComponent()
        for _ in 0..<6 {
            for inside in ["share/countenance", ".parts/share/countenance"] {
                let share = folder.appendingPathComponent(inside)
                if FileManager.default.fileExists(atPath: share.appendingPathComponent("models").path) {
                    self.share = share
                    return
                }
            }
            folder.deleteLastPathComponent()
        }
        throw RecognitionError(
            .modelNotFound,
            "No models were found beside the program (\(program.path)); run `make build` in a checkout, or `make install`."
        )
    }

    /// Compiled networks are kept here: a cache that may be deleted at any time. nil where it cannot be made.
    static var cacheFolder: URL? {
        let environment = ProcessInfo.processInfo.environment
        let base =
            environment["XDG_CACHE_HOME"].flatMap { $0.isEmpty ? nil : URL(fileURLWithPath: $0) }
            ?? home.appendingPathComponent(".cache")
        let folder = base.appendingPathComponent("countenance/networks")
        do {
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            return folder
        } catch { return nil }
    }

    /// The data directory when none is named: `COUNTENANCE_DATA`, else the XDG data directory.
    static var defaultDataFolder: URL {
        let named = ProcessInfo.processInfo.environment["COUNTENANCE_DATA", default: ""]
        return named.isEmpty ? xdgDataFolder : URL(fileURLWithPath: named)
    }

    static var xdgDataFolder: URL {
        let base = ProcessInfo.processInfo.environment["XDG_DATA_HOME", default: ""]
        return (base.isEmpty ? home.appendingPathComponent(".local/share") : URL(fileURLWithPath: base))
            .appendingPathComponent("countenance")
    }

    /// `$HOME`, as the XDG base directory specification has it: Foundation's `homeDirectoryForCurrentUser` goes by the
    /// password file instead, which service managers and containers overrule.
    private static var home: URL {
        let named = ProcessInfo.processInfo.environment["HOME", default: ""]
        return named.isEmpty ? FileManager.default.homeDirectoryForCurrentUser : URL(fileURLWithPath: named)
    }

    /// Everything that turns photographs into templates.
    func pipeline(
        model: TemplateModelID?, dataFolder: URL, aim: InferenceSettings.Aim,
        limits: ImageDecoding.Limits = ImageDecoding.Limits(), budget: DecodingBudget? = nil
    ) throws -> FacePipeline {
        let catalogue = ModelCatalogue(share: share, dataFolder: dataFolder)
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let runtime = try OpenVINORuntime(
            settings: InferenceSettings(aim: aim, threads: cores, cacheFolder: Self.cacheFolder))
        let wanted = model ?? ModelCatalogue.defaultModel
        let entry = try catalogue.templateModel(wanted.unmirrored)
        let extractor = try NetworkTemplateExtractor(runtime, model: entry.model, file: entry.file())
        let decoding = ImageDecoding(limits: limits, budget: budget)
        return FacePipeline(
            decode: { try decoding.decode($0) },
            detector: try FaceFinder(
                runtime, detector: try catalogue.network(.faceDetector), mesh: try catalogue.network(.faceLandmarks)),
            extractor: wanted.isMirrored ? MirrorExtractor(extractor) : extractor,
            // One more than there are cores: while one sleeps until OpenVINO's own thread is done, another one works.
            workers: Workers(count: cores + 1))
    }
}
