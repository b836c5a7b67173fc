import FaceRecognition
import Foundation

/// Templates of evaluated photographs, so that an evaluation that was interrupted, or is made again with other groups or
/// thresholds, goes on where it was.
///
/// A file for each model and rule in the data directory's folder `evaluation/` (mode 0700; the files 0600). An entry is
/// found by the photograph's HMAC-SHA256 under the installation's key, not by its name, so that a photograph that has
/// changed is another one. The templates in it are not sealed as a gallery's are: they are as safe as the data directory,
/// and the photographs they come from are on the operator's disk anyway. The folder may be deleted at any time.
///
/// The form: "CNT-EVAL", the dimension in 4 bytes; then entries of 32 bytes of digest, one byte (1 with a template, 0 where
/// there is no face) and the components in single precision, little-endian. An entry that a crash cut short is dropped.
final class TemplateCache {
    private static let magic = Data("CNT-EVAL".utf8)
    private let descriptor: Int32
    private let path: String
    private let dimension: Int
    private let model: TemplateModelID
    private var found: [Data: Template?] = [:]

    /// - Throws: `.storageUnavailable`.
    init(model: TemplateModel, rule: SubjectRule, in dataFolder: URL) throws {
        let folder = dataFolder.appendingPathComponent("evaluation").path
        dimension = model.dimension
        self.model = model.id
        path = "\(folder)/\(model.id.rawValue)-\(model.sha256.prefix(16))-\(rule.rawValue).templates"
        if mkdir(folder, 0o700) != 0, errno != EEXIST { throw Self.unavailable(folder) }
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw Self.unavailable(path) }
        fchmod(descriptor, 0o600)
        try read()
    }

    deinit { close(descriptor) }

    /// How many photographs are known.
    var count: Int { found.count }

    /// nil when the photograph is not known; inside, nil when it shows no face.
    subscript(_ photograph: PhotographDigest) -> Template?? { found[photograph.bytes] }

    private var entryLength: Int { 33 + 4 * dimension }
    private var header: Data { Self.magic + withUnsafeBytes(of: UInt32(dimension).littleEndian) { Data($0) } }

    private func read() throws {
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: false)
        let data = try? handle.readToEnd() ?? Data()
        guard let data, data.count >= header.count, data.prefix(header.count) == header else {
            // New, or not ours to read: begun anew.
            guard ftruncate(descriptor, 0) == 0, lseek(descriptor, 0, SEEK_SET) == 0 else { throw Self.unavailable(path) }
            return try write(header)
        }
        let entries = (data.count - header.count) / entryLength
        for i in 0..<entries {
            let entry = data.subdata(in: (header.count + i * entryLength)..<(header.count + (i + 1) * entryLength))
            let key = Data(entry.prefix(32))
            guard entry[32] == 1 else {
                found[key] = .some(nil)
                continue
            }
            let components = entry.dropFirst(33).withUnsafeBytes { bytes in
                (0..<dimension).map {
                    Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)))
                }
            }
            // A damaged entry is extracted again.
            if let template = try? Template(model: model, unitLength: components) { found[key] = template }
        }
        let end = off_t(header.count + entries * entryLength)
        guard ftruncate(descriptor, end) == 0, lseek(descriptor, end, SEEK_SET) == end else { throw Self.unavailable(path) }
    }

    /// - Throws: `.storageUnavailable`, `.diskFull`.
    func add(_ templates: [(photograph: PhotographDigest, template: Template?)]) throws {
        var data = Data(capacity: templates.count * entryLength)
        for (photograph, template) in templates {
            data += photograph.bytes
            data.append(template == nil ? 0 : 1)
            for i in 0..<dimension {
                withUnsafeBytes(of: (template?.components[i] ?? 0).bitPattern.littleEndian) { data.append(contentsOf: $0) }
            }
            found[photograph.bytes] = .some(template)
        }
        try write(data)
    }

    private func write(_ data: Data) throws {
        do { try FileHandle(fileDescriptor: descriptor, closeOnDealloc: false).write(contentsOf: data) } catch {
            throw Self.unavailable(path)
        }
    }

    private static func unavailable(_ path: String) -> RecognitionError {
        RecognitionError(
            .storageUnavailable, "\(path) cannot be written; free some space, or give this user the right to write there.",
            detail: String(cString: strerror(errno)))
    }
}
