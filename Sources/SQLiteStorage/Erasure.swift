import GRDB

extension Database {
    /// To be called in the transaction that deletes something personal.
    func noteRemains() throws { try execute(sql: "UPDATE installation SET remains = 1") }

    /// Wipes what deleted rows left behind in the file and in its log.
    ///
    /// `secure_delete` alone does not do it (seen with SQLite 3.40, see ErasureTests): when SQLite moves live rows between
    /// pages, their old place may keep a copy, which is not overwritten when the row is deleted later. `VACUUM` writes
    /// every page anew, and the log, which has the old pages, is copied into the file and cut to nothing. What the disk
    /// itself keeps of overwritten blocks is out of reach: that takes an encrypted disk.
    ///
    /// The deletion is durable already, so a failure (a full disk, say) is no failure of it: the mark stays, and it is
    /// tried again after the next change and when the store is opened.
    ///
    /// Cost: the file is rewritten, in proportion to its size, once after each deletion.
    func eraseRemains() {
        do {
            guard try Bool.fetchOne(self, sql: "SELECT remains FROM installation") ?? false else { return }
            try execute(sql: "VACUUM")
            try truncateLog()
            try execute(sql: "UPDATE installation SET remains = 0")
        } catch {
            // Still marked.
        }
    }

    /// Copies the write-ahead log into the file and makes the log empty.
    /// - Throws: `SQLITE_BUSY` when somebody else reads the file.
    func truncateLog() throws {
        let busy = try Int.fetchOne(self, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
        if busy != 0 { throw DatabaseError(resultCode: .SQLITE_BUSY) }
    }
}
