package import FaceRecognition
package import Foundation
import GRDB
import Synchronization

// GRDB has a `Record` of its own.
package import struct FaceRecognition.Record

extension SQLiteStore: RecordLog {
    /// Durable when it returns. Those that come while another entry is on its way to the disk are made durable together,
    /// in the next transaction: at a hundred requests a second, a sync for each would be the slowest part of them.
    /// - Throws: `.diskFull`, `.storageUnavailable`, `.storageCorrupt`, `.fault`; nothing was recorded then.
    package func append(_ record: Record) async throws -> RecordReceipt {
        let entries = try record.entries()
        return try await withCheckedThrowingContinuation { continuation in
            // Who comes first has the others' entries committed as well: all that wait by the time it is its turn.
            if waitingEntries.add(entries, continuation) {
                database.asyncWriteWithoutTransaction { [self] db in
                    for (continuation, result) in append(waitingEntries.takeAll(), db) {
                        continuation.resume(with: result)
                    }
                }
            }
        }
    }

    private func append(
        _ entries: [WaitingEntries.Entry], _ db: Database
    ) -> [(WaitingEntries.Continuation, Result<RecordReceipt, any Error>)] {
        func append(_ some: ArraySlice<WaitingEntries.Entry>) throws -> [RecordReceipt] {
            try sayingWhatFailed(in: path) {
                try noticeOthers(db)
                return try db.inOneTransaction { try some.map { try db.append(entries: $0.parts) } }
            }
        }
        if let receipts = try? append(entries[...]) {
            return zip(entries, receipts).map { ($0.continuation, .success($1)) }
        }
        // None is held to account for another: each is tried by itself, and fails by itself.
        return entries.indices.map { i in
            (entries[i].continuation, Result { try append(entries[i...i])[0] })
        }
    }

    /// At most `count` entries of the record from an index on, in order; none when it ends before. Blocks.
    /// - Throws: `.storageCorrupt` when one of them cannot be read.
    package func records(from index: Int, count: Int) throws -> [(index: Int, record: Record)] {
        try onConnection { try $0.records(from: index, count: count) }
    }

    /// The bytes of an entry, and its hash, as they are kept; nil when there is no such entry. Blocks.
    package func entry(_ index: Int) throws -> (bytes: Data, leafHash: Data)? {
        try onConnection { db in
            try Row.fetchOne(db, sql: "SELECT entry, leaf_hash FROM record WHERE position = ?", arguments: [index])
                .flatMap { row -> (bytes: Data, leafHash: Data)? in
                    guard let bytes: Data = row.value(0), let hash: Data = row.value(1) else { return nil }
                    return (bytes, hash)
                }
        }
    }

    /// How many entries the record has. Blocks.
    package func entryCount() throws -> Int { try onConnection { try $0.recordCount() } }

    /// The entries that name a face anywhere, in order. Blocks; cost: reads the record.
    /// - Throws: `.storageCorrupt` when one of them cannot be read.
    package func records(naming face: FaceID) throws -> [(index: Int, record: Record)] {
        try onConnection { db in
            let positions = try Int.fetchAll(
                db, sql: "SELECT position FROM record WHERE instr(entry, ?) > 0 ORDER BY position",
                arguments: [Data(face.rawValue.utf8)])
            return try positions.flatMap { try db.records(from: $0, count: 1) }
        }
    }
}

/// Entries of the record that wait for the next transaction.
final class WaitingEntries: Sendable {
    typealias Continuation = CheckedContinuation<RecordReceipt, any Error>
    struct Entry: Sendable {
        /// Usually one.
        let parts: [Data]
        let continuation: Continuation
    }

    private let entries = Mutex<[Entry]>([])

    /// - Returns: whether it is the first, and so nobody has asked for the transaction yet.
    func add(_ parts: [Data], _ continuation: Continuation) -> Bool {
        entries.withLock {
            $0.append(Entry(parts: parts, continuation: continuation))
            return $0.count == 1
        }
    }

    func takeAll() -> [Entry] {
        entries.withLock { entries in
            defer { entries = [] }
            return entries
        }
    }
}
