import FaceRecognition
import Foundation

/// Files that outsiders name, read whole.
enum RegularFile {
    /// Opens once, and looks at what it has opened: a pipe, a device or a socket is refused and never waited for, and
    /// what is added meanwhile is not read.
    /// - Parameters:
    ///   - limit: in bytes.
    ///   - remedy: what to do about a larger one.
    /// - Throws: `.unreadableFile`, `.imageTooLarge`; the messages do not name the file.
    static func contents(_ path: String, limit: Int, remedy: String) throws -> Data {
        // Without O_NONBLOCK, to open a pipe waits for its writer.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            // ENXIO is open(2)'s answer to a socket.
            throw errno == ENXIO ? notRegular : unreadable(errno)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw unreadable(errno) }
        switch status.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFDIR: throw RecognitionError(.unreadableFile, "This is a folder, not a file.")
        default: throw notRegular
        }
        let size = Int(status.st_size)
        guard size <= limit else {
            throw RecognitionError(
                .imageTooLarge, "The file has \(size) bytes, over the limit of \(limit); \(remedy).")
        }
        var data = Data(count: size)
        var filled = 0
        while filled < size {
            let count = data.withUnsafeMutableBytes { read(descriptor, $0.baseAddress! + filled, size - filled) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw unreadable(errno) }
            guard count > 0 else { return data.prefix(filled) }
            filled += count
        }
        return data
    }

    private static let notRegular = RecognitionError(
        .unreadableFile, "This is not a regular file; save what comes from a pipe or a device to a file first.")

    private static func unreadable(_ code: CInt) -> RecognitionError {
        RecognitionError(.unreadableFile, "The file cannot be read (\(String(cString: strerror(code)))).")
    }
}
