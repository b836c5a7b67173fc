import Dispatch
import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A folder whose files are read as a bucket's objects. No name leads out of it.
///
/// Each folder on the way is opened below the one before, and no symbolic link is followed, so that there is nothing to
/// win by changing the tree between a look and a read. A link inside the bucket is therefore no object, wherever it
/// leads; the bucket's own folder may be one, as the operator named it. Hard links and mounts are the operator's own doing.
struct FolderBucket: Sendable {
    let path: String

    /// File systems may take their time; Swift's shared threads do not wait for them.
    private static let queue = DispatchQueue(label: "countenance.buckets", attributes: .concurrent)

    /// The bytes of `key`, at most `limit`. Throws ``BucketError``.
    func photograph(_ key: ObjectKey, limit: Int) async throws -> Data {
        try await withCheckedThrowingContinuation { continuation in
            Self.queue.async { continuation.resume(with: Result { try read(key, limit: limit) }) }
        }
    }

    private func read(_ key: ObjectKey, limit: Int) throws -> Data {
        // No file has an empty name, and a name that ends in a slash is a folder's.
        guard let name = key.segments.last, key.segments.allSatisfy({ !$0.isEmpty }) else { throw BucketError.noObject }
        let opened = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        var folder = try Descriptor(opened, orThrow: Self.unreachable(opened < 0 ? "\(path): \(reason(errno))" : ""))
        for segment in key.segments.dropLast() {
            folder = try folder.opening(segment, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        }
        // Without waiting: a pipe that nobody writes to would hold the thread for ever.
        let file = try folder.opening(name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
        return try file.contents(limit: limit)
    }

    private static func unreachable(_ detail: String) -> BucketError {
        BucketError(.unavailable, "The bucket cannot be reached; its operator can say why.", detail: detail)
    }
}

/// What the system says of an error's number.
private func reason(_ number: CInt) -> String { String(cString: strerror(number)) }

/// Owns an open file and closes it.
private final class Descriptor {
    private let number: CInt

    /// Throws `error` when the call before failed.
    init(_ number: CInt, orThrow error: BucketError) throws {
        guard number >= 0 else { throw error }
        self.number = number
    }

    deinit { close(number) }

    func opening(_ segment: [UInt8], _ flags: CInt) throws -> Descriptor {
        let opened = (segment + [0]).withUnsafeBufferPointer { name in
            name.withMemoryRebound(to: CChar.self) { name in
                name.baseAddress.map { openat(number, $0, flags) } ?? -1
            }
        }
        return try Descriptor(opened, orThrow: opened < 0 ? Self.error(errno) : BucketError.noObject)
    }

    func contents(limit: Int) throws -> Data {
        var status = stat()
        guard fstat(number, &status) == 0 else { throw Self.error(errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw BucketError.noObject }
        guard status.st_size <= limit else { throw BucketError.tooLarge(limit) }
        // One byte more than it says, and one more than the limit at most: it may be growing.
        let room = min(Int(status.st_size), limit) + 1
        var data = Data(count: room)
        var count = 0
        while count < data.count {
            let read = data.withUnsafeMutableBytes { bytes in
                bytes.baseAddress.map { Foundation.read(number, $0 + count, bytes.count - count) } ?? 0
            }
            if read < 0, errno == EINTR { continue }
            guard read >= 0 else { throw Self.error(errno) }
            if read == 0 { return data.prefix(count) }
            count += read
            if count > limit { throw BucketError.tooLarge(limit) }
            if count == data.count { data.count = min(count * 2, limit + 1) }
        }
        throw BucketError.tooLarge(limit)
    }

    private static func error(_ number: CInt) -> BucketError {
        switch number {
        case ENOENT, ENOTDIR, ENAMETOOLONG, ELOOP, ENXIO, ENODEV, EILSEQ, EINVAL: .noObject
        case EACCES, EPERM:
            BucketError(.notPermitted, "The object may not be read; its operator can say why.", detail: reason(number))
        default:
            BucketError(.unavailable, "The bucket could not be read; its operator can say why.", detail: reason(number))
        }
    }
}
