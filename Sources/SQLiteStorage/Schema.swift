import FaceRecognition
import Foundation
import GRDB

/// The file's format: how it is opened, recognised as ours, and brought up to date.
enum Schema {
    /// "Cntn": tells our files from other programs' SQLite files (https://sqlite.org/pragma.html#pragma_application_id).
    static let applicationID = 0x436E_746E

    /// Opens or makes the file. A file that is not ours is left as it is.
    static func open(_ path: String) throws -> DatabaseQueue {
        try makePrivateFile(path)
        let database = try DatabaseQueue(path: path, configuration: configuration)
        try database.inDatabase { db in
            try claim(db, path)
            guard try String.fetchOne(db, sql: "PRAGMA journal_mode = WAL") == "wal" else {
                throw RecognitionError(
                    .storageUnavailable,
                    "\(path) cannot keep a write-ahead log; put the data directory on a local disk.")
            }
        }
        try migrator.migrate(database)
        return database
    }

    private static var configuration: Configuration {
        var configuration = Configuration()
        configuration.label = "countenance.sqlite"
        configuration.foreignKeysEnabled = true
        // We are alone, save for a person who looks at the file with a tool of theirs.
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { db in
            // In WAL mode NORMAL may lose the last commits in a power cut; FULL syncs the log at every commit.
            try db.execute(sql: "PRAGMA synchronous = FULL")
            // Overwrites what is deleted with zeros.
            try db.execute(sql: "PRAGMA secure_delete = ON")
            // No copy of a template in a temporary file.
            try db.execute(sql: "PRAGMA temp_store = MEMORY")
            // Finds damaged pages where they would lead astray.
            try db.execute(sql: "PRAGMA cell_size_check = ON")
        }
        return configuration
    }

    /// SQLite makes files with the umask's mode, and its log with the mode of the file it belongs to.
    private static func makePrivateFile(_ path: String) throws {
        let descriptor = Foundation.open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            throw RecognitionError(
                .storageUnavailable, "\(path) cannot be opened; give this user the right to read and write it.",
                detail: String(cString: strerror(errno)))
        }
        close(descriptor)
    }

    /// Marks an empty file as ours; refuses one that is not ours, or that a newer version has changed.
    private static func claim(_ db: Database, _ path: String) throws {
        switch try Int.fetchOne(db, sql: "PRAGMA application_id") {
        case applicationID:
            guard try !migrator.hasBeenSuperseded(db) else {
                throw RecognitionError(
                    .storageUnavailable,
                    "\(path) was written by a newer version of Countenance; use that version, or a backup from before.")
            }
        case 0 where try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema") == 0:
            // Before the tables, so that a crash between the two leaves a file that is still ours.
            try db.execute(sql: "PRAGMA application_id = \(applicationID)")
        default:
            throw RecognitionError(
                .storageUnavailable,
                "\(path) is another program's database and was not touched; move it away, or use another data directory."
            )
        }
    }

    /// A migration that was published never changes; a new one is added.
    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("v1") { db in
            try db.execute(sql: v1)
            var random = SystemRandomNumberGenerator()
            let key = Data((0..<32).map { _ in UInt8.random(in: .min ... .max, using: &random) })
            try db.execute(
                sql: "INSERT INTO installation (id, digest_key, created) VALUES (0, ?, ?)",
                arguments: [key, Date().timeIntervalSinceReferenceDate])
        }
        migrator.registerMigration("v2") { db in try db.execute(sql: v2) }
        return migrator
    }

    // Times are seconds since 2001-01-01 00:00 UTC, Foundation's own zero, so that they come back to the last bit.
    private static let v1 = """
        CREATE TABLE installation (
            id INTEGER PRIMARY KEY CHECK (id = 0),
            digest_key BLOB NOT NULL CHECK (length(digest_key) = 32),
            created REAL NOT NULL,
            -- 1 from the transaction that deletes faces until nothing of them is left in the files.
            remains INTEGER NOT NULL DEFAULT 0
        ) STRICT;

        CREATE TABLE gallery (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            model TEXT NOT NULL,
            dimension INTEGER NOT NULL CHECK (dimension BETWEEN 1 AND 1024),
            created REAL NOT NULL
        ) STRICT;

        CREATE TABLE face (
            -- The order of enrolment.
            number INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            gallery INTEGER NOT NULL REFERENCES gallery (id) ON DELETE CASCADE,
            person TEXT,
            external_id TEXT,
            photograph BLOB NOT NULL CHECK (length(photograph) = 32),
            x REAL NOT NULL, y REAL NOT NULL, width REAL NOT NULL, height REAL NOT NULL,
            confidence REAL NOT NULL,
            enrolled REAL NOT NULL,
            -- Single precision, little-endian.
            template BLOB NOT NULL
        ) STRICT;
        -- One face of a photograph for now.
        CREATE UNIQUE INDEX face_photograph ON face (gallery, photograph);
        CREATE INDEX face_person ON face (gallery, person);

        CREATE TABLE record (
            position INTEGER PRIMARY KEY,
            entry BLOB NOT NULL,
            leaf_hash BLOB NOT NULL CHECK (length(leaf_hash) = 32)
        ) STRICT;
        -- Against our own mistakes: whoever can write the file can drop a trigger.
        CREATE TRIGGER record_has_no_gaps BEFORE INSERT ON record
        WHEN NEW.position IS NOT (SELECT coalesce(max(position) + 1, 0) FROM record)
        BEGIN SELECT RAISE(ABORT, 'the record grows by one entry at its end'); END;
        CREATE TRIGGER record_is_never_updated BEFORE UPDATE ON record
        BEGIN SELECT RAISE(ABORT, 'the record is append-only'); END;
        CREATE TRIGGER record_is_never_deleted BEFORE DELETE ON record
        BEGIN SELECT RAISE(ABORT, 'the record is append-only'); END;
        """

    /// A face's number is never given to another one, even when the last one is forgotten.
    private static let v2 = """
        ALTER TABLE installation ADD COLUMN next_face INTEGER NOT NULL DEFAULT 1;
        UPDATE installation SET next_face = (SELECT coalesce(max(number), 0) + 1 FROM face);
        """
}

extension Database {
    /// The key of this installation's photograph digests: 32 random bytes, made with the file.
    func digestKey() throws -> Data {
        guard let key = try Data.fetchOne(self, sql: "SELECT digest_key FROM installation") else {
            throw RecognitionError(
                .storageCorrupt, "The installation's key is missing from its database; restore a backup.")
        }
        return key
    }

    func inOneTransaction<Result>(_ body: () throws -> Result) throws -> Result {
        var result: Result?
        try inTransaction(.immediate) {
            result = try body()
            return .commit
        }
        return result!
    }
}
