import FaceRecognition
import Foundation

/// Small files that hold secrets: for their owner only (mode 0600), and there wholly or not at all.
enum PrivateFile {
    /// Reads a file that only its owner may read.
    /// - Returns: nil when there is none.
    /// - Throws: `.keyMissing` when others may read it, or it cannot be read.
    static func read(_ path: String, limit: Int = 64 << 20) throws -> Data? {
        let descriptor = Foundation.open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw unreadable(path, errno)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw unreadable(path, errno) }
        guard status.st_mode & S_IFMT == S_IFREG, status.st_size <= limit else {
            throw RecognitionError(.keyMissing, "\(path) is no file of keys; put it back from your copy.")
        }
        guard status.st_mode & 0o077 == 0, status.st_uid == geteuid() else {
            throw RecognitionError(
                .keyMissing,
                "\(path) can be read by others than its owner, so it is not used; run `chmod 600` on it, and think of rotating the master key."
            )
        }
        do { return try FileHandle(fileDescriptor: descriptor, closeOnDealloc: false).readToEnd() ?? Data() } catch {
            throw unreadable(path, EIO)
        }
    }

    /// Puts a file in its place, durable when it returns; what was there before is overwritten.
    /// - Throws: `.diskFull`, `.storageUnavailable`; the earlier file is as it was then.
    static func write(_ data: Data, to path: String) throws {
        let new = path + ".new"
        unlink(new)
        let descriptor = Foundation.open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw unwritable(path, errno) }
        do {
            try DurableFile.write(data, to: descriptor)
            guard fsync(descriptor) == 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
            close(descriptor)
        } catch {
            close(descriptor)
            unlink(new)
            throw unwritable(path, (error as? POSIXError)?.code.rawValue ?? EIO)
        }
        let earlier = Foundation.open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW)
        defer { if earlier >= 0 { close(earlier) } }
        guard rename(new, path) == 0 else {
            let reason = errno
            unlink(new)
            throw unwritable(path, reason)
        }
        DurableFile.syncFolder(of: path)
        if earlier >= 0 { DurableFile.overwrite(earlier) }
    }

    private static func unreadable(_ path: String, _ reason: Int32) -> RecognitionError {
        RecognitionError(
            .keyMissing, "\(path) cannot be read; give its owner, this user, the right to.",
            detail: String(cString: strerror(reason)))
    }

    private static func unwritable(_ path: String, _ reason: Int32) -> RecognitionError {
        DataDirectory.failure(reason, "\(path) cannot be written; give this user the right to write there.")
    }
}

/// What files need so that a power cut finds them whole.
enum DurableFile {
    /// - Throws: `POSIXError`.
    static func write(_ data: Data, to descriptor: Int32) throws {
        var rest = data[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                throw POSIXError(.init(rawValue: errno) ?? .EIO)
            }
            rest = rest.dropFirst(count)
        }
    }

    /// Makes a file's new name durable. Not all file systems can; those that cannot do it by themselves.
    static func syncFolder(of path: String) {
        let folder = Foundation.open((path as NSString).deletingLastPathComponent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { return }
        fsync(folder)
        close(folder)
    }

    /// Zeros over all that the file holds, as far as its disk writes in place.
    static func overwrite(_ descriptor: Int32) {
        let size = lseek(descriptor, 0, SEEK_END)
        guard size > 0, lseek(descriptor, 0, SEEK_SET) == 0 else { return }
        try? write(Data(count: Int(min(size, 1 << 20))), to: descriptor)
        fsync(descriptor)
    }
}
