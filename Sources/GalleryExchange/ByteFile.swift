import Crypto
import FaceRecognition
import Foundation

/// Where an export's bytes go: a file, plain or sealed. Its digest is that of the bytes on the disk.
protocol ByteSink: AnyObject {
    func write(_ data: Data) throws
    /// - Returns: SHA-256 of the file, in hexadecimal digits.
    func finish() throws -> String
}

/// Where an import's bytes come from, one after the other.
protocol ByteSource: AnyObject {
    /// At most `count` bytes; none at the end.
    func read(_ count: Int) throws -> Data
}

extension ByteSource {
    /// Exactly `count` bytes, or what is left.
    func readAll(_ count: Int) throws -> Data {
        var data = Data()
        while data.count < count {
            let some = try read(count - data.count)
            if some.isEmpty { break }
            data.append(some)
        }
        return data
    }
}

/// A plain file that is written from its beginning to its end.
final class PlainSink: ByteSink {
    private let path: String
    private let handle: FileHandle
    private var hash = SHA256()

    /// Makes the file, for its owner only.
    init(_ path: String) throws {
        self.path = path
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw ExchangeError.cannotWrite(path, errno) }
        handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    func write(_ data: Data) throws {
        do { try handle.write(contentsOf: data) } catch { throw ExchangeError.cannotWrite(path, errno) }
        hash.update(data: data)
    }

    func finish() throws -> String {
        do { try handle.synchronize() } catch { throw ExchangeError.cannotWrite(path, errno) }
        return hash.finalize().hexadecimal
    }
}

/// A plain file that is read from its beginning to its end.
final class PlainSource: ByteSource {
    let path: String
    let size: Int
    private let handle: FileHandle

    init(_ path: String) throws {
        self.path = path
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        var status = stat()
        guard descriptor >= 0, fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            let reason = descriptor >= 0 ? EINVAL : errno
            if descriptor >= 0 { close(descriptor) }
            throw ExchangeError.cannotRead(path, reason)
        }
        size = Int(status.st_size)
        handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    func read(_ count: Int) throws -> Data {
        do { return try handle.read(upToCount: min(count, 1 << 20)) ?? Data() } catch {
            throw ExchangeError.cannotRead(path, EIO)
        }
    }

    /// SHA-256 of a whole file, in hexadecimal digits.
    static func digest(of path: String) throws -> String {
        let source = try PlainSource(path)
        var hash = SHA256()
        while case let some = try source.read(1 << 20), !some.isEmpty { hash.update(data: some) }
        return hash.finalize().hexadecimal
    }
}

enum ExchangeError {
    static func cannotWrite(_ path: String, _ reason: Int32) -> RecognitionError {
        reason == ENOSPC || reason == EDQUOT
            ? RecognitionError(.diskFull, "The disk with \(path) is full; make room and run the same command again.")
            : RecognitionError(
                .storageUnavailable, "\(path) cannot be written; name a place where this user may write.",
                detail: String(cString: strerror(reason)))
    }

    static func cannotRead(_ path: String, _ reason: Int32) -> RecognitionError {
        RecognitionError(
            .unreadableFile, "\(path) cannot be read; name the folder that `countenance gallery export` made.",
            detail: String(cString: strerror(reason)))
    }

    static func bad(_ path: String, _ what: String) -> RecognitionError {
        RecognitionError(.invalidValue, "\(path): \(what)")
    }
}
