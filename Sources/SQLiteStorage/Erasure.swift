import FaceRecognition
import Foundation
import GRDB

/// What a change leaves to be wiped out; kept in the file, so that a crash does not forget it.
///
/// `secure_delete` alone does not do it (seen with SQLite 3.40): when SQLite moves live rows between pages, their old place
/// may keep a copy, which is not overwritten when the row is deleted later. So rows of ours never move: they are appended,
/// and a forgotten one is overwritten in its place with zeros of the same length, which SQLite does in the page where it
/// is. What then still has it is the write-ahead log, which is copied into the file and cut to nothing. What the disk
/// itself keeps of overwritten blocks is out of reach: that takes an encrypted disk.
enum Remains: Int {
    case nothing = 0
    /// The log has earlier states of pages.
    case log = 1
    /// Rows were deleted, so others may have moved: every page is to be written anew.
    case pages = 2
}

extension Database {
    /// Zeros in rows may make up a quarter of the file, and always this many rows.
    private static var acceptedHoles: Int { 1_024 }

    /// To be called in the transaction that deletes something personal.
    func note(_ remains: Remains) throws {
        try execute(sql: "UPDATE installation SET remains = max(remains, ?)", arguments: [remains.rawValue])
    }

    /// Wipes what deleted rows left behind in the files.
    ///
    /// The deletion is durable already, so a failure (a full disk, say) is no failure of it: the mark stays, and it is
    /// tried again after the next change and when the store is opened.
    ///
    /// Cost: after a `forget`, two syncs of the disk, and now and then, when a quarter of the rows are zeros, the file is
    /// written anew; after the deletion of a gallery it always is.
    func eraseRemains(_ keys: Keys, _ snapshots: SnapshotFolder) {
        do {
            guard
                let row = try Row.fetchOne(
                    self,
                    sql: """
                        SELECT remains, holes, (SELECT sum(faces) + sum(people) FROM gallery),
                            EXISTS (SELECT 1 FROM discarded_key), EXISTS (SELECT 1 FROM gallery WHERE snapshot_remains)
                        FROM installation
                        """)
            else { return }
            let holes: Int = row.value(1) ?? 0, rows: Int = row.value(2) ?? 0
            if row.value(3) == true { try destroyDiscardedKeys(keys, snapshots) }
            if row.value(4) == true { try destroySnapshots(snapshots) }
            var remains = Remains(rawValue: row.value(0) ?? 0) ?? .pages
            if holes > max(Self.acceptedHoles, rows / 3) { remains = .pages }
            switch remains {
            case .nothing: return
            case .log: try truncateLog()
            case .pages:
                try inOneTransaction {
                    try execute(sql: "DELETE FROM face WHERE NOT live; DELETE FROM person WHERE NOT live")
                    try execute(sql: "UPDATE installation SET holes = 0, remains = 2")
                }
                try execute(sql: "VACUUM")
                try truncateLog()
            }
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

    private func destroyDiscardedKeys(_ keys: Keys, _ snapshots: SnapshotFolder) throws {
        let discarded = try Data.fetchAll(self, sql: "SELECT id FROM discarded_key").compactMap(UUID.init(bytes:))
        try keys.change { $0.removing(discarded) }
        for key in discarded { try snapshots.destroy(key) }
        try execute(sql: "DELETE FROM discarded_key")
    }

    private func destroySnapshots(_ snapshots: SnapshotFolder) throws {
        for bytes in try Data.fetchAll(self, sql: "SELECT key FROM gallery WHERE snapshot_remains") {
            if let key = UUID(bytes: bytes) { try snapshots.destroy(key) }
        }
        try execute(sql: "UPDATE gallery SET snapshot_remains = 0 WHERE snapshot_remains")
    }
}
