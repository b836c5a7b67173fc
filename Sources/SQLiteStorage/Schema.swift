import FaceRecognition
import Foundation
import GRDB

/// The file's format: how it is opened, recognised as ours, and brought up to date.
enum Schema {
    /// "Cntn": tells our files from other programs' SQLite files (https://sqlite.org/pragma.html#pragma_application_id).
    static let applicationID = 0x436E_746E

    /// Opens or makes the file, and brings it up to date. A file that is not ours is left as it is.
    static func open(_ path: String, in directory: DataDirectory) throws -> (DatabaseQueue, Keys) {
        try makePrivateFile(path)
        let database = try DatabaseQueue(path: path, configuration: configuration)
        try database.inDatabase { db in
            try claim(db, path, migrator(directory))
            guard try String.fetchOne(db, sql: "PRAGMA journal_mode = WAL") == "wal" else {
                throw RecognitionError(
                    .storageUnavailable,
                    "\(path) cannot keep a write-ahead log; put the data directory on a local disk.")
            }
        }
        try migrator(directory).migrate(database)
        return (database, try database.inDatabase { try keys(in: directory, $0) })
    }

    /// Opens the file beside the process that owns the directory. It is brought up to date by that one.
    static func openBesideOwner(_ path: String, in directory: DataDirectory) throws -> (DatabaseQueue, Keys) {
        var configuration = configuration
        // The owner may be in the middle of something long.
        configuration.busyMode = .timeout(60)
        let database = try DatabaseQueue(path: path, configuration: configuration)
        let isCurrent = try database.inDatabase { db in
            try Int.fetchOne(db, sql: "PRAGMA application_id") == applicationID
                && migrator(directory).hasCompletedMigrations(db)
        }
        guard isCurrent else {
            throw RecognitionError(
                .storageUnavailable,
                "\(path) is of another version of Countenance than this one; use the version of the process that has it open."
            )
        }
        return (database, try Keys.open(in: directory, mayMake: false, digestKey: nil))
    }

    /// Brings a file up to date, and closes it.
    static func migrate(_ path: String, in directory: DataDirectory) throws {
        let database = try DatabaseQueue(path: path, configuration: configuration)
        try migrator(directory).migrate(database)
        try database.close()
    }

    /// One more connection, to read with.
    static func reader(_ path: String) throws -> DatabaseQueue {
        var configuration = configuration
        configuration.readonly = true
        configuration.label = "countenance.sqlite reader"
        return try DatabaseQueue(path: path, configuration: configuration)
    }

    /// The keys that belong to the file. Made anew only where nothing has been kept yet.
    private static func keys(in directory: DataDirectory, _ db: Database) throws -> Keys {
        let isNew =
            try Bool.fetchOne(
                db, sql: "SELECT name IS NULL AND NOT EXISTS (SELECT 1 FROM gallery) FROM installation") ?? true
        let keys = try Keys.open(in: directory, mayMake: isNew, digestKey: nil)
        guard let ring = try? keys.ring() else { return keys }
        switch try Data.fetchOne(db, sql: "SELECT name FROM installation") {
        case nil:
            try db.execute(sql: "UPDATE installation SET name = ?", arguments: [ring.installation.bytes])
        case ring.installation.bytes: break
        default:
            throw RecognitionError(
                .keyMissing,
                "\(directory.file(Keyring.fileName)) belongs to another installation than \(directory.file(SQLiteStore.fileName)); put its own back from your copy."
            )
        }
        return keys
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
            // Overwrites what is deleted with zeros, where that costs no more writing: what must be gone is overwritten
            // before it is deleted.
            try db.execute(sql: "PRAGMA secure_delete = FAST")
            // 64 MB: so that the indices of millions of faces are not read from the disk at each enrolment.
            try db.execute(sql: "PRAGMA cache_size = -65536")
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
    private static func claim(_ db: Database, _ path: String, _ migrator: DatabaseMigrator) throws {
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
    private static func migrator(_ directory: DataDirectory) -> DatabaseMigrator {
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
        migrator.registerMigration("v3") { db in
            let digestKey = try Data.fetchOne(db, sql: "SELECT digest_key FROM installation")
            try db.execute(sql: v3)
            let galleries = try Int.fetchOne(db, sql: "SELECT count(*) FROM gallery_v2") ?? 0
            if galleries > 0 {
                let keys = try Keys.open(in: directory, mayMake: true, digestKey: digestKey)
                try db.execute(
                    sql: "UPDATE installation SET name = ?", arguments: [try keys.ring().installation.bytes])
                // What seals the old rows is this version's, and needs this version's tables.
                try migrateToVersion4(db)
                try GalleryTables(db: db, keys: keys).sealVersion2()
            }
            try db.execute(sql: afterVersion3)
        }
        migrator.registerMigration("v4") { db in
            if try !db.tableExists("lasting_person") { try migrateToVersion4(db) }
        }
        migrator.registerMigration("v5") { db in
            try db.execute(sql: v5)
            try db.growTree(from: 0)
        }
        migrator.registerMigration("v6") { db in try db.execute(sql: v6) }
        return migrator
    }

    private static func migrateToVersion4(_ db: Database) throws {
        try db.execute(sql: v4)
        for gallery in try Int64.fetchAll(db, sql: "SELECT id FROM gallery") {
            try db.execute(
                sql: "UPDATE gallery SET bytes = (\(GalleryTables.bytesOfRows)) WHERE id = :gallery",
                arguments: ["gallery": gallery])
        }
    }

    // Times are seconds since 2001-01-01 00:00 UTC, Foundation's own zero, so that they come back to the last bit.
    private static let v1 = """
        CREATE TABLE installation (
            id INTEGER PRIMARY KEY CHECK (id = 0),
            digest_key BLOB NOT NULL CHECK (length(digest_key) = 32),
            created REAL NOT NULL,
            -- Not 0 from the transaction that deletes faces until nothing of them is left in the files.
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

    /// Sealed. A row that is forgotten is overwritten in its place with zeros of the same length and stays until the file
    /// is compacted: so no row ever moves, and none leaves a copy behind (see `Erasure`). For the same reason what may
    /// change of a face, its person, stands in a table of its own.
    private static let v3 = """
        ALTER TABLE gallery RENAME TO gallery_v2;
        DROP INDEX face_photograph;
        DROP INDEX face_person;
        ALTER TABLE face RENAME TO face_v2;

        ALTER TABLE installation ADD COLUMN name BLOB;
        ALTER TABLE installation ADD COLUMN next_person INTEGER NOT NULL DEFAULT 1;
        -- Rows that are overwritten and not yet deleted.
        ALTER TABLE installation ADD COLUMN holes INTEGER NOT NULL DEFAULT 0;

        CREATE TABLE gallery (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            model TEXT NOT NULL,
            dimension INTEGER NOT NULL CHECK (dimension BETWEEN 1 AND 1024),
            created REAL NOT NULL,
            -- Names the data key, which is elsewhere.
            key BLOB NOT NULL UNIQUE CHECK (length(key) = 16),
            -- Seconds; NULL for ever.
            retention REAL,
            keeps_crops INTEGER NOT NULL DEFAULT 0,
            -- Counts changes, so that a snapshot of an earlier state is known for one.
            changes INTEGER NOT NULL DEFAULT 0,
            faces INTEGER NOT NULL DEFAULT 0,
            people INTEGER NOT NULL DEFAULT 0,
            -- The tags of all sealed faces, added bit by bit without carry: a row that is lost is missed.
            tally BLOB NOT NULL DEFAULT (zeroblob(16)) CHECK (length(tally) = 16),
            -- 1 from the transaction that forgets a face until the snapshot with its codes is destroyed.
            snapshot_remains INTEGER NOT NULL DEFAULT 0,
            checked REAL
        ) STRICT;

        -- A face is live or all its bytes are zeros.
        CREATE TABLE face (
            -- The order of enrolment; never given twice.
            number INTEGER PRIMARY KEY,
            gallery INTEGER NOT NULL REFERENCES gallery (id),
            live INTEGER NOT NULL CHECK (live IN (0, 1)),
            id BLOB NOT NULL CHECK (length(id) = 16),
            -- Keyed digest.
            photograph BLOB CHECK (length(photograph) = 32),
            -- Milliseconds since 1970.
            expires INTEGER,
            sealed BLOB NOT NULL
        ) STRICT;
        CREATE UNIQUE INDEX face_id ON face (id) WHERE live;
        CREATE INDEX face_gallery ON face (gallery) WHERE live;
        CREATE INDEX face_photograph ON face (photograph, gallery) WHERE live AND photograph IS NOT NULL;
        CREATE INDEX face_expiry ON face (expires) WHERE live AND expires IS NOT NULL;

        CREATE TABLE person (
            number INTEGER PRIMARY KEY,
            gallery INTEGER NOT NULL REFERENCES gallery (id),
            live INTEGER NOT NULL CHECK (live IN (0, 1)),
            -- Stands for the name: keyed.
            token BLOB NOT NULL CHECK (length(token) = 16),
            sealed BLOB NOT NULL
        ) STRICT;
        CREATE UNIQUE INDEX person_token ON person (gallery, token) WHERE live;

        CREATE TABLE membership (
            face INTEGER PRIMARY KEY REFERENCES face (number) ON DELETE CASCADE,
            person INTEGER NOT NULL REFERENCES person (number)
        ) STRICT;
        CREATE INDEX membership_person ON membership (person);

        CREATE TABLE crop (
            face INTEGER PRIMARY KEY REFERENCES face (number) ON DELETE CASCADE,
            sealed BLOB NOT NULL
        ) STRICT;

        -- Keys of galleries that are deleted, until they are destroyed.
        CREATE TABLE discarded_key (id BLOB PRIMARY KEY CHECK (length(id) = 16)) STRICT;
        """

    /// Nothing is added to the rows of faces and people: a row that grows would move.
    private static let v4 = """
        -- Of the sealed faces, names and crops.
        ALTER TABLE gallery ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
        -- Counts changes of access keys, for those who remember some.
        ALTER TABLE installation ADD COLUMN access_key_changes INTEGER NOT NULL DEFAULT 0;

        CREATE INDEX person_gallery ON person (gallery) WHERE live;

        -- People who were made by themselves, and stay without faces.
        CREATE TABLE lasting_person (
            person INTEGER PRIMARY KEY REFERENCES person (number) ON DELETE CASCADE,
            had_faces INTEGER NOT NULL DEFAULT 0
        ) STRICT;

        -- A gallery's tags, all in one, as JSON.
        CREATE TABLE tags (
            gallery INTEGER PRIMARY KEY REFERENCES gallery (id) ON DELETE CASCADE,
            sealed BLOB NOT NULL
        ) STRICT;

        -- Requests that were done, for a day: keyed digests of the caller and the token, and of what was asked.
        CREATE TABLE request_token (
            name BLOB PRIMARY KEY CHECK (length(name) = 32),
            request BLOB NOT NULL CHECK (length(request) = 32),
            -- Where the record has it.
            entry INTEGER NOT NULL,
            -- Milliseconds since 1970.
            expires INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX request_token_expiry ON request_token (expires);

        CREATE TABLE access_key (
            id TEXT PRIMARY KEY,
            caller TEXT NOT NULL,
            label TEXT,
            created REAL NOT NULL,
            -- The secret; zeros when the key is disabled.
            sealed BLOB NOT NULL
        ) STRICT;
        CREATE TABLE disabled_access_key (
            id TEXT PRIMARY KEY REFERENCES access_key (id),
            disabled REAL NOT NULL
        ) STRICT;
        """

    /// The record's tree. Its leaves are `record.leaf_hash`.
    private static let v5 = """
        -- Level 1 has the root of each 256 entries, once they are there, level 2 of each 65,536, and so on: the upper tiles
        -- of https://c2sp.org/tlog-tiles.
        CREATE TABLE record_tree (
            level INTEGER NOT NULL CHECK (level BETWEEN 1 AND 7),
            position INTEGER NOT NULL CHECK (position >= 0),
            hash BLOB NOT NULL CHECK (length(hash) = 32),
            PRIMARY KEY (level, position)
        ) STRICT, WITHOUT ROWID;
        -- Against our own mistakes, as those of the record.
        CREATE TRIGGER record_tree_is_never_updated BEFORE UPDATE ON record_tree
        BEGIN SELECT RAISE(ABORT, 'the tree of the record only grows'); END;
        CREATE TRIGGER record_tree_is_never_deleted BEFORE DELETE ON record_tree
        BEGIN SELECT RAISE(ABORT, 'the tree of the record only grows'); END;

        -- The last checkpoint that was signed: none is signed that does not go on from it.
        CREATE TABLE record_checkpoint (
            id INTEGER PRIMARY KEY CHECK (id = 0),
            size INTEGER NOT NULL,
            root BLOB NOT NULL CHECK (length(root) = 32),
            note TEXT NOT NULL
        ) STRICT;
        """

    private static let v6 = """
        -- Counts changes of the policy and of withdrawals, for those who remember them.
        ALTER TABLE installation ADD COLUMN policy_changes INTEGER NOT NULL DEFAULT 0;

        -- Every policy that was applied; the last one is in force.
        CREATE TABLE policy (
            number INTEGER PRIMARY KEY,
            applied REAL NOT NULL,
            -- Of the file: SHA-256, in hexadecimal digits.
            digest TEXT NOT NULL CHECK (length(digest) = 64),
            file BLOB NOT NULL
        ) STRICT;

        -- One row as long as recognition is withdrawn.
        CREATE TABLE withdrawal (
            id INTEGER PRIMARY KEY CHECK (id = 0),
            since REAL NOT NULL,
            reason TEXT NOT NULL
        ) STRICT;

        -- What an access key may be used for alone, and until when. The sealed secret is bound to it.
        CREATE TABLE access_key_binding (
            id TEXT PRIMARY KEY REFERENCES access_key (id),
            purpose TEXT,
            case_reference TEXT,
            grant_id TEXT,
            expires REAL
        ) STRICT;
        """

    private static let afterVersion3 = """
        DROP TABLE face_v2;
        DROP TABLE gallery_v2;
        ALTER TABLE installation DROP COLUMN digest_key;
        -- What was not sealed is to be wiped out.
        UPDATE installation SET remains = 2;
        """
}

extension Database {
    func inOneTransaction<Result>(_ body: () throws -> Result) throws -> Result {
        var result: Result?
        try inTransaction(.immediate) {
            result = try body()
            return .commit
        }
        return result!
    }
}
