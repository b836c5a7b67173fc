import FaceRecognition
import Foundation
import OpenVINOInference

/// The manifest entries of all networks: those that came with the program, and those the operator added.
///
/// A network that has no entry, or whose file is not the one that its entry names, is never loaded.
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
        let folder: URL

        func file() throws -> ModelFile {
            try ModelFile(folder.appendingPathComponent(model.file), sha256: model.sha256)
        }
    }

    /// The model for those who name none.
    static let defaultModel = TemplateModelID(rawValue: "sface-2021dec")

    private(set) var networks: [(network: Network, folder: URL)] = []
    private(set) var templateModels: [TemplateEntry] = []
    let shareFolder: URL
    /// Where the operator's own entries lie.
    let addedFolder: URL

    /// - Throws: `.modelRefused` for an entry that cannot be used, naming its file.
    init(share: URL, dataFolder: URL) throws {
        shareFolder = share.appendingPathComponent("models")
        addedFolder = dataFolder.appendingPathComponent("models")
        for folder in [shareFolder, addedFolder] {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
            for name in names.sorted() where name.hasSuffix(".json") { try read(folder.appendingPathComponent(name)) }
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
        if let model { templateModels.append(TemplateEntry(model: model, folder: folder)) }
    }

    /// - Throws: `.modelRefused`, naming the file and the field.
    static func entry(at url: URL) throws -> (Network, TemplateModel?) {
        do {
            let data = try Data(contentsOf: url)
            let network = try JSONDecoder().decode(Network.self, from: data)
            let model =
                network.kind == .templateExtractor ? try JSONDecoder().decode(TemplateModel.self, from: data) : nil
            return (network, model)
        } catch let error as DecodingError {
            throw RecognitionError(.modelRefused, "The manifest entry \(url.path) cannot be used: \(error.sentence)")
        } catch let error as RecognitionError {
            throw error
        } catch {
            throw RecognitionError(.unreadableFile, "The manifest entry \(url.path) cannot be read.")
        }
    }

    func templateModel(_ id: TemplateModelID?) throws -> TemplateEntry {
        let wanted = id ?? Self.defaultModel
        guard let entry = templateModels.first(where: { $0.model.id == wanted }) else {
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

    /// Where a template model's manifest entry lies.
    func file(of entry: TemplateEntry) throws -> URL {
        let names = try FileManager.default.contentsOfDirectory(atPath: entry.folder.path).filter {
            $0.hasSuffix(".json")
        }
        for url in names.map(entry.folder.appendingPathComponent)
        where try Self.entry(at: url).0.id == entry.model.id.rawValue {
            return url
        }
        throw RecognitionError(
            .modelNotFound, "The manifest entry of \(entry.model.id) is gone from \(entry.folder.path).")
    }
}
