import Crypto
import FaceRecognition
package import Foundation

/// A network's file whose digest was checked: only such a file is ever loaded.
///
/// It is read once, into memory of our own. The digest is that of these bytes, and OpenVINO reads these bytes
/// and no others: neither what becomes of the file afterwards nor a second file, such as ONNX's external data, gets in.
package final class ModelFile: Sendable {
    /// The file's own, without its folder.
    package let name: String
    /// In lower-case hexadecimal.
    package let sha256: String
    private let memory: MemoryFile

    /// Reads the whole file once. Cost: about a millisecond a megabyte; the bytes stay in memory as long as this does.
    /// - Parameter sha256: in lower-case hexadecimal.
    /// - Throws: `.modelNotFound` when it is not there or no regular file, `.modelRefused` when its digest is another,
    ///   `.unreadableFile`, `.fault`.
    package init(_ url: URL, sha256: String) throws {
        name = url.lastPathComponent
        self.sha256 = sha256
        let descriptor = open(url.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        defer { if descriptor >= 0 { close(descriptor) } }
        var status = stat()
        guard descriptor >= 0, fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw RecognitionError(
                .modelNotFound,
                "The model's file \(url.path) cannot be read; run `countenance doctor` to see what is missing.")
        }
        let memory = try MemoryFile(copying: descriptor)
        let digest = memory.sha256
        guard digest == sha256 else {
            throw RecognitionError(
                .modelRefused,
                "The model's file \(name) is not the one that its manifest entry names: its SHA-256 begins with \(digest.prefix(12)), not \(sha256.prefix(12)). It was not loaded."
            )
        }
        // ONNX Runtime's mark for weights at an address in memory, which OpenVINO follows wherever it leads.
        guard !memory.contains("_ORT_MEM_ADDR_") else {
            throw RecognitionError(
                .modelRefused,
                "The model's file \(name) does not hold its own weights; save it as one file. It was not loaded.")
        }
        self.memory = memory
    }

    /// Lends a path at which OpenVINO finds these bytes, alone in a folder of their own.
    ///
    /// OpenVINO could read ONNX from a buffer, but not TFLite, which it knows by the file's ending; and from a buffer it
    /// looks for external data in the working directory. In an empty folder there is none, and it follows no path out.
    /// - Throws: `.storageUnavailable` when no temporary folder can be made.
    func withPath<Result>(_ body: (String) throws -> Result) throws -> Result {
        let parent = FileManager.default.temporaryDirectory
        var template = Array(parent.appendingPathComponent("countenance-XXXXXX").path.utf8CString)
        guard mkdtemp(&template) != nil else { throw Self.noFolder(below: parent) }
        let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { rmdir(folder) }
        let path = "\(folder)/\(name)"
        guard symlink(memory.path, path) == 0 else { throw Self.noFolder(below: parent) }
        defer { unlink(path) }
        return try body(path)
    }

    private static func noFolder(below parent: URL) -> RecognitionError {
        RecognitionError(
            .storageUnavailable,
            "No temporary folder can be made below \(parent.path) (\(String(cString: strerror(errno)))); set TMPDIR to a folder that can be written."
        )
    }

    /// Writes the checked bytes to another place.
    package func write(to url: URL) throws {
        try Data(contentsOf: URL(fileURLWithPath: memory.path)).write(to: url, options: .atomic)
    }
}
