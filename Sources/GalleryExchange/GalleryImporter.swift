import Crypto
package import FaceRecognition
package import Foundation

/// Reads what `GalleryExporter` wrote, or what somebody else wrote in that form.
package final class GalleryImporter {
    /// What the export says of its gallery.
    package let gallery: GalleryDescription
    /// How many faces there are.
    package let count: Int

    private let folder: String
    private let normalising: Bool
    private let installation: UUID
    private let manifest: ExportManifest
    /// Tells this export's rows from another's.
    private let digest: Data
    private let templates: NumPyReader
    private let faces: LineReader?
    private var row = 0

    /// Opens an export, and checks its files' digests and its manifest's seal. Cost: reads the files once.
    /// - Parameters:
    ///   - name: what the gallery is to be called.
    ///   - key: of an encrypted export.
    ///   - normalising: whether templates that are not of unit length are made so; otherwise they are refused.
    ///   - installation: this one: photographs' digests mean something only where they were made.
    /// - Throws: `.unreadableFile`, `.invalidValue`, `.invalidValue`.
    package init(
        _ folder: String, as name: GalleryName, key: ExportKey?, normalising: Bool, installation: UUID
    ) throws {
        self.folder = folder
        self.normalising = normalising
        self.installation = installation
        let path = "\(folder)/\(ExportFile.manifest)"
        let source = try PlainSource(path)
        guard source.size <= 1 << 20 else { throw ExchangeError.bad(path, "This is no manifest of an export.") }
        let bytes = try source.readAll(source.size)
        let json = JSONDecoder()
        json.dateDecodingStrategy = .iso8601
        do { manifest = try json.decode(ExportManifest.self, from: bytes) } catch {
            throw ExchangeError.bad(
                path,
                "This is no manifest of an export: it needs format, version, model and dimension (Documentation/Export.md)."
            )
        }
        guard manifest.format == ExportManifest.format, manifest.version == ExportManifest.version else {
            throw ExchangeError.bad(
                path,
                "The format is '\(manifest.format.prefix(40))', version \(manifest.version); only \(ExportManifest.format), version \(ExportManifest.version), can be imported."
            )
        }
        guard (1...Template.maximumDimension).contains(manifest.dimension), manifest.retention.map({ $0 > 0 }) ?? true
        else {
            throw ExchangeError.bad(
                path, "The dimension or the retention is out of bounds; see Documentation/Export.md.")
        }
        let isSealed = manifest.encrypted ?? false
        if isSealed {
            guard let key else {
                throw RecognitionError(.invalidValue, "\(folder) is encrypted; name the file with its key with --key.")
            }
            let sealPath = "\(folder)/\(ExportFile.seal)"
            let seal = try PlainSource(sealPath).readAll(128)
            guard
                seal.elementsEqual(
                    Data((HMAC<SHA256>.authenticationCode(for: bytes, using: key.key).hexadecimal + "\n").utf8))
            else {
                throw ExchangeError.bad(
                    path, "The manifest was changed, or the key is another export's; name the right key with --key.")
            }
        }
        for (name, digest) in manifest.files ?? [:] {
            guard !name.contains("/"), name != ".." else {
                throw ExchangeError.bad(path, "A file's name leaves the folder.")
            }
            guard try PlainSource.digest(of: "\(folder)/\(name)") == digest.lowercased() else {
                throw ExchangeError.bad(
                    "\(folder)/\(name)", "The file is not the one that the manifest names; fetch the export again.")
            }
        }
        func open(_ name: String) throws -> (any ByteSource, String) {
            let path = "\(folder)/\(isSealed ? ExportFile.sealed(name) : name)"
            return (isSealed ? try SealedSource(path, key: key!.key, name: name) : try PlainSource(path), path)
        }
        let (numbers, numbersPath) = try open(ExportFile.templates)
        let templates = try NumPyReader(numbers, path: numbersPath), manifest = manifest
        self.templates = templates
        guard templates.columns == manifest.dimension else {
            throw ExchangeError.bad(
                numbersPath,
                "The templates have \(templates.columns) components, the manifest says \(manifest.dimension).")
        }
        guard manifest.faces.map({ $0 == templates.rows }) ?? true else {
            throw ExchangeError.bad(
                numbersPath, "There are \(templates.rows) templates, the manifest says \(manifest.faces ?? 0).")
        }
        if isSealed || FileManager.default.fileExists(atPath: "\(folder)/\(ExportFile.faces)") {
            let (lines, linesPath) = try open(ExportFile.faces)
            faces = LineReader(lines, path: linesPath)
        } else {
            faces = nil
        }
        count = templates.rows
        digest = Data(SHA256.hash(data: bytes))
        gallery = GalleryDescription(
            name: name, model: TemplateModelID(rawValue: manifest.model), dimension: manifest.dimension,
            created: Date(),
            retention: manifest.retention)
    }

    /// The next faces, at most `count`; none at the end.
    /// - Throws: `.invalidValue`, `.invalidTemplate`, with the row or the line.
    package func next(_ count: Int) throws -> [EnrolledFace] {
        try templates.read(count).map { components in
            defer { row += 1 }
            let known = try faces?.next(ExportedFace.self)
            if faces != nil, known == nil {
                throw ExchangeError.bad(
                    faces!.path, "There are \(row) lines for \(self.count) templates; write one for each.")
            }
            let template: Template
            do {
                template =
                    normalising
                    ? try Template(model: gallery.model, normalising: components)
                    : try Template(model: gallery.model, unitLength: components)
            } catch let error as RecognitionError {
                throw RecognitionError(
                    .invalidTemplate,
                    "\(folder), row \(row): \(error.message)\(normalising ? "" : " --normalise lets templates of other lengths in.")"
                )
            }
            if row + 1 == self.count, try faces?.next(ExportedFace.self) != nil {
                throw ExchangeError.bad(faces!.path, "There are more lines than the \(self.count) templates.")
            }
            return EnrolledFace(description: try description(known), template: template)
        }
    }

    private func description(_ known: ExportedFace?) throws -> EnrolledFaceDescription {
        func bad(_ what: String) -> RecognitionError {
            ExchangeError.bad(faces?.path ?? folder, "Line \(row + 1) has \(what); see Documentation/Export.md.")
        }
        func time(_ text: String?, _ name: String) throws -> Date? {
            guard let text else { return nil }
            guard let date = ExportedFace.date(text) else { throw bad("no time in '\(name)'") }
            return date
        }
        // Without an id of its own a row has one that is the same each time, so that a second run finds it.
        let id = try known?.id.map { text in
            guard let id = FaceID(text) else { throw bad("no UUID in 'id'") }
            return id
        }
        if let size = known?.photographSize, size.width < 1 || size.height < 1 { throw bad("no size in 'photographSize'") }
        return EnrolledFaceDescription(
            id: id ?? FaceID(ofRow: row, in: digest), person: known?.person, externalID: known?.externalID,
            photograph: manifest.installation == installation ? known?.photograph : nil, box: known?.box,
            photographSize: known?.photographSize, confidence: known?.confidence, enrolled: try time(known?.enrolled, "enrolled") ?? gallery.created,
            expires: try time(known?.expires, "expires"))
    }
}

/// Reads JSON lines one by one.
final class LineReader {
    private static let longestLine = 1 << 20

    let path: String
    private let source: any ByteSource
    private var waiting: [UInt8] = []
    private var place = 0
    private var line = 0
    private var isAtEnd = false
    private let decoder = JSONDecoder()

    init(_ source: any ByteSource, path: String) {
        self.source = source
        self.path = path
    }

    /// - Returns: nil at the end.
    /// - Throws: `.invalidValue` with the line's number.
    func next<Value: Decodable>(_ type: Value.Type) throws -> Value? {
        var searched = place
        while true {
            if let end = waiting[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                defer { place = end + 1 }
                return try decode(waiting[place..<end])
            }
            searched = waiting.count
            if isAtEnd {
                defer { place = waiting.count }
                return place < waiting.count ? try decode(waiting[place...]) : nil
            }
            guard waiting.count - place <= Self.longestLine else {
                throw ExchangeError.bad(path, "Line \(line + 1) is longer than a megabyte.")
            }
            let some = try source.read(1 << 16)
            isAtEnd = some.isEmpty
            searched -= place
            waiting.removeFirst(place)
            place = 0
            waiting.append(contentsOf: some)
        }
    }

    private func decode<Value: Decodable>(_ bytes: ArraySlice<UInt8>) throws -> Value {
        line += 1
        do { return try decoder.decode(Value.self, from: Data(bytes)) } catch {
            throw ExchangeError.bad(
                path, "Line \(line) is no JSON object of the form that Documentation/Export.md describes.")
        }
    }
}
