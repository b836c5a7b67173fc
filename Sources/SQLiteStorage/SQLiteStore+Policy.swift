import Crypto
public import FaceRecognition
public import Foundation
import GRDB

import struct FaceRecognition.Record

/// The policy that is in force, as it was applied.
public struct StoredPolicy: Sendable, Hashable {
    public struct Applied: Sendable, Hashable {
        public let file: Data
        /// SHA-256 of the file, in hexadecimal digits.
        public let digest: String
        public let time: Date
    }

    /// nil where none was applied yet: the trial.
    public let applied: Applied?
    /// nil as long as recognition is not withdrawn.
    public let withdrawal: Withdrawal?

    /// - Throws: `.storageCorrupt` for a file that has not its digest any more.
    init(_ db: Database) throws {
        applied = try Row.fetchOne(db, sql: "SELECT file, digest, applied FROM policy ORDER BY number DESC LIMIT 1").map {
            guard let file: Data = $0.value(0), let digest: String = $0.value(1), let time: Double = $0.value(2),
                SHA256.hash(data: file).hexadecimal == digest
            else {
                throw RecognitionError(
                    .storageCorrupt, "The policy in force has been damaged; apply it again with `countenance policy apply`.")
            }
            return Applied(file: file, digest: digest, time: Date(timeIntervalSinceReferenceDate: time))
        }
        withdrawal = try Row.fetchOne(db, sql: "SELECT since, reason FROM withdrawal").map {
            Withdrawal(
                since: Date(timeIntervalSinceReferenceDate: $0.value(0) ?? 0), reason: $0.value(1) ?? "no reason is kept")
        }
    }
}

// The policy, and withdrawals. All of it works beside the process that owns the directory, which notices at once.
extension SQLiteStore {
    /// What is in force. Cost: some microseconds, and never that of waiting for somebody else's change to reach the disk.
    /// - Throws: `.storageCorrupt`, `.storageUnavailable`.
    public func policy() async throws -> StoredPolicy { try accessReader.policy(in: self) }

    /// Puts a policy in force, which was read and checked by the caller.
    /// - Parameters:
    ///   - reason: the operator's words.
    ///   - before: the digest of the policy that `changes` was taken from; nil where none was applied, or none that can
    ///     be read.
    ///   - changes: what it changes, for the record.
    /// - Throws: `.overtaken` when another policy was put in force meanwhile.
    public func apply(
        policy file: Data, digest: String, reason: String, after before: String?, changes: [String], permit: Permit
    ) async throws -> Recorded<Void> {
        try await govern("policy-applied", permit, saying: { $0.reason = reason }) { db, record in
            // Of one that cannot be read, nobody knows the digest.
            if let stored = try? StoredPolicy(db), stored.applied?.digest != before {
                throw RecognitionError(
                    .overtaken, "Another policy was put in force at the same moment; look at it, and apply this one again.")
            }
            record.applied = digest
            record.changes = changes
            try db.execute(
                sql: "INSERT INTO policy (applied, digest, file) VALUES (?, ?, ?)",
                arguments: [record.time.timeIntervalSinceReferenceDate, digest, file])
        }
    }

    /// Stops all recognition for everybody, until it is reinstated.
    /// - Throws: `.invalidValue` when it is withdrawn already.
    public func withdraw(reason: String, permit: Permit) async throws -> Recorded<Void> {
        try await govern("withdrawn", permit, saying: { $0.reason = reason }) { db, record in
            guard try Row.fetchOne(db, sql: "SELECT 1 FROM withdrawal") == nil else {
                throw RecognitionError(.invalidValue, "Recognition is withdrawn already; `countenance reinstate` ends that.")
            }
            try db.execute(
                sql: "INSERT INTO withdrawal (id, since, reason) VALUES (0, ?, ?)",
                arguments: [record.time.timeIntervalSinceReferenceDate, reason])
        }
    }

    /// Ends a withdrawal, by two different operator keys.
    /// - Parameter keys: each with its secret.
    /// - Throws: `.invalidValue` when nothing is withdrawn; `.keysRefused` unless they are two different keys of the local
    ///   operator, enabled and not expired, with their secrets.
    public func reinstate(
        reason: String, keys shown: [(id: String, secret: String)], permit: Permit
    ) async throws -> Recorded<Void> {
        let saying = { (record: inout Record) in
            record.reason = reason
            record.keys = shown.map(\.id)
        }
        return try await govern("reinstated", permit, saying: saying) { [keys] db, record in
            guard try Row.fetchOne(db, sql: "SELECT 1 FROM withdrawal") != nil else {
                throw RecognitionError(.invalidValue, "Recognition is not withdrawn; there is nothing to reinstate.")
            }
            guard shown.count >= 2, Set(shown.map(\.id)).count == shown.count else {
                throw RecognitionError(.keysRefused, "It takes two different operator keys to reinstate recognition.")
            }
            let table = AccessKeyTable(db: db, ring: try keys.ring())
            for (id, secret) in shown {
                guard let known = try table.secret(of: id), known.key.organisation == AccessRequest.localOperator,
                    known.key.binding.expires.map({ $0 > record.time }) ?? true, known.secret.isSame(as: secret)
                else {
                    throw RecognitionError(
                        .keysRefused,
                        "The access key \(id.prefix(40)) is no key of the local operator's that is enabled, or its secret is another."
                    )
                }
            }
            try db.execute(sql: "DELETE FROM withdrawal")
        }
    }

    private func govern(
        _ outcome: String, _ permit: Permit, saying fill: (inout Record) -> Void,
        _ body: @escaping @Sendable (Database, inout Record) throws -> Void
    ) async throws -> Recorded<Void> {
        let keeper = GalleryKeeper(galleries: self, records: self)
        return try await keeper.change(outcome, operation: .govern, permit: permit, saying: fill) { record in
            try await inTurn { db in
                try db.inOneTransaction {
                    var record = record
                    try body(db, &record)
                    try db.execute(sql: "UPDATE installation SET policy_changes = policy_changes + 1")
                    return ((), try db.append(record))
                }
            }
        }
    }

    /// When the record's last entry was made; nil where there is none, or none that can be read. Blocks.
    package func timeOfLastEntry() throws -> Date? {
        try onConnection { db in
            try Data.fetchOne(db, sql: "SELECT entry FROM record ORDER BY position DESC LIMIT 1")
                .flatMap { try? Record(encoded: $0) }?.time
        }
    }

    /// How many searches and comparisons an organisation was permitted for a purpose since a moment. Cost: one passage
    /// over the entries since then.
    package func searches(of organisation: String, for purpose: String, since: Date) async throws -> Int {
        try await inTurn { db in
            // Entries come in the order of their times, save for requests that overtake each other by a second.
            var low = 0, high = try Int.fetchOne(db, sql: "SELECT coalesce(max(position) + 1, 0) FROM record") ?? 0
            while low < high {
                let middle = (low + high) / 2
                let entry = try Data.fetchOne(db, sql: "SELECT entry FROM record WHERE position = ?", arguments: [middle])
                let time = entry.flatMap { try? Record(encoded: $0) }?.time ?? .distantPast
                if time < since.addingTimeInterval(-2) { low = middle + 1 } else { high = middle }
            }
            return try Int.fetchOne(
                db,
                sql: """
                    SELECT count(*) FROM (SELECT CAST(entry AS TEXT) AS entry FROM record WHERE position >= ?)
                    WHERE json_extract(entry, '$.time') >= ? AND json_extract(entry, '$.decision') = 'permitted'
                    AND coalesce(json_extract(entry, '$.part'), 1) = 1
                    AND json_extract(entry, '$.operation') IN ('identify', 'compare')
                    AND json_extract(entry, '$.organisation') = ? AND json_extract(entry, '$.purpose') = ?
                    """, arguments: [low, since.formatted(.iso8601), organisation, purpose]) ?? 0
        }
    }
}

extension String {
    /// In a time that does not tell where they differ.
    fileprivate func isSame(as other: String) -> Bool {
        let key = SymmetricKey(size: .bits256)
        return HMAC<SHA256>.isValidAuthenticationCode(
            HMAC<SHA256>.authenticationCode(for: Data(utf8), using: key), authenticating: Data(other.utf8), using: key)
    }
}
