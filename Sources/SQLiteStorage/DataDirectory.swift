import FaceRecognition
import Foundation

/// The directory in which an installation keeps its files, owned by one process at a time.
///
/// Ownership is a lock (`flock`) on the file `lock` inside. It lasts as long as this object, and the kernel releases it
/// when the process ends in whatever way. The file stays behind: removing it would let two processes lock two files of
/// one name.
///
/// A directory that is made here can be entered by its owner only (mode 0700). One that is there already keeps its mode;
/// the files inside are for their owner only (0600) in either case.
public final class DataDirectory: Sendable {
    public let path: String
    /// Holds the lock as long as it is open; nil beside the owner.
    private let descriptor: Int32?

    private init(path: String, descriptor: Int32?) {
        self.path = path
        self.descriptor = descriptor
    }

    deinit { if let descriptor { close(descriptor) } }

    /// What one who is beside the owner is told.
    var inUseError: RecognitionError { Self.inUse(path, owner: nil) }

    /// Whether this process owns the directory.
    public var isOwned: Bool { descriptor != nil }

    /// Opens the directory, beside the process that owns it when there is one: for what may be done while a service runs,
    /// that is to check, to back up and to restore.
    /// - Throws: as `open`, but for `.dataDirectoryInUse`.
    public static func openBesideOwner(at path: String) async throws -> DataDirectory {
        do {
            return try await open(at: path, waitingUpTo: .zero)
        } catch let error as RecognitionError where error.code == .dataDirectoryInUse {
            return DataDirectory(path: path, descriptor: nil)
        }
    }

    /// Opens the directory, and makes it when it is not there; its parent must be there.
    ///
    /// Suspends while another process owns it and never blocks a thread.
    ///
    /// - Parameter patience: how long to wait for one and the same process to let go of it. While one after the other has
    ///   its turn, so will this one.
    /// - Throws: `.dataDirectoryInUse` when it did not, with its process id; `.storageUnavailable` when the directory
    ///   cannot be made or written to; `.diskFull`; `CancellationError` while waiting.
    public static func open(at path: String, waitingUpTo patience: Duration = .seconds(5)) async throws -> DataDirectory
    {
        try make(path)
        let lock = try openLock(in: path)
        do {
            var deadline = ContinuousClock.now + patience, last = owner(of: lock)
            while try !take(lock, in: path) {
                let owner = owner(of: lock)
                if owner != last { (deadline, last) = (ContinuousClock.now + patience, owner) }
                guard ContinuousClock.now < deadline else { throw inUse(path, owner: owner) }
                try await Task.sleep(for: .milliseconds(20))
            }
            try sign(lock, in: path)
        } catch {
            close(lock)
            throw error
        }
        return DataDirectory(path: path, descriptor: lock)
    }

    /// The path of a file in the directory.
    func file(_ name: String) -> String { path.hasSuffix("/") ? path + name : path + "/" + name }

    private static func make(_ path: String) throws {
        if mkdir(path, 0o700) == 0 { return }
        let reason = errno
        var isDirectory: ObjCBool = false
        if FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) {
            guard isDirectory.boolValue else {
                throw RecognitionError(
                    .storageUnavailable,
                    "\(path) is a file, so it cannot be the data directory; name a directory instead.")
            }
            return
        }
        throw failure(
            reason, "The data directory \(path) cannot be made; make its parent directory, writable for this user.")
    }

    private static func openLock(in path: String) throws -> Int32 {
        // O_CLOEXEC: a program that is started from here must not keep the lock alive.
        let descriptor = Foundation.open(path + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw failure(
                errno, "The data directory \(path) cannot be written to; give this user the right to write there.")
        }
        return descriptor
    }

    /// - Returns: false when another process has it.
    private static func take(_ lock: Int32, in path: String) throws -> Bool {
        while flock(lock, LOCK_EX | LOCK_NB) != 0 {
            switch errno {
            case EINTR: continue
            case EWOULDBLOCK: return false
            default:
                throw failure(
                    errno, "The data directory \(path) cannot be locked; put it on a local disk of this machine.")
            }
        }
        return true
    }

    /// Writes down who owns the directory, for the sentence that the next one reads.
    private static func sign(_ lock: Int32, in path: String) throws {
        let text = Array("\(getpid())\n".utf8)
        guard ftruncate(lock, 0) == 0, pwrite(lock, text, text.count, 0) == text.count else {
            throw failure(errno, "The data directory \(path) cannot be written to; see to its disk.")
        }
    }

    private static func owner(of lock: Int32) -> Int? {
        var buffer = [UInt8](repeating: 0, count: 20)
        let count = pread(lock, &buffer, buffer.count, 0)
        guard count > 0 else { return nil }
        return Int(String(decoding: buffer[..<count], as: UTF8.self).filter(\.isNumber))
    }

    private static func inUse(_ path: String, owner: Int?) -> RecognitionError {
        let who = owner.map { "the process \($0)" } ?? "another process"
        return RecognitionError(
            .dataDirectoryInUse,
            "The data directory \(path) is in use by \(who); wait until that is done, or use another data directory.")
    }

    /// What the system refused, in words: a full disk is told as one.
    /// - Parameter sentence: for every other reason.
    static func failure(_ reason: Int32, _ sentence: String) -> RecognitionError {
        let text = String(cString: strerror(reason))
        return reason == ENOSPC || reason == EDQUOT
            ? RecognitionError(
                .diskFull, "The disk is full; nothing was changed. Make room and try again.", detail: text)
            : RecognitionError(.storageUnavailable, sentence, detail: text)
    }
}
