import Crypto
package import FaceRecognition
package import Foundation

/// Writes a gallery into a folder, face by face. The form is described in Documentation/Export.md.
///
/// It writes into FOLDER.part, which becomes FOLDER when everything is there and durable. What an interrupted one left is
/// written anew.
package final class GalleryExporter {
    private let folder: String
    private let key: ExportKey?
    private var manifest: ExportManifest
    private let templates: any ByteSink
    private let faces: any ByteSink
    private let encoder = JSONEncoder()
    private var count = 0

    /// - Throws: `.placeTaken` when the folder is there already.
    package static func checkPlace(_ folder: String) throws {
        guard !FileManager.default.fileExists(atPath: folder) else {
            throw RecognitionError(
                .placeTaken,
                "\(folder) is there already, and an export is never written over another; name a new folder.")
        }
    }

    /// - Parameters:
    ///   - faces: how many there will be.
    ///   - key: seals the export; nil leaves it plain.
    /// - Throws: `.placeTaken` when the folder is there already; `.storageUnavailable` when it cannot be made;
    ///   `.diskFull`.
    package init(
        of gallery: GalleryDescription, faces count: Int, installation: UUID, to folder: String, key: ExportKey?
    ) throws {
        try Self.checkPlace(folder)
        let part = folder + ".part"
        do {
            try? FileManager.default.removeItem(atPath: part)
            try FileManager.default.createDirectory(
                atPath: part, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        } catch { throw ExchangeError.cannotWrite(folder, EACCES) }
        self.folder = folder
        self.key = key
        manifest = ExportManifest(
            model: gallery.model.rawValue, dimension: gallery.dimension, gallery: gallery.name.rawValue, faces: count,
            created: gallery.created, retention: gallery.retention, installation: installation, encrypted: key != nil)
        func sink(_ name: String) throws -> any ByteSink {
            guard let key else { return try PlainSink("\(part)/\(name)") }
            return try SealedSink("\(part)/\(ExportFile.sealed(name))", key: key.key, name: name)
        }
        templates = try sink(ExportFile.templates)
        self.faces = try sink(ExportFile.faces)
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try templates.write(NumPyFile.header(rows: count, columns: gallery.dimension))
    }

    package func append(_ some: [EnrolledFace]) throws {
        var lines = Data(), numbers = Data()
        for face in some {
            lines.append(try encoder.encode(ExportedFace(face.description)))
            lines.append(UInt8(ascii: "\n"))
            for number in face.template.components {
                withUnsafeBytes(of: number.bitPattern.littleEndian) { numbers.append(contentsOf: $0) }
            }
        }
        try faces.write(lines)
        try templates.write(numbers)
        count += some.count
    }

    /// - Throws: `.overtaken` when there were not as many faces as was said.
    package func finish() throws {
        guard count == manifest.faces else {
            throw RecognitionError(.overtaken, "The gallery changed while it was exported; run the same command again.")
        }
        let name = { (name: String) in self.key == nil ? name : ExportFile.sealed(name) }
        manifest.files = [
            name(ExportFile.templates): try templates.finish(), name(ExportFile.faces): try faces.finish(),
        ]
        let json = JSONEncoder()
        json.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        json.dateEncodingStrategy = .iso8601
        let bytes = try json.encode(manifest) + Data("\n".utf8)
        let part = folder + ".part"
        let file = try PlainSink("\(part)/\(ExportFile.manifest)")
        try file.write(bytes)
        _ = try file.finish()
        if let key {
            let seal = try PlainSink("\(part)/\(ExportFile.seal)")
            try seal.write(Data((HMAC<SHA256>.authenticationCode(for: bytes, using: key.key).hexadecimal + "\n").utf8))
            _ = try seal.finish()
        }
        guard rename(part, folder) == 0 else { throw ExchangeError.cannotWrite(folder, errno) }
    }
}
