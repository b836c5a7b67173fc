import Crypto
public import FaceRecognition
package import Foundation
import GRDB
import Synchronization

// GRDB has a `Record` of its own.
public import struct FaceRecognition.Record

/// Galleries and the record in one SQLite file, `countenance.sqlite`, so that a change and its entry are one transaction.
///
/// What is personal is sealed (AES-256-GCM) with a key for each gallery; the keys are in `gallery.keys`, sealed under the
/// master key (`MasterKey`). Documentation/Security.md says what that promises.
///
/// Durability: a call that returned survives a crash and a power cut (WAL with `synchronous = FULL`); a call that threw
/// changed nothing. What was begun is finished even when the calling task is cancelled.
///
/// Concurrency: one connection, a `DatabaseQueue`, does everything in turn. A pool of readers would gain nothing, since a
/// search works on codes in memory and reads a few rows of the file; and a reader could hold up the checkpoint that wipes
/// forgotten faces out of the write-ahead log. Calls suspend; no thread of Swift's shared pool is blocked.
public final class SQLiteStore: Sendable {
    static let fileName = "countenance.sqlite"

    /// Told how many of a gallery's how many faces have been loaded, now and then, while a search waits for them.
    public typealias LoadingProgress = @Sendable (_ gallery: GalleryName, _ done: Int, _ total: Int) -> Void

    public let path: String
    let database: DatabaseQueue
    let keys: Keys
    let snapshots: SnapshotFolder
    /// Kept so that the lock outlives the connection.
    private let directory: DataDirectory
    private let progress: LoadingProgress
    private let state = Mutex(State())

    private struct State {
        /// Galleries as they are now, in codes. Changed on the connection's queue only, so that none of them can be older
        /// than the last change.
        var loaded: [GalleryName: LoadedGallery] = [:]
        /// SQLite's number for the file as other processes have left it.
        var dataVersion: Int?
    }

    /// Opens the store, and makes it when it is not there. Finishes what a crash left over.
    ///
    /// Keys that are missing are no reason not to open it: what needs one throws.
    /// - Throws: `.storageCorrupt`; `.storageUnavailable` for a file that is not ours, comes from a newer version or cannot
    ///   be opened; `.keyMissing` for keys of another installation; `.diskFull`.
    public static func open(
        in directory: DataDirectory, progress: @escaping LoadingProgress = { _, _, _ in }
    ) async throws -> SQLiteStore {
        try await Workers(count: 1).run { try SQLiteStore(in: directory, progress) }
    }

    /// Blocks; see `open`.
    private init(in directory: DataDirectory, _ progress: @escaping LoadingProgress) throws {
        self.directory = directory
        self.progress = progress
        snapshots = SnapshotFolder(in: directory)
        let path = directory.file(Self.fileName)
        self.path = path
        (database, keys) = try sayingWhatFailed(in: path) {
            directory.isOwned
                ? try Schema.open(path, in: directory) : try Schema.openBesideOwner(path, in: directory)
        }
        if directory.isOwned { try onConnection { $0.eraseRemains(keys, snapshots) } }
    }

    /// Writes down what makes the next opening faster, and closes the file, once what was begun is finished; every later
    /// call fails. Without it, the file is closed some time after the last use of the store. The directory stays locked as
    /// long as the store lives. Blocks.
    /// - Throws: `.fault`; the file is closed when the process ends, then.
    public func close() throws {
        if directory.isOwned {
            try? onConnection { db in for name in state.withLock({ $0.loaded.keys }) { writeSnapshot(of: name, db) } }
        }
        try sayingWhatFailed(in: path) { try database.close() }
    }

    func tables(_ db: Database) -> GalleryTables { GalleryTables(db: db, keys: keys) }

    /// Runs `body` alone on the connection and waits for it. Blocks.
    func onConnection<Result>(_ body: (Database) throws -> Result) throws -> Result {
        try sayingWhatFailed(in: path) {
            try database.inDatabase { db in
                try noticeOthers(db)
                return try body(db)
            }
        }
    }

    /// Reads one state of the file: the locks are taken once, not for each row. Blocks.
    func reading<Result>(_ body: (Database) throws -> Result) throws -> Result {
        try onConnection { db in
            var result: Result?
            try db.inTransaction(.deferred) {
                result = try body(db)
                return .commit
            }
            return result!
        }
    }

    /// Runs `body` alone on the connection, to its end: unlike GRDB's own async accesses, which roll back when the
    /// calling task is cancelled. A client that hangs up must not erase the trace of what it asked.
    func inTurn<Result: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            database.asyncWriteWithoutTransaction { [self] db in
                continuation.resume(
                    with: Swift.Result {
                        try sayingWhatFailed(in: path) {
                            try noticeOthers(db)
                            return try body(db)
                        }
                    })
            }
        }
    }

    /// Another process may have restored a backup beside us: galleries that it has changed are loaded anew.
    private func noticeOthers(_ db: Database) throws {
        let version = try Int.fetchOne(db.cachedStatement(sql: "PRAGMA data_version"))
        let isOthers = state.withLock { state in
            defer { state.dataVersion = version }
            return state.dataVersion != nil && state.dataVersion != version
        }
        guard isOthers else { return }
        let now = try tables(db).galleries()
        state.withLock { state in
            state.loaded = state.loaded.filter { name, loaded in
                now.contains {
                    $0.description.name == name && $0.number == loaded.number && $0.changes == loaded.changes
                }
            }
        }
    }

    // MARK: Codes in memory

    /// The gallery's codes as they are now.
    private func loaded(_ name: GalleryName, people: Bool, _ db: Database) throws -> (GalleryRow, LoadedGallery) {
        let tables = tables(db), gallery = try tables.gallery(name)
        var loaded: LoadedGallery
        if let known = state.withLock({ $0.loaded[name] }) {
            loaded = known
        } else {
            loaded = try tables.load(gallery, from: snapshots) { progress(name, $0, $1) }
            state.withLock { $0.loaded[name] = loaded }
            if loaded.wantsSnapshot { writeSnapshot(of: name, db) }
        }
        if people {
            let now = Date()
            try tables.update(&loaded.means, of: gallery, changed: loaded.changedPeople, now: now)
            loaded.changedPeople = []
            state.withLock {
                $0.loaded[name]?.means = loaded.means
                $0.loaded[name]?.changedPeople = []
            }
        }
        return (gallery, loaded)
    }

    /// Only saves time: without it the codes are made of the templates again.
    private func writeSnapshot(of name: GalleryName, _ db: Database) {
        guard let loaded = state.withLock({ $0.loaded[name] }), loaded.wantsSnapshot, directory.isOwned,
            let key = try? keys.key(loaded.key, of: name),
            (try? snapshots.write(loaded.index, of: key, changes: loaded.changes)) != nil
        else { return }
        state.withLock { $0.loaded[name]?.missingInSnapshot = 0 }
    }

    private func follow(_ change: GalleryChange, _ rows: RowChanges, _ db: Database) {
        guard let name = change.gallery else {
            state.withLock { $0.loaded = [:] }
            return
        }
        let changes = try? tables(db).galleryIfThere(name)?.changes
        state.withLock { state in
            // Should the codes not take it, they are loaded anew for the next search.
            do {
                guard let changes else { throw CancellationError() }
                try state.loaded[name]?.follow(rows, changes: changes)
            } catch { state.loaded[name] = nil }
        }
    }

    func knownRows(externalIDPrefix prefix: String, of gallery: GalleryRow) -> Set<Int64>? {
        state.withLock { state in
            guard let loaded = state.loaded[gallery.description.name], loaded.changes == gallery.changes else {
                return nil
            }
            return loaded.prefixes[prefix]
        }
    }

    func note(_ rows: Set<Int64>, externalIDPrefix prefix: String, of gallery: GalleryRow, changes: Int) {
        state.withLock { state in
            guard let loaded = state.loaded[gallery.description.name], loaded.changes == changes else { return }
            // A few are enough: somebody who asks for many different ones gains nothing by them.
            if loaded.prefixes.count >= 8 { state.loaded[gallery.description.name]?.prefixes.removeAll() }
            state.loaded[gallery.description.name]?.prefixes[prefix] = rows
        }
    }
}

extension SQLiteStore: GalleryStore {
    package func galleries() async throws -> [GalleryDescription] {
        try await inTurn { [self] in try tables($0).galleries().map(\.description) }
    }

    /// Cost: the first time all codes are read from the snapshot, or made of all templates; then a look-up.
    /// - Throws: `.galleryNotFound`; `.keyMissing`; `.storageCorrupt` for a row that cannot be, with the gallery and the
    ///   face id.
    package func gallery(_ name: GalleryName, people: Bool = false) async throws -> Gallery {
        try await inTurn { [self] db in
            let (row, loaded) = try loaded(name, people: people, db)
            return Gallery(
                name, index: loaded.index, means: people ? loaded.means : nil,
                rows: StoredRows(store: self, gallery: row))
        }
    }

    package func description(of name: GalleryName) async throws -> GalleryDescription {
        try await inTurn { [self] in try tables($0).gallery(name).description }
    }

    /// Cost: a passage over the gallery's rows.
    package func upkeep(of name: GalleryName) async throws -> GalleryUpkeep {
        try await inTurn { [self] db in
            let row = try tables(db).gallery(name)
            return GalleryUpkeep(
                key: row.key.uuidString.lowercased(),
                bytes: try tables(db).bytes(of: row) + (snapshots.size(row.key) ?? 0),
                checked: row.checked)
        }
    }

    package func faces(in name: GalleryName, _ which: FaceSelection?) async throws -> [EnrolledFaceDescription] {
        try await inTurn { [self] db in
            let tables = tables(db)
            return try tables.faces(in: tables.gallery(name), which).map(\.description)
        }
    }

    package func templates(
        in name: GalleryName, from row: Int64, count: Int
    ) async throws -> (faces: [EnrolledFace], next: Int64?) {
        try await inTurn { [self] db in
            let tables = tables(db)
            var faces: [EnrolledFace] = []
            var last: Int64?
            try tables.faces(in: tables.gallery(name), where: "AND face.number >= ?", [row]) {
                faces.append($1)
                last = $0
                return faces.count < count
            }
            return (faces, faces.count < count ? nil : last.map { $0 + 1 })
        }
    }

    package func faces(from photograph: PhotographDigest, in name: GalleryName) async throws
        -> [EnrolledFaceDescription]
    {
        try await inTurn { [self] db in
            let tables = tables(db)
            guard let gallery = try tables.galleryIfThere(name) else { return [] }
            return try tables.faces(in: gallery, where: "AND photograph = ?", [photograph.bytes]).map(\.description)
        }
    }

    package func expired(at now: Date, count: Int) async throws -> [GalleryName: [FaceID]] {
        try await inTurn { db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT gallery.name, face.id FROM face JOIN gallery ON gallery.id = face.gallery
                    WHERE live AND expires IS NOT NULL AND expires <= ? ORDER BY expires LIMIT ?
                    """, arguments: [now.milliseconds, count])
            return rows.reduce(into: [:]) { expired, row in
                guard let name = try? (row.value(0) as String?).map(GalleryName.init),
                    let id = (row.value(1) as Data?).flatMap(FaceID.init(bytes:))
                else { return }
                expired[name, default: []].append(id)
            }
        }
    }

    package func people(in name: GalleryName) async throws -> [PersonDescription] {
        try await inTurn { [self] db in
            let tables = tables(db)
            return try tables.people(in: tables.gallery(name))
        }
    }

    package func crop(of face: FaceID, in name: GalleryName) async throws -> FaceCrop? {
        try await inTurn { [self] db in
            let tables = tables(db)
            return try tables.crop(of: face, in: tables.gallery(name))
        }
    }

    package func digest(of photograph: Data) throws -> PhotographDigest {
        PhotographDigest(of: photograph, key: try keys.ring().digestKey)
    }

    /// Durable when it returns. Cost: one transaction with its syncs; a `forget` or `leave` two syncs more, and a `delete`
    /// or `restore` rewrites the file besides, so that nothing of the faces is left in it (see `eraseRemains`).
    package func apply(_ change: GalleryChange, recordedAs record: Record) async throws -> RecordReceipt {
        try await inTurn { [self] db in
            let receipt: RecordReceipt
            if !directory.isOwned {
                guard case .restore = change else { throw directory.inUseError }
            }
            if case .restore(from: let backup) = change {
                receipt = try restore(from: backup, recordedAs: record, db)
                follow(change, RowChanges(), db)
            } else {
                let known = try? keys.ring().galleries.keys
                do {
                    let rows: RowChanges
                    (rows, receipt) = try db.inOneTransaction { (try tables(db).apply(change), try db.append(record)) }
                    follow(change, rows, db)
                } catch {
                    // The key of a gallery that was not made after all; should this fail, it opens nothing.
                    if let known, let now = try? keys.ring().galleries.keys, now.count > known.count {
                        try? keys.change { $0.removing(Set(now).subtracting(known)) }
                    }
                    throw error
                }
            }
            // After the commit, so a failure must not be told as one of the change: it is tried again later. The owner of
            // the directory alone does it, and alone changes the ring of keys.
            if directory.isOwned { db.eraseRemains(keys, snapshots) }
            return receipt
        }
    }
}

extension SQLiteStore: RecordLog {
    /// Durable when it returns.
    /// - Throws: `.diskFull`, `.storageUnavailable`, `.storageCorrupt`, `.fault`; nothing was recorded then.
    package func append(_ record: Record) async throws -> RecordReceipt {
        try await inTurn { db in try db.inOneTransaction { try db.append(record) } }
    }

    /// At most `count` entries of the record from an index on, in order; none when it ends before. Blocks.
    /// - Throws: `.storageCorrupt` when one of them cannot be read.
    package func records(from index: Int, count: Int) throws -> [(index: Int, record: Record)] {
        try onConnection { try $0.records(from: index, count: count) }
    }
}

// What an import asks.
extension SQLiteStore {
    /// This installation's name. Blocks.
    /// - Throws: `.keyMissing`.
    package func installation() throws -> UUID { try keys.ring().installation }

    /// Those of these faces that the gallery has not. One whose id is taken in another gallery has another id here, the
    /// same each time. Blocks.
    package func unknown(_ faces: [EnrolledFace], in name: GalleryName) throws -> [EnrolledFace] {
        try reading { db in
            func gallery(of id: FaceID) throws -> String? {
                try String.fetchOne(
                    db.cachedStatement(
                        sql:
                            "SELECT name FROM gallery JOIN face ON face.gallery = gallery.id WHERE face.id = ? AND live"
                    ),
                    arguments: [id.bytes])
            }
            return try faces.compactMap { face in
                guard let elsewhere = try gallery(of: face.id) else { return face }
                guard elsewhere != name.rawValue else { return nil }
                let id = FaceID(derivedFrom: face.id.bytes, name.rawValue)
                return try gallery(of: id) == nil ? face.with(id) : nil
            }
        }
    }
}

// Keys.
extension SQLiteStore {
    /// The master key's name, and where it is; not the key. Blocks.
    /// - Throws: `.keyMissing`.
    public func masterKey() throws -> (name: String, place: String) {
        let master = try keys.master()
        return switch master.source {
        case .file(let path): (master.name, path)
        case .environment: (master.name, "the environment variable \(MasterKey.variable)")
        }
    }

    /// Seals the galleries' keys under a new master key; the galleries themselves are not written. Blocks.
    /// - Parameter variable: where the new key is, when the old one comes from the environment.
    /// - Throws: `.keyMissing`, `.invalidValue` when there is no new key, `.diskFull`, `.storageUnavailable`.
    package func rotateMasterKey(to variable: String) throws {
        guard directory.isOwned else { throw directory.inUseError }
        try keys.rotate(to: variable)
    }
}
