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

        func run() throws {
            let catalogue = try ModelCatalogue(share: Installation().share, dataFolder: data.folder)
            if output.json {
                try Console.json(catalogue.networks.map(\.network))
            } else {
                for (network, _) in catalogue.networks {
                    let isDefault = network.id == ModelCatalogue.defaultModel.rawValue ? "  (default)" : ""
                    print("\(network.id)  \(network.kind.rawValue)  \(network.licence)\(isDefault)")
                }
            }
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "A network's manifest entry, as JSON.")
        @Argument(help: "Its id.") var id: String
        @OptionGroup var data: DataOptions

        func run() throws {
            let catalogue = try ModelCatalogue(share: Installation().share, dataFolder: data.folder)
            guard let (network, _) = catalogue.networks.first(where: { $0.network.id == id }) else {
                throw RecognitionError(
                    .modelNotFound,
                    "There is no network \(id.printable); `countenance model list` shows those there are.")
            }
            if network.kind == .templateExtractor {
                try Console.json(try catalogue.templateModel(TemplateModelID(rawValue: id)).model)
            } else {
                try Console.json(network)
            }
        }
    }

    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add a template extractor of your own: its manifest entry, with its file beside it.",
            discussion: "The file's digest, its input and its output are checked before anything is added.")
        @Argument(help: .init("The manifest entry.", valueName: "entry.json"), completion: .file(extensions: ["json"]))
        var entry: String
        @OptionGroup var data: DataOptions

        func run() throws {
            let url = URL(fileURLWithPath: entry)
            let (network, model) = try ModelCatalogue.entry(at: url)
            guard let model else {
                throw RecognitionError(
                    .modelRefused,
                    "\(entry.printable) describes a \(network.kind.rawValue); only a template-extractor can be added.")
            }
            let share = try Installation().share
            let catalogue = try ModelCatalogue(share: share, dataFolder: data.folder)
            guard !catalogue.networks.contains(where: { $0.network.id == network.id }) else {
                throw RecognitionError(
                    .modelRefused, "There is a network \(network.id) already; give yours another id.")
            }
            let source = url.deletingLastPathComponent().appendingPathComponent(model.file)
            let file = try ModelFile(source, sha256: model.sha256)
            // Tried out before it is taken: a template of the stated dimension from a grey crop.
            let runtime = try OpenVINORuntime(settings: InferenceSettings(aim: .latency, threads: 1, cacheFolder: nil))
            let extractor = try NetworkTemplateExtractor(runtime, model: model, file: file)
            let size = PixelSize(width: model.input.width, height: model.input.height)
            let ramp = (0..<(3 * size.width * size.height)).map { UInt8(truncatingIfNeeded: $0 / 7) }
            let crop = AlignedCrop(size: size, pixels: ramp, transform: SimilarityTransform(a: 1, b: 0, tx: 0, ty: 0))
            _ = try extractor.templates(of: [crop])

            let manager = FileManager.default
            let folder = catalogue.addedFolder
            let targetFile = folder.appendingPathComponent("\(network.id)-\(model.file)")
            let targetEntry = folder.appendingPathComponent("\(network.id).json")
            do {
                try manager.createDirectory(
                    at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
                try? manager.removeItem(at: targetFile)
                try manager.copyItem(at: source, to: targetFile)
                // The entry last: without it the file is never looked at.
                var object = try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any] ?? [:]
                object["file"] = targetFile.lastPathComponent
                try JSONSerialization.data(withJSONObject: object, options: [.prettyPrinted, .sortedKeys])
                    .write(to: targetEntry, options: .atomic)
            } catch {
                throw RecognitionError(
                    .storageUnavailable, "The model could not be copied to \(folder.path).",
                    detail: "\(error.localizedDescription)")
            }
            print("Added the model \(network.id): \(model.dimension) components.")
            if model.calibration == nil {
                Console.note(
                    "It has no calibration yet: `countenance model calibrate --model \(network.id) --photographs FOLDER` measures one."
                )
            }
        }
    }
}
