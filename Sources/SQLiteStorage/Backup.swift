public import FaceRecognition
import Foundation
import GRDB

public import struct FaceRecognition.Record

/// A backup, and what restoring it would do here.
public struct BackupContents: Sendable {
    public struct Gallery: Sendable {
        public let description: GalleryDescription
        /// Whether its key is here: the key of a gallery that was deleted since is destroyed.
        public let canBeRead: Bool
    }
    /// By name.
    public let galleries: [Gallery]
    /// Entries of the record when it was made.
    public let records: Int
}

// A backup is a database of ours, whole and compact, without any key.
extension SQLiteStore {
    /// Copies everything but the keys into a file, while others go on reading and writing: the copy is of one moment.
    ///
    /// The file is there wholly or not at all, and durable when this returns. Blocks.
    /// - Throws: `.placeTaken` when it is there already; `.storageUnavailable` when it cannot be made; `.diskFull`;
    ///   `.storageCorrupt`.
    package func backUp(to file: String) throws {
        let new = file + ".part"
        guard !FileManager.default.fileExists(atPath: file) else {
            throw RecognitionError(
                .placeTaken,
                "\(file) is there already, and a backup is never written over another; name a new file.")
        }
        unlink(new)
        let descriptor = Foundation.open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            throw DataDirectory.failure(
                errno, "\(file) cannot be made; name a file in a folder that this user may write to.")
        }
        defer { Foundation.close(descriptor) }
        do {
            // On a connection of its own: the store's goes on meanwhile.
            let reader = try sayingWhatFailed(in: path) { try DatabaseQueue(path: path) }
            try sayingWhatFailed(in: file) {
                try reader.writeWithoutTransaction { try $0.execute(sql: "VACUUM INTO ?", arguments: [new]) }
            }
            guard fsync(descriptor) == 0, link(new, file) == 0 else {
                throw DataDirectory.failure(errno, "\(file) cannot be written; name another file.")
            }
            unlink(new)
            DurableFile.syncFolder(of: file)
        } catch {
            unlink(new)
            throw error
        }
    }

    /// What a backup holds. Blocks.
    /// - Throws: `.notABackup` for a file that is none, is damaged, or is another installation's or a newer version's;
    ///   `.keyMissing`, `.diskFull`.
    public func contents(ofBackup file: String) throws -> BackupContents {
        try onConnection { db in
            try withBackup(file, db) {
                let galleries = try Row.fetchAll(
                    db, sql: "SELECT \(GalleryRow.columns) FROM backup.gallery ORDER BY name"
                ).map { try GalleryRow($0) }
                let ring = try keys.ring()
                return BackupContents(
                    galleries: galleries.map {
                        .init(description: $0.description, canBeRead: ring.galleries[$0.key] != nil)
                    }, records: try Int.fetchOne(db, sql: "SELECT count(*) FROM backup.record") ?? 0)
            }
        }
    }

    /// Puts the galleries of a backup in the place of those of the same name, all or none. Others stay as they are.
    ///
    /// The record is never set back: it goes on, and what it says was forgotten since the backup is not brought back.
    /// A gallery that was deleted since stays deleted, since its key is destroyed.
    func restore(from file: String, recordedAs record: Record, _ db: Database) throws -> RecordReceipt {
        try withBackup(file, db) {
            let tables = tables(db), ring = try keys.ring()
            return try db.inOneTransaction {
                try restorePolicy(db)
                let forgotten = try joinRecords(db)
                let galleries = try Row.fetchAll(
                    db, sql: "SELECT \(GalleryRow.columns) FROM backup.gallery ORDER BY id"
                )
                .map { try GalleryRow($0) }
                for gallery in galleries where ring.galleries[gallery.key] != nil {
                    try restore(gallery, tables, forgotten)
                }
                try restoreAccessKeys(db)
                return try db.append(record)
            }
        }
    }

    /// Keys that this installation has never had: those of a machine that is gone. One that was disabled stays so.
    private func restoreAccessKeys(_ db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO access_key (id, caller, label, created, sealed)
                SELECT id, caller, label, created, sealed FROM backup.access_key
                WHERE id NOT IN (SELECT id FROM main.access_key) ORDER BY rowid;
                INSERT INTO access_key_binding (id, purpose, case_reference, grant_id, expires)
                SELECT id, purpose, case_reference, grant_id, expires FROM backup.access_key_binding
                WHERE id NOT IN (SELECT id FROM main.access_key_binding);
                INSERT INTO disabled_access_key (id, disabled)
                SELECT id, disabled FROM backup.disabled_access_key
                WHERE id NOT IN (SELECT id FROM main.disabled_access_key);
                UPDATE installation SET access_key_changes = access_key_changes + 1;
                """)
    }

    /// Where the backup knows more than is here, on a new machine for instance, its policy and a withdrawal come with it:
    /// what is brought back must not be free for the trial. To be called before the records are joined.
    private func restorePolicy(_ db: Database) throws {
        let isNewer =
            try Bool.fetchOne(
                db, sql: "SELECT (SELECT count(*) FROM backup.record) > (SELECT count(*) FROM main.record)") ?? false
        guard isNewer else { return }
        try db.execute(
            sql: """
                INSERT INTO policy (number, applied, digest, file)
                SELECT number, applied, digest, file FROM backup.policy
                WHERE number > (SELECT coalesce(max(number), 0) FROM main.policy) ORDER BY number;
                DELETE FROM withdrawal;
                INSERT INTO withdrawal (id, since, reason) SELECT id, since, reason FROM backup.withdrawal;
                UPDATE installation SET policy_changes = policy_changes + 1;
                """)
    }

    private func restore(_ old: GalleryRow, _ tables: GalleryTables, _ forgotten: Set<FaceID>) throws {
        let db = tables.db
        let present = try tables.galleryIfThere(old.description.name)
        if let present { try tables.delete(present, discardingKey: present.key != old.key) }
        try db.execute(
            sql: """
                INSERT INTO gallery (name, model, dimension, created, key, retention, keeps_crops, changes, faces, people,
                    bytes, tally, snapshot_remains)
                SELECT name, model, dimension, created, key, retention, keeps_crops, max(changes, ?) + 1, faces, people,
                    bytes, tally, 1
                FROM backup.gallery WHERE id = ?
                """, arguments: [present?.changes ?? 0, old.number])
        let new = db.lastInsertedRowID
        // Numbers that no row has had, in the same order.
        let face = try Int64.fetchOne(db, sql: "SELECT next_face FROM installation") ?? 1
        let person = try Int64.fetchOne(db, sql: "SELECT next_person FROM installation") ?? 1
        try db.execute(
            sql: """
                INSERT INTO face (number, gallery, live, id, photograph, expires, sealed)
                SELECT number + ?, ?, 1, id, photograph, expires, sealed
                FROM backup.face WHERE gallery = ? AND live ORDER BY number
                """, arguments: [face, new, old.number])
        try db.execute(
            sql: """
                INSERT INTO person (number, gallery, live, token, sealed)
                SELECT number + ?, ?, 1, token, sealed FROM backup.person WHERE gallery = ? AND live ORDER BY number
                """, arguments: [person, new, old.number])
        try db.execute(
            sql: """
                INSERT INTO lasting_person (person, had_faces)
                SELECT person + ?, had_faces FROM backup.lasting_person JOIN backup.person ON number = person
                WHERE gallery = ?
                """, arguments: [person, old.number])
        try db.execute(
            sql: "INSERT INTO tags (gallery, sealed) SELECT ?, sealed FROM backup.tags WHERE gallery = ?",
            arguments: [new, old.number])
        try db.execute(
            sql: """
                INSERT INTO membership (face, person)
                SELECT face + ?, person + ? FROM backup.membership JOIN backup.face ON number = face WHERE gallery = ?
                """, arguments: [face, person, old.number])
        try db.execute(
            sql: """
                INSERT INTO crop (face, sealed)
                SELECT face + ?, crop.sealed FROM backup.crop JOIN backup.face ON number = face
                WHERE gallery = ? AND live ORDER BY face
                """, arguments: [face, old.number])
        try db.execute(
            sql: """
                UPDATE installation SET
                    next_face = max(next_face, (SELECT coalesce(max(number), 0) FROM face) + 1),
                    next_person = max(next_person, (SELECT coalesce(max(number), 0) FROM person) + 1)
                """)
        var changes = RowChanges()
        // A name goes with the last face that was forgotten: whether somebody asked to forget the person, the record cannot
        // tell, since it has no names.
        try tables.forget(
            Array(forgotten), in: tables.gallery(old.description.name), &changes, evenLasting: true)
        try db.note(.pages)
    }

    /// Sees to it that the backup's record and ours are one history, and adds what ours has not yet.
    /// - Returns: the faces that were forgotten since the backup.
    private func joinRecords(_ db: Database) throws -> Set<FaceID> {
        let differing = try Int.fetchOne(
            db,
            sql: """
                SELECT min(ours.position) FROM record AS ours JOIN backup.record AS theirs ON theirs.position = ours.position
                WHERE ours.leaf_hash <> theirs.leaf_hash
                """)
        if let differing {
            throw RecognitionError(
                .notABackup,
                "The backup's record and the one here differ from entry \(differing) on, so they are not of one history; restore it into an empty data directory."
            )
        }
        let ours = try db.recordCount()
        try db.execute(
            sql: """
                INSERT INTO record (position, entry, leaf_hash)
                SELECT position, entry, leaf_hash FROM backup.record
                WHERE position >= (SELECT coalesce(max(position) + 1, 0) FROM main.record) ORDER BY position
                """)
        try db.growTree(from: ours)
        // What was signed on the machine that is gone binds this one as well.
        try db.execute(
            sql: """
                INSERT INTO record_checkpoint SELECT id, size, root, note FROM backup.record_checkpoint WHERE true
                ON CONFLICT (id) DO UPDATE SET size = excluded.size, root = excluded.root, note = excluded.note
                WHERE excluded.size > record_checkpoint.size
                """)
        let entries = try Data.fetchCursor(
            db, sql: "SELECT entry FROM record WHERE position > (SELECT max(position) FROM backup.record)")
        var forgotten: Set<FaceID> = []
        while let entry = try entries.next() {
            if let record = try? Record(encoded: entry) { forgotten.formUnion(record.forgotten ?? []) }
        }
        return forgotten
    }

    /// Runs `body` with the backup attached as `backup`.
    private func withBackup<Result>(_ file: String, _ db: Database, _ body: () throws -> Result) throws -> Result {
        func unusable(_ why: String, detail: String = "") -> RecognitionError {
            RecognitionError(.notABackup, "\(file) cannot be restored: \(why).", detail: detail)
        }
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: file, isDirectory: &isFolder), !isFolder.boolValue else {
            throw unusable("there is no such file; name a file that `countenance backup` made")
        }
        var copy: String?
        defer {
            try? db.execute(sql: "DETACH DATABASE backup")
            if let copy { unlink(copy) }
        }
        do {
            try db.execute(sql: "ATTACH DATABASE ? AS backup", arguments: [file])
            guard try Int.fetchOne(db, sql: "PRAGMA backup.application_id") == Schema.applicationID else {
                throw unusable("it is no backup of Countenance; name a file that `countenance backup` made")
            }
            let answer = try String.fetchOne(db, sql: "PRAGMA backup.integrity_check(1)")
            guard answer == "ok" else { throw unusable("it is damaged; use another backup", detail: answer ?? "") }
            guard try Data.fetchOne(db, sql: "SELECT name FROM backup.installation") == keys.ring().installation.bytes
            else {
                throw unusable(
                    "it belongs to another installation; put that one's \(MasterKey.fileName) and \(Keyring.fileName) into an empty data directory first"
                )
            }
            let versions = try ["backup", "main"].map {
                try Set(String.fetchAll(db, sql: "SELECT identifier FROM \($0).grdb_migrations"))
            }
            guard versions[0].isSubset(of: versions[1]) else {
                throw unusable("a newer version of Countenance made it; use that version")
            }
            if versions[0] != versions[1] {
                try db.execute(sql: "DETACH DATABASE backup")
                copy = directory.file("\(Self.olderBackup)\(UUID().uuidString)")
                try migrate(file, to: copy!)
                try db.execute(sql: "ATTACH DATABASE ? AS backup", arguments: [copy])
            }
        } catch let error as DatabaseError
            where error.resultCode == .SQLITE_NOTADB || error.resultCode == .SQLITE_CORRUPT
        {
            throw unusable("it is damaged, or no backup of Countenance", detail: error.message ?? "")
        }
        return try body()
    }

    /// What the copies' names begin with.
    private static let olderBackup = "older-backup-"

    /// An earlier version's backup is brought up to date in a copy, and not touched itself.
    private func migrate(_ file: String, to copy: String) throws {
        do {
            try FileManager.default.copyItem(atPath: file, toPath: copy)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: copy)
        } catch {
            let reason = (error as? CocoaError)?.code == .fileWriteOutOfSpace ? ENOSPC : EIO
            throw DataDirectory.failure(reason, "\(file) cannot be copied to \(copy); see to its disk.")
        }
        try sayingWhatFailed(in: copy) { try Schema.migrate(copy, in: directory) }
    }

    /// Removes what a crash left of them.
    func removeCopiesOfBackups() {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
        for name in names where name.hasPrefix(Self.olderBackup) { unlink(directory.file(name)) }
    }
}
