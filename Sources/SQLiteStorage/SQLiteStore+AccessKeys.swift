public import FaceRecognition
import Foundation
import GRDB
import Synchronization

// Access keys. All of it works beside the process that owns the directory, which notices at once.
extension SQLiteStore {
    /// Makes a key for a caller. The secret is told here and never again.
    /// - Throws: `.invalidValue` for the caller's name or the label; `.keyMissing`; as every change.
    public func createAccessKey(
        caller: String, label: String? = nil, permit: Permit
    ) async throws -> Recorded<(key: AccessKey, secret: String)> {
        try await change("access-key-created", permit) { try $0.create(caller: caller, label: label) }
    }

    /// All keys, those that are disabled as well, in the order in which they were made. No secrets.
    public func accessKeys(permit: Permit) async throws -> Recorded<[AccessKey]> {
        let keeper = GalleryKeeper(galleries: self, records: self)
        return try await keeper.maintain("access-keys-listed", permit: permit) {
            try await inTurn { [self] in try AccessKeyTable(db: $0, ring: keys.ring()).all() }
        }
    }

    /// Ends a key for good, at once; its secret is overwritten. One that is disabled already stays as it is.
    /// - Throws: `.accessKeyNotFound`; as every change.
    public func disableAccessKey(_ id: String, permit: Permit) async throws -> Recorded<AccessKey> {
        try await change("access-key-disabled", permit) { try $0.disable(id) }
    }

    /// Ends a key and makes another for the same caller and with the same label, in one step.
    /// - Throws: `.accessKeyNotFound`; `.invalidValue` for one that is disabled; as every change.
    public func rotateAccessKey(
        _ id: String, permit: Permit
    ) async throws -> Recorded<(key: AccessKey, secret: String)> {
        try await change("access-key-rotated", permit) { try $0.rotate(id) }
    }

    private func change<Outcome: Sendable>(
        _ outcome: String, _ permit: Permit, _ body: @escaping @Sendable (AccessKeyTable) throws -> Outcome
    ) async throws -> Recorded<Outcome> {
        let keeper = GalleryKeeper(galleries: self, records: self)
        return try await keeper.change(outcome, permit: permit) { record in
            try await inTurn { [self] db in
                let ring = try keys.ring()
                let done = try db.inOneTransaction {
                    (try body(AccessKeyTable(db: db, ring: ring)), try db.append(record))
                }
                if directory.isOwned { db.eraseRemains(keys, snapshots) }
                return done
            }
        }
    }

    /// The secret of a key, to check a signature with; nil for a key that is unknown or disabled.
    ///
    /// What was found is remembered. What another process changes is noticed at once. Cost: some microseconds, and never
    /// that of waiting for somebody else's change to reach the disk.
    /// - Throws: `.keyMissing`, `.storageCorrupt`, `.storageUnavailable`.
    public func secret(of id: String) async throws -> (key: AccessKey, secret: String)? {
        try await accessKeyReader.secret(of: id, in: self)
    }
}

/// Reads access keys on a connection of its own, so that nobody has to wait for a change that is on its way to the disk.
/// Each look is over within microseconds, so it does not hold up the checkpoint that wipes the log.
final class AccessKeyReader: Sendable {
    private struct State {
        var connection: DatabaseQueue?
        /// SQLite's number for the file as it was at the last look.
        var dataVersion: Int?
        /// How often keys had changed by then.
        var changes: Int?
        var known: [String: (key: AccessKey, secret: String)] = [:]
    }

    private let state = Mutex(State())

    func secret(of id: String, in store: SQLiteStore) async throws -> (key: AccessKey, secret: String)? {
        let connection = try state.withLock { state in
            if state.connection == nil {
                state.connection = try sayingWhatFailed(in: store.path) { try Schema.reader(store.path) }
            }
            return state.connection!
        }
        return try await withCheckedThrowingContinuation { continuation in
            connection.asyncWriteWithoutTransaction { [self] db in
                continuation.resume(
                    with: Swift.Result {
                        try sayingWhatFailed(in: store.path) { try look(for: id, store.keys, db) }
                    })
            }
        }
    }

    /// On the connection's queue, so that there is one at a time.
    private func look(for id: String, _ keys: Keys, _ db: Database) throws -> (key: AccessKey, secret: String)? {
        let version = try Int.fetchOne(db.cachedStatement(sql: "PRAGMA data_version"))
        if state.withLock({ $0.dataVersion != version }) {
            let changes = try AccessKeyTable.changes(db)
            state.withLock { state in
                state.dataVersion = version
                if state.changes != changes { state.known = [:] }
                state.changes = changes
            }
        }
        if let known = state.withLock({ $0.known[id] }) { return known }
        guard let found = try AccessKeyTable(db: db, ring: keys.ring()).secret(of: id) else { return nil }
        state.withLock { $0.known[id] = found }
        return found
    }

    func close() throws {
        let connection = state.withLock { state in
            defer { state = State() }
            return state.connection
        }
        try connection?.close()
    }
}
