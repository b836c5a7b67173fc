import ArgumentParser
import FaceRecognition
import Foundation
import ImageCodecs
import OpenVINOInference
import SQLiteStorage

struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check every part and say what is wrong.",
        discussion: """
            A data directory that another process has, such as a service that runs, is said to be in use and is not looked \
            into; `countenance gallery check` looks into it all the same.

            Exit codes: 0 all is well; 5 something is not.
            """)

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
            let catalogue = ModelCatalogue(share: share, dataFolder: data.folder)
            for broken in catalogue.broken {
                await examine("manifest entry \(broken.url.lastPathComponent.printable)") { throw broken.error }
            }
            for (network, folder) in catalogue.networks {
                await examine("model \(network.id)") {
                    _ = try ModelFile(folder.appendingPathComponent(network.file), sha256: network.sha256)
                    return "the file is the one that its entry names"
                }
            }
            await examine("inference") {
                let pipeline = try Installation().pipeline(model: nil, dataFolder: data.folder, aim: .latency)
                return try await pipeline.workers.run { try pipeline.tryOut() } + ", \(pipeline.workers.count) workers"
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
        for sample in FormatSample.all {
            await examine("image format \(sample.format)") {
                try sample.check()
                return "a sample is decoded as it should be"
            }
        }
        await examine("data directory") {
            let directory: DataDirectory
            do {
                directory = try await data.directory()
            } catch let error as RecognitionError where error.code == .dataDirectoryInUse {
                return "\(data.folder.path): in use by \(owner); not looked into"
            }
            let store = try await SQLiteStore.open(in: directory)
            try store.check()
            let galleries = try await store.galleries()
            return
                "\(data.folder.path): \(galleries.count) \(galleries.count == 1 ? "gallery" : "galleries"), \(galleries.reduce(0) { $0 + $1.faces }.faces); every entry of the record is in its place"
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

    /// Who has the data directory, as its file `lock` says.
    private var owner: String {
        let lock = try? String(contentsOf: data.folder.appendingPathComponent("lock"), encoding: .utf8)
        guard let id = lock.flatMap({ Int($0.filter(\.isNumber)) }) else { return "another process" }
        return "the process \(id)"
    }
}

extension FacePipeline {
    /// Runs every network once, on made-up pixels.
    /// - Returns: how long each took, compiled.
    fileprivate func tryOut() throws -> String {
        func plain(_ width: Int, _ height: Int) -> PixelImage {
            PixelImage(
                size: PixelSize(width: width, height: height),
                pixels: [UInt8](repeating: 128, count: 3 * width * height))
        }
        func time(_ work: () throws -> Void) rethrows -> String {
            // The first run compiles.
            try work()
            let start = ContinuousClock.now
            try work()
            return (ContinuousClock.now - start).short
        }
        let image = plain(320, 320)
        let found = try time { _ = try detector.faces(in: image) }
        // Where a face might be: the mesh is tried out too, and says that there is none.
        let points = [(130, 140), (190, 140), (160, 170), (135, 200), (185, 200)].map { Point(x: $0.0, y: $0.1) }
        let face = DetectedFace(
            box: BoundingBox(x: 100, y: 90, width: 120, height: 150), confidence: 1, landmarks: Landmarks(points))
        let mesh = try time { _ = try detector.mesh(of: face, in: image) }
        let input = extractor.model.input, crop = plain(input.width, input.height)
        let aligned = AlignedCrop(
            size: crop.size, pixels: crop.pixels, transform: SimilarityTransform(a: 1, b: 0, tx: 0, ty: 0))
        let template = try time { _ = try extractor.templates(of: [aligned]) }
        return "faces sought in \(found), landmarks in \(mesh), a template in \(template)"
    }
}
