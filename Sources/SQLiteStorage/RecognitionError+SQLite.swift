import FaceRecognition
import GRDB

/// Runs `body` and says in our own words what SQLite found wrong.
func sayingWhatFailed<Result>(in path: String, _ body: () throws -> Result) throws -> Result {
    do { return try body() } catch let error as DatabaseError {
        throw RecognitionError(error, in: path)
    }
}

extension RecognitionError {
    /// SQLite's text goes into `detail`; it names tables and columns, never values. SQL and its arguments, which GRDB
    /// keeps in its error, are left behind.
    init(_ error: DatabaseError, in path: String) {
        let (code, sentence): (Code, String) =
            switch error.resultCode {
            // SQLite says SQLITE_FULL of its files only, not of the index of the write-ahead log.
            case .SQLITE_FULL,
                .SQLITE_IOERR where error.extendedResultCode == .SQLITE_IOERR_SHMSIZE:
                (.diskFull, "The disk with \(path) is full; nothing was changed. Make room and try again.")
            case .SQLITE_CORRUPT, .SQLITE_NOTADB:
                (.storageCorrupt, "\(path) is damaged; stop using it and restore a backup.")
            case .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM:
                (.storageUnavailable, "\(path) cannot be opened for writing; give this user the right to write there.")
            case .SQLITE_BUSY, .SQLITE_LOCKED:
                (
                    .storageUnavailable,
                    "\(path) is held by another program; nothing was changed. End that and try again."
                )
            default:
                (.fault, "\(path) could not be read or written; nothing was changed.")
            }
        self.init(
            code, sentence, detail: "SQLite \(error.extendedResultCode.rawValue): \(error.message ?? "no text")")
    }
}
