import FaceRecognition
import Foundation
import GRDB
import TransparencyLog

// The tree over the record's entries.
extension Database {
    /// Adds to the tree what an entry completes: nothing, but for each 256th. Cost: a hash and a half an entry, on the
    /// average. To be called in the transaction that adds the entry.
    func growTree(with index: Int) throws {
        var level = 0, position = index
        while position % Tile.fullWidth == Tile.fullWidth - 1 {
            let hashes = try treeHashes(level: level, (position - Tile.fullWidth + 1)..<(position + 1))
            guard hashes.count == Tile.fullWidth else {
                throw RecognitionError(
                    .storageCorrupt,
                    "The record's tree cannot grow: hashes of level \(level) before entry \(index) are missing; run `countenance record verify`, and restore a backup."
                )
            }
            level += 1
            position /= Tile.fullWidth
            try cachedStatement(sql: "INSERT INTO record_tree (level, position, hash) VALUES (?, ?, ?)")
                .execute(arguments: [level, position, TreeHash.root(of: hashes).bytes])
        }
    }

    /// Makes the tree over entries that are there, from an index on.
    func growTree(from index: Int) throws {
        let first = index | (Tile.fullWidth - 1)
        for last in stride(from: first, to: try recordCount(), by: Tile.fullWidth) { try growTree(with: last) }
    }

    /// Hashes of a level, of which level 0 are the entries'; fewer when some are missing.
    func treeHashes(level: Int, _ range: Range<Int>) throws -> [TreeHash] {
        let statement =
            try level == 0
            ? cachedStatement(
                sql: "SELECT position, leaf_hash FROM record WHERE position >= ? AND position < ? ORDER BY position")
            : cachedStatement(
                sql:
                    "SELECT position, hash FROM record_tree WHERE level = \(level) AND position >= ? AND position < ? ORDER BY position"
            )
        let rows = try Row.fetchCursor(statement, arguments: [range.lowerBound, range.upperBound])
        var hashes: [TreeHash] = []
        while let row = try rows.next() {
            guard row.value(0) == range.lowerBound + hashes.count,
                let hash = (row.value(1) as Data?).flatMap(TreeHash.init)
            else { break }
            hashes.append(hash)
        }
        return hashes
    }

    /// The entries of a bundle, with their hashes, as they are kept.
    func bundle(_ number: Int) throws -> LogContents.Bundle {
        let first = number * Tile.fullWidth
        let rows = try Row.fetchCursor(
            cachedStatement(
                sql:
                    "SELECT position, entry, leaf_hash FROM record WHERE position >= ? AND position < ? ORDER BY position"
            ),
            arguments: [first, first + Tile.fullWidth])
        var kept: [LogContents.Kept] = []
        while let row = try rows.next() {
            guard let index: Int = row.value(0) else { break }
            kept.append(.init(index: index, entry: row.value(1), leaf: (row.value(2) as Data?).flatMap(TreeHash.init)))
        }
        return .init(kept)
    }

    /// The record, to be read while this connection is held.
    func recordContents() throws -> LogContents {
        LogContents(size: try recordCount()) {
            try self.bundle($0)
        } hashes: {
            try self.treeHashes(level: $0, $1)
        }
    }
}

extension String {
    /// To go on with in a sentence.
    var lowercasedFirst: String { prefix(1).lowercased() + dropFirst() }
}
