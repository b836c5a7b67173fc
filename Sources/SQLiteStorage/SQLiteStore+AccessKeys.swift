public import FaceRecognition
import Foundation
import GRDB
import Synchronization

// Access keys. All of it works beside the process that owns the directory, which notices at once.
extension SQLiteStore {
    /// Makes a key for an organisation. The secret is told here and never again.
    /// - Throws: `.invalidValue` for the organisation's id, the label or the binding; `.keyMissing`; as every change.
    public func createAccessKey(
        for organisation: String, label: String? = nil, binding: AccessKey.Binding = .init(), permit: Permit
    ) async throws -> Recorded<(key: AccessKey, secret: String)> {
        try await change("access-key-created", permit) {
            let made = try $0.create(for: organisation, label: label, binding)
            return (made, [made.key.id])
        }
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
        try await change("access-key-disabled", permit) { (try $0.disable(id), [id]) }
    }

    /// Ends a key and makes another for the same organisation, with the same label and bound to the same, in one step.
    /// - Throws: `.accessKeyNotFound`; `.invalidValue` for one that is disabled; as every change.
    public func rotateAccessKey(
        _ id: String, permit: Permit
    ) async throws -> Recorded<(key: AccessKey, secret: String)> {
        try await change("access-key-rotated", permit) {
            let made = try $0.rotate(id)
            return (made, [id, made.key.id])
        }
    }

    private func change<Outcome: Sendable>(
        _ outcome: String, _ permit: Permit,
        _ body: @escaping @Sendable (AccessKeyTable) throws -> (Outcome, keys: [String])
    ) async throws -> Recorded<Outcome> {
        let keeper = GalleryKeeper(galleries: self, records: self)
        return try await keeper.change(outcome, permit: permit) { record in
            try await inTurn { [self] db in
                let ring = try keys.ring()
                let done = try db.inOneTransaction {
                    let (outcome, concerned) = try body(AccessKeyTable(db: db, ring: ring))
                    var record = record
                    record.keys = concerned
                    return (outcome, try db.append(record))
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
        try accessReader.secret(of: id, in: self)
    }
}
