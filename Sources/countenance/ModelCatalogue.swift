import FaceRecognition
import Foundation
import OpenVINOInference

/// The manifest entries of all networks: those that came with the program, and those the operator added.
///
/// A network that has no entry, or whose file is not the one that its entry names, is never loaded. An entry that cannot
/// be used concerns only those who want its network: the others' are there.
struct ModelCatalogue {
    enum Kind: String, Codable {
        case faceDetector = "face-detector"
        case faceLandmarks = "face-landmarks"
        case templateExtractor = "template-extractor"
    }

    /// What every entry says.
    struct Network: Codable {
        let kind: Kind
        let id: String
        let file: String
        let sha256: String
        let licence: String
        let source: String
    }

    struct TemplateEntry {
        let model: TemplateModel
        /// Where the manifest entry lies, with the network's file beside it.
        let url: URL

        func file() throws -> ModelFile {
            try ModelFile(url.deletingLastPathComponent().appendingPathComponent(model.file), sha256: model.sha256)
        }
    }

    /// An entry that cannot be used, and why.
    struct Broken {
        let url: URL
        let error: RecognitionError
        /// The id that its network has if the entry is called after it, as `model add` calls them.
        var id: String { url.deletingPathExtension().lastPathComponent }
    }

    /// The model for those who name none.
    static let defaultModel = TemplateModelID(rawValue: "sface-2021dec")

    private(set) var networks: [(network: Network, folder: URL)] = []
    private(set) var templateModels: [TemplateEntry] = []
    private(set) var broken: [Broken] = []
    let shareFolder: URL
    /// Where the operator's own entries lie.
    let addedFolder: URL

    init(share: URL, dataFolder: URL) {
        shareFolder = share.appendingPathComponent("models")
        addedFolder = dataFolder.appendingPathComponent("models")
        for folder in [shareFolder, addedFolder] {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
            for name in names.sorted() where name.hasSuffix(".json") {
                let url = folder.appendingPathComponent(name)
                do { try read(url) } catch let error as RecognitionError {
                    broken.append(Broken(url: url, error: error))
                } catch {
                    broken.append(Broken(url: url, error: RecognitionError(.fault, "\(error)")))
                }
            }
        }
    }

    private mutating func read(_ url: URL) throws {
        let folder = url.deletingLastPathComponent()
        let network: Network
        let model: TemplateModel?
        (network, model) = try Self.entry(at: url)
        guard !networks.contains(where: { $0.network.id == network.id }) else {
            throw RecognitionError(
                .modelRefused, "Two manifest entries have the id \(network.id), one of them \(url.path); remove one.")
        }
        networks.append((network, folder))
        if let model { templateModels.append(TemplateEntry(model: model, url: url)) }
    }

    /// - Throws: `.modelRefused`, naming the file and the field.
    static func entry(at url: URL) throws -> (Network, TemplateModel?) {
        do {
            let data = try RegularFile.contents(
                url.path, limit: 10_000_000, remedy: "a manifest entry is far smaller")
            let network = try JSONDecoder().decode(Network.self, from: data)
            let model =
                network.kind == .templateExtractor ? try JSONDecoder().decode(TemplateModel.self, from: data) : nil
            return (network, model)
        } catch let error as DecodingError {
            throw RecognitionError(
                .modelRefused, "The manifest entry \(url.path.printable) cannot be used: \(error.sentence.printable)")
        } catch let error as RecognitionError {
            throw RecognitionError(error.code, "The manifest entry \(url.path.printable): \(error.message)")
        }
    }

    func templateModel(_ id: TemplateModelID?) throws -> TemplateEntry {
        let wanted = id ?? Self.defaultModel
        guard let entry = templateModels.first(where: { $0.model.id == wanted }) else {
            if let broken = broken.first(where: { $0.id == wanted.rawValue }) { throw broken.error }
            throw RecognitionError(
                .modelNotFound,
                "There is no model \(wanted.rawValue.printable); `countenance model list` shows those there are.")
        }
        return entry
    }

    func network(_ kind: Kind) throws -> ModelFile {
        guard let (network, folder) = networks.first(where: { $0.network.kind == kind }) else {
            throw RecognitionError(
                .modelNotFound, "There is no \(kind.rawValue) among the models; run `countenance doctor`.")
        }
        return try ModelFile(folder.appendingPathComponent(network.file), sha256: network.sha256)
    }
}
