import Crypto
package import FaceRecognition
package import Foundation
import GRDB
import Synchronization

// GRDB has a `Record` of its own.
package import struct FaceRecognition.Record

/// Galleries and the record in one SQLite file, `countenance.sqlite`, so that a change and its entry are one transaction.
///
/// Durability: a call that returned survives a crash and a power cut (WAL with `synchronous = FULL`); a call that threw
/// changed nothing. What was begun is finished even when the calling task is cancelled.
///
/// Concurrency: one connection, a `DatabaseQueue`, does everything in turn. A pool of readers would gain nothing, since a
/// search works on codes in memory and reads a few rows of the file; and a reader could hold up the checkpoint that wipes
/// forgotten faces out of the write-ahead log. Calls suspend; no thread of Swift's shared pool is blocked.
public final class SQLiteStore: Sendable {
    static let fileName = "countenance.sqlite"

    let path: String
    let database: DatabaseQueue
    /// Kept so that the lock outlives the connection.
    private let directory: DataDirectory
    private let digestKey: SymmetricKey
    /// Galleries as they are now, in codes. Changed on the connection's queue only, so that none of them can be older than
    /// the last change; the data directory's lock sees to it that nobody else changes the file.
    private let loaded = Mutex<[GalleryName: GalleryIndex]>([:])

    /// Opens the store, and makes it when it is not there. Finishes what a crash left over.
    ///
    /// - Throws: `.storageCorrupt`; `.storageUnavailable` for a file that is not ours, comes from a newer version or cannot
    ///   be opened; `.diskFull`.
    public static func open(in directory: DataDirectory) async throws -> SQLiteStore {
        try await Workers(count: 1).run { try SQLiteStore(in: directory) }
    }

    /// Blocks; see `open`.
    private init(in directory: DataDirectory) throws {
        self.directory = directory
        let path = directory.file(Self.fileName)
        self.path = path
        (database, digestKey) = try sayingWhatFailed(in: path) {
            let database = try Schema.open(path)
            return (database, SymmetricKey(data: try database.inDatabase { try $0.digestKey() }))
        }
        try onConnection { $0.eraseRemains() }
    }

    /// Closes the file, once what was begun is finished; every later call fails. Without it, the file is closed some time
    /// after the last use of the store. The directory stays locked as long as the store lives. Blocks.
    /// - Throws: `.fault`; the file is closed when the process ends, then.
    public func close() throws { try sayingWhatFailed(in: path) { try database.close() } }

    /// Runs `body` alone on the connection and waits for it. Blocks.
    func onConnection<Result>(_ body: (Database) throws -> Result) throws -> Result {
        try sayingWhatFailed(in: path) { try database.inDatabase(body) }
    }

    /// Runs `body` alone on the connection, to its end: unlike GRDB's own async accesses, which roll back when the
    /// calling task is cancelled. A client that hangs up must not erase the trace of what it asked.
    private func inTurn<Result: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            database.asyncWriteWithoutTransaction { [path] db in
                continuation.resume(with: Swift.Result { try sayingWhatFailed(in: path) { try body(db) } })
            }
        }
    }
}

extension SQLiteStore: GalleryStore {
    /// Cost: the index is counted through, gallery by gallery.
    package func galleries() async throws -> [GalleryDescription] {
        try await inTurn { try $0.galleries() }
    }

    /// Cost: all rows are read and validated the first time, and their codes kept in memory; then a look-up.
    /// - Throws: `.galleryNotFound`; `.storageCorrupt` for a row that cannot be, with the gallery and the face id.
    package func gallery(_ name: GalleryName) async throws -> Gallery {
        Gallery(name, index: try await index(of: name)) { [self] rows in
            try onConnection { try $0.faces(rows: rows, in: name) }
        }
    }

    private func index(of name: GalleryName) async throws -> GalleryIndex {
        if let index = loaded.withLock({ $0[name] }) { return index }
        return try await inTurn { [self] db in
            // Somebody who asked at the same time may have loaded it.
            if let index = loaded.withLock({ $0[name] }) { return index }
            let index = try db.index(of: name)
            loaded.withLock { $0[name] = index }
            return index
        }
    }

    package func description(of name: GalleryName) async throws -> GalleryDescription {
        try await inTurn { try $0.description(of: name) }
    }

    package func faces(in name: GalleryName, _ which: FaceSelection?) async throws -> [EnrolledFaceDescription] {
        try await inTurn { try $0.faces(in: name, which) }
    }

    package func faces(from photograph: PhotographDigest, in name: GalleryName) async throws -> [EnrolledFace] {
        try await inTurn { try $0.faces(from: photograph, in: name) }
    }

    package func digest(of photograph: Data) -> PhotographDigest {
        PhotographDigest(of: photograph, key: digestKey)
    }

    /// Durable when it returns. Cost: one transaction with its syncs; a `forget` or `delete` rewrites the file besides,
    /// so that nothing of the faces is left in it (see `eraseRemains`).
    ///
    /// - Throws: as `GalleryStore` has it, and `.overtaken` when a photograph is in the gallery already, which happens when
    ///   two enrol it at the same time.
    package func apply(_ change: GalleryChange, recordedAs record: Record) async throws -> RecordReceipt {
        try await inTurn { [self] db in
            let (rows, receipt) = try db.inOneTransaction { (try db.apply(change), try db.append(record)) }
            loaded.withLock { $0.follow(change, rows: rows) }
            // After the commit, so a failure must not be told as one of the change: it is tried again later.
            db.eraseRemains()
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

    /// Looks for damage: SQLite's own check of the file, references, and the record's positions and leaf hashes.
    ///
    /// The hashes find accidents. Somebody who can write the file can write hashes too. Blocks; cost: reads everything.
    /// - Throws: `.storageCorrupt` for the first damage found.
    package func check() throws {
        try onConnection { try $0.check(path) }
    }
}

extension [GalleryName: GalleryIndex] {
    /// Does to the index what was done to the gallery.
    /// - Parameter rows: those of the faces that were added or removed.
    fileprivate mutating func follow(_ change: GalleryChange, rows: [Int64]) {
        switch change {
        case .create: break
        case .delete(let name): self[name] = nil
        case .enrol(let faces, in: let description):
            // Should it not take them, it is loaded anew for the next search.
            do { try self[description.name]?.append(zip(faces, rows).map { $0.entry(row: $1) }) } catch {
                self[description.name] = nil
            }
        case .forget(_, in: let name): self[name]?.remove(rows: rows)
        }
    }
}
