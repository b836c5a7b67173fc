import ArgumentParser
import FaceRecognition
import Foundation
import ImageCodecs
import OpenVINOInference
import SQLiteStorage

struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check every part and say what is wrong.",
        discussion: "Exit codes: 0 all is well; 5 something is not.")

    @OptionGroup var output: OutputOptions
    @OptionGroup var data: DataOptions

    private struct Finding: Encodable {
        let part: String
        let well: Bool
        let says: String
    }

    func run() async throws {
        var findings: [Finding] = []
        func examine(_ part: String, _ check: () async throws -> String) async {
            do { findings.append(Finding(part: part, well: true, says: try await check())) } catch {
                let says = (error as? RecognitionError)?.description ?? "\(error)"
                findings.append(Finding(part: part, well: false, says: says))
            }
        }
        var share: URL?
        await examine("installation") {
            share = try Installation().share
            return share?.path ?? ""
        }
        if let share {
            var catalogue: ModelCatalogue?
            await examine("manifest entries") {
                catalogue = try ModelCatalogue(share: share, dataFolder: data.folder)
                return catalogue.map { $0.networks.map(\.network.id).joined(separator: ", ") } ?? ""
            }
            for (network, folder) in catalogue?.networks ?? [] {
                await examine("model \(network.id)") {
                    _ = try ModelFile(folder.appendingPathComponent(network.file), sha256: network.sha256)
                    return "the file is the one that its entry names"
                }
            }
            await examine("inference") {
                let pipeline = try Installation().pipeline(model: nil, dataFolder: data.folder, aim: .latency)
                let size = PixelSize(width: 112, height: 112)
                let crop = AlignedCrop(
                    size: size, pixels: [UInt8](repeating: 128, count: 3 * 112 * 112),
                    transform: SimilarityTransform(a: 1, b: 0, tx: 0, ty: 0))
                let start = ContinuousClock.now
                _ = try await pipeline.workers.run { try pipeline.extractor.templates(of: [crop]) }
                return "a template in \((ContinuousClock.now - start).short), \(pipeline.workers.count) workers"
            }
        }
        await examine("network cache") {
            guard let folder = Installation.cacheFolder else {
                throw RecognitionError(
                    .storageUnavailable,
                    "The cache folder cannot be made; every start compiles the networks anew. Set XDG_CACHE_HOME to a folder that can be written."
                )
            }
            return folder.path
        }
        await examine("image formats") { "JPEG, PNG, WebP, HEIC, AVIF, TIFF, GIF" }
        await examine("data directory") {
            let store = try await SQLiteStore.open(in: try await data.directory())
            try store.check()
            let galleries = try await store.galleries()
            return
                "\(data.folder.path): \(galleries.count) galleries, \(galleries.reduce(0) { $0 + $1.faces }.faces); every entry of the record is in its place"
        }
        if output.json {
            try Console.json(findings)
        } else {
            for finding in findings {
                print(
                    "\(finding.well ? Console.green("well ") : Console.bold("WRONG"))  \(finding.part): \(finding.says)"
                )
            }
        }
        try (findings.allSatisfy(\.well) ? Outcome.done : .fault).end()
    }
}
