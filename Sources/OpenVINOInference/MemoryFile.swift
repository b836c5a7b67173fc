import COpenVINO
import Crypto
import FaceRecognition
import Foundation

/// A copy of a file in memory that no folder names: this process alone can reach it (memfd_create(2)).
final class MemoryFile: Sendable {
    private let descriptor: CInt
    private let count: Int
    /// Of the bytes, in lower-case hexadecimal.
    let sha256: String

    /// - Parameter file: open for reading, at its beginning.
    /// - Throws: `.unreadableFile` when it cannot be read to its end; `.fault` when there is no memory for it.
    init(copying file: CInt) throws {
        // MFD_CLOEXEC of linux/memfd.h.
        descriptor = memfd_create("countenance-network", 1)
        guard descriptor >= 0 else { throw Self.noMemory() }
        do { (sha256, count) = try Self.copy(file, to: descriptor) } catch {
            close(descriptor)
            throw error
        }
    }

    deinit { close(descriptor) }

    /// In this process only, as long as this lives.
    var path: String { "/proc/self/fd/\(descriptor)" }

    func contains(_ mark: String) -> Bool {
        guard count > 0, let bytes = mmap(nil, count, PROT_READ, MAP_SHARED, descriptor, 0), bytes != MAP_FAILED else {
            return false
        }
        defer { munmap(bytes, count) }
        return memmem(bytes, count, mark, mark.utf8.count) != nil
    }

    private static func copy(_ file: CInt, to memory: CInt) throws -> (sha256: String, count: Int) {
        var hash = SHA256()
        var total = 0
        var chunk = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = read(file, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                throw RecognitionError(
                    .unreadableFile, "The file cannot be read (\(String(cString: strerror(errno)))).")
            }
            guard count > 0 else { return (hash.finalize().hexadecimal, total) }
            hash.update(data: chunk[..<count])
            total += count
            var written = 0
            while written < count {
                let step = chunk.withUnsafeBytes { write(memory, $0.baseAddress! + written, count - written) }
                if step < 0, errno == EINTR { continue }
                guard step > 0 else { throw noMemory() }
                written += step
            }
        }
    }

    private static func noMemory() -> RecognitionError {
        RecognitionError(.fault, "There is no memory for a network (\(String(cString: strerror(errno)))).")
    }
}
