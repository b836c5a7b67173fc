import Crypto
public import FaceRecognition
import Foundation
import GRDB
import Synchronization

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
    let directory: DataDirectory
    let accessReader = AccessReader()
    let waitingEntries = WaitingEntries()
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
        if directory.isOwned {
            removeCopiesOfBackups()
            try onConnection { $0.eraseRemains(keys, snapshots) }
        }
    }

    /// Writes down what makes the next opening faster, and closes the file, once what was begun is finished; every later
    /// call fails. Without it, the file is closed some time after the last use of the store. The directory stays locked as
    /// long as the store lives. Blocks.
    /// - Throws: `.fault`; the file is closed when the process ends, then.
    public func close() throws {
        if directory.isOwned {
            try? onConnection { _ in for name in state.withLock({ $0.loaded.keys }) { writeSnapshot(of: name) } }
        }
        try sayingWhatFailed(in: path) {
            try accessReader.close()
            try database.close()
        }
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
    func noticeOthers(_ db: Database) throws {
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
    func loaded(_ name: GalleryName, people: Bool, _ db: Database) throws -> (GalleryRow, LoadedGallery) {
        let tables = tables(db), gallery = try tables.gallery(name)
        var loaded: LoadedGallery
        if let known = state.withLock({ $0.loaded[name] }) {
            loaded = known
        } else {
            loaded = try tables.load(gallery, from: snapshots) { progress(name, $0, $1) }
            state.withLock { $0.loaded[name] = loaded }
            if loaded.wantsSnapshot { writeSnapshot(of: name) }
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
    private func writeSnapshot(of name: GalleryName) {
        guard let loaded = state.withLock({ $0.loaded[name] }), loaded.wantsSnapshot, directory.isOwned,
            let key = try? keys.key(loaded.key, of: name),
            (try? snapshots.write(loaded.index, of: key, changes: loaded.changes)) != nil
        else { return }
        state.withLock { $0.loaded[name]?.missingInSnapshot = 0 }
    }

    func follow(_ change: GalleryChange, _ rows: RowChanges, _ db: Database) {
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
