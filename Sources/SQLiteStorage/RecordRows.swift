import FaceRecognition
import Foundation
import GRDB

import struct FaceRecognition.Record

// The record as rows.
extension Database {
    /// To be called in a transaction.
    func append(_ record: Record) throws -> RecordReceipt { try append(entry: record.encoded()) }

    /// To be called in a transaction.
    func append(entry: Data) throws -> RecordReceipt {
        let next = try Int.fetchOne(cachedStatement(sql: "SELECT max(position) + 1 FROM record")) ?? 0
        let receipt = RecordReceipt(index: next, entry: entry)
        try cachedStatement(sql: "INSERT INTO record (position, entry, leaf_hash) VALUES (?, ?, ?)")
            .execute(arguments: [receipt.index, entry, receipt.leafHash])
        return receipt
    }

    func records(from index: Int, count: Int) throws -> [(index: Int, record: Record)] {
        let rows = try Row.fetchCursor(
            self, sql: "SELECT position, entry FROM record WHERE position >= ? ORDER BY position LIMIT ?",
            arguments: [index, max(0, count)])
        var records: [(index: Int, record: Record)] = []
        while let row = try rows.next() {
            guard let position: Int = row.value(0), let entry: Data = row.value(1),
                let record = try? Record(encoded: entry)
            else {
                throw RecognitionError(
                    .storageCorrupt, "The record's entry \(index + records.count) cannot be read; restore a backup.")
            }
            records.append((position, record))
        }
        return records
    }

    /// - Throws: `.storageCorrupt` for the first damage found.
    func check(_ path: String) throws {
        func damaged(_ what: String, detail: String = "") -> RecognitionError {
            RecognitionError(.storageCorrupt, "\(path) is damaged: \(what); restore a backup.", detail: detail)
        }
        let answer = try String.fetchOne(self, sql: "PRAGMA integrity_check(1)")
        guard answer == "ok" else { throw damaged("SQLite finds its pages inconsistent", detail: answer ?? "") }
        guard try Row.fetchOne(self, sql: "PRAGMA foreign_key_check") == nil else {
            throw damaged("a face belongs to no gallery")
        }
        let rows = try Row.fetchCursor(self, sql: "SELECT position, entry, leaf_hash FROM record ORDER BY position")
        var expected = 0
        while let row = try rows.next() {
            guard row.value(0) == expected else { throw damaged("the record's entry \(expected) is missing") }
            guard let entry: Data = row.value(1), row.value(2) == RecordReceipt.leafHash(of: entry) else {
                throw damaged("the record's entry \(expected) does not match its hash")
            }
            expected += 1
        }
    }
}
