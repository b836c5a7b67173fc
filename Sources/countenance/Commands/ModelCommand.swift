import ArgumentParser
import FaceRecognition
import Foundation
import OpenVINOInference

struct ModelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model", abstract: "The networks: which there are, and your own.",
        discussion: """
            Examples:
              countenance model list
              countenance model add my-arcface.json        (the network's file beside it; see Documentation/Models.md)
              countenance model calibrate --photographs lfw/
            """,
        subcommands: [List.self, Show.self, Add.self, Calibrate.self])

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "All networks.")
        @OptionGroup var output: OutputOptions
        @OptionGroup var data: DataOptions

        /// A network, or in its place why its entry cannot be used.
        private enum JSONEntry: Encodable {
            case network(ModelCatalogue.Network)
            case broken(ModelCatalogue.Broken)

            private struct Broken: Encodable { let entry, error, message: String }

            func encode(to encoder: any Encoder) throws {
                switch self {
                case .network(let network): try network.encode(to: encoder)
                case .broken(let broken):
                    try Broken(
                        entry: broken.url.path, error: broken.error.code.rawValue, message: broken.error.message
                    ).encode(to: encoder)
                }
            }
        }

        func run() throws {
            let catalogue = ModelCatalogue(share: try Installation().share, dataFolder: data.folder)
            if output.json {
                try Console.json(
                    catalogue.networks.map { JSONEntry.network($0.network) } + catalogue.broken.map(JSONEntry.broken))
            } else {
                for (network, _) in catalogue.networks {
                    let isDefault = network.id == ModelCatalogue.defaultModel.rawValue ? "  (default)" : ""
                    print("\(network.id)  \(network.kind.rawValue)  \(network.licence.printable)\(isDefault)")
                }
                for broken in catalogue.broken {
                    print("\(broken.id.printable)  \(Console.bold("BROKEN"))  \(broken.error.message)")
                }
            }
            try (catalogue.broken.isEmpty ? Outcome.done : .badInput).end()
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "A network's manifest entry, as JSON with and without --json.")
        @Argument(help: "Its id.") var id: String
        @OptionGroup var output: OutputOptions
        @OptionGroup var data: DataOptions

        func run() throws {
            let catalogue = ModelCatalogue(share: try Installation().share, dataFolder: data.folder)
            guard let (network, _) = catalogue.networks.first(where: { $0.network.id == id }) else {
                if let broken = catalogue.broken.first(where: { $0.id == id }) { throw broken.error }
                throw RecognitionError(
                    .modelNotFound,
                    "There is no network \(id.printable); `countenance model list` shows those there are.")
            }
            if network.kind == .templateExtractor {
                try Console.json(JSONTemplateModel(model: catalogue.templateModel(TemplateModelID(rawValue: id)).model))
            } else {
                try Console.json(network)
            }
        }
    }

    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add a template extractor of your own: its manifest entry, with its file beside it.",
            discussion: """
                The file's digest, its input and its output are checked before anything is added. A network is one file: \
                weights in a second one, such as ONNX's external data, are not read.
                """)
        @Argument(help: .init("The manifest entry.", valueName: "entry.json"), completion: .file(extensions: ["json"]))
        var entry: String
        @OptionGroup var output: OutputOptions
        @OptionGroup var data: DataOptions

        func run() throws {
            let url = URL(fileURLWithPath: entry)
            let (network, model) = try ModelCatalogue.entry(at: url)
            guard var model else {
                throw RecognitionError(
                    .modelRefused,
                    "\(entry.printable) describes a \(network.kind.rawValue); only a template-extractor can be added.")
            }
            let catalogue = ModelCatalogue(share: try Installation().share, dataFolder: data.folder)
            guard !catalogue.networks.contains(where: { $0.network.id == network.id }) else {
                throw RecognitionError(
                    .modelRefused, "There is a network \(network.id) already; give yours another id.")
            }
            let file = try ModelFile(
                url.deletingLastPathComponent().appendingPathComponent(model.file), sha256: model.sha256)
            try model.tryOut(file)

            let folder = catalogue.addedFolder
            let target = folder.appendingPathComponent("\(network.id)-\(model.file)")
            do {
                try FileManager.default.createDirectory(
                    at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
                // The very bytes that were tried out; the entry last: without it the file is never looked at.
                try file.write(to: target)
                model = try model.renamed(file: target.lastPathComponent)
                var object = try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any] ?? [:]
                object["file"] = model.file
                try JSONSerialization.data(withJSONObject: object, options: [.prettyPrinted, .sortedKeys])
                    .write(to: folder.appendingPathComponent("\(network.id).json"), options: .atomic)
            } catch {
                throw RecognitionError(
                    .storageUnavailable, "The model could not be copied to \(folder.path).",
                    detail: "\(error.localizedDescription)")
            }
            if output.json {
                try Console.json(JSONTemplateModel(model: model))
            } else {
                print("Added the model \(network.id): \(model.dimension) components.")
            }
            if model.calibration == nil {
                Console.note(
                    "It has no calibration yet: `countenance model calibrate --model \(network.id) --photographs FOLDER` measures one."
                )
            }
        }
    }
}

extension TemplateModel {
    /// Compiles the network and runs it once, on a made-up crop.
    /// - Throws: `.modelRefused` when it gives no template of the stated dimension.
    fileprivate func tryOut(_ file: ModelFile) throws {
        let runtime = try OpenVINORuntime(settings: InferenceSettings(aim: .latency, threads: 1, cacheFolder: nil))
        let extractor = try NetworkTemplateExtractor(runtime, model: self, file: file)
        let size = PixelSize(width: input.width, height: input.height)
        let ramp = (0..<(3 * size.width * size.height)).map { UInt8(truncatingIfNeeded: $0 / 7) }
        let crop = AlignedCrop(size: size, pixels: ramp, transform: SimilarityTransform(a: 1, b: 0, tx: 0, ty: 0))
        _ = try extractor.templates(of: [crop])
    }

    fileprivate func renamed(file: String) throws -> TemplateModel {
        try TemplateModel(
            id: id, file: file, sha256: sha256, input: input, alignment: alignment, dimension: dimension,
            licence: licence, source: source, calibration: calibration,
            mirrorCalibration: mirrorCalibration)
    }
}
