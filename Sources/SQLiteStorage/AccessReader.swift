import FaceRecognition
import Foundation
import GRDB
import Synchronization

/// Reads what every request needs, its access key and the policy in force, on a connection of its own, so that nobody has
/// to wait for a change that is on its way to the disk.
///
/// Blocks: a look is over within microseconds, sooner than another thread could be woken for it; so it does not hold up
/// the checkpoint that wipes the log, either.
final class AccessReader: Sendable {
    private struct State {
        var connection: DatabaseQueue?
        /// SQLite's number for the file as it was at the last look.
        var dataVersion: Int?
        /// How often keys, and policies, had changed by then.
        var keyChanges: Int?
        var policyChanges: Int?
        var keys: [String: (key: AccessKey, secret: String)] = [:]
        var policy: StoredPolicy?
    }

    private let state = Mutex(State())

    /// - Returns: nil for a key that is unknown or disabled.
    func secret(of id: String, in store: SQLiteStore) throws -> (key: AccessKey, secret: String)? {
        try looking(in: store) { db in
            if let known = state.withLock({ $0.keys[id] }) { return known }
            guard let found = try AccessKeyTable(db: db, ring: store.keys.ring()).secret(of: id) else { return nil }
            state.withLock { $0.keys[id] = found }
            return found
        }
    }

    func policy(in store: SQLiteStore) throws -> StoredPolicy {
        try looking(in: store) { db in
            if let known = state.withLock({ $0.policy }) { return known }
            let found = try StoredPolicy(db)
            state.withLock { $0.policy = found }
            return found
        }
    }

    private func looking<Result>(in store: SQLiteStore, _ body: (Database) throws -> Result) throws -> Result {
        let connection = try state.withLock { state in
            if state.connection == nil {
                state.connection = try sayingWhatFailed(in: store.path) { try Schema.reader(store.path) }
            }
            return state.connection!
        }
        return try sayingWhatFailed(in: store.path) {
            try connection.inDatabase { db in
                try notice(db)
                return try body(db)
            }
        }
    }

    /// On the connection's queue, so that there is one at a time.
    private func notice(_ db: Database) throws {
        let version = try Int.fetchOne(db.cachedStatement(sql: "PRAGMA data_version"))
        guard state.withLock({ $0.dataVersion != version }) else { return }
        let row = try Row.fetchOne(
            db.cachedStatement(sql: "SELECT access_key_changes, policy_changes FROM installation"))
        let keyChanges: Int? = row?.value(0), policyChanges: Int? = row?.value(1)
        state.withLock { state in
            state.dataVersion = version
            if state.keyChanges != keyChanges { state.keys = [:] }
            if state.policyChanges != policyChanges { state.policy = nil }
            state.keyChanges = keyChanges
            state.policyChanges = policyChanges
        }
    }

    func close() throws {
        let connection = state.withLock { state in
            defer { state = State() }
            return state.connection
        }
        try connection?.close()
    }
}
