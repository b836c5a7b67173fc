import FaceRecognition
import Foundation
import GRDB
import TransparencyLog

import struct FaceRecognition.Record

// The record as rows.
extension Database {
    /// To be called in a transaction.
    func append(_ record: Record) throws -> RecordReceipt { try append(entries: record.entries()) }

    /// Adds the parts of a record, and what the tree gains by them. To be called in a transaction.
    /// - Returns: where the first of them lies.
    func append(entries: [Data]) throws -> RecordReceipt {
        let next = try recordCount()
        for (offset, entry) in entries.enumerated() {
            try cachedStatement(sql: "INSERT INTO record (position, entry, leaf_hash) VALUES (?, ?, ?)")
                .execute(arguments: [next + offset, entry, RecordReceipt.leafHash(of: entry)])
            try growTree(with: next + offset)
        }
        return RecordReceipt(index: next, entry: entries[0])
    }

    /// How many entries the record has.
    func recordCount() throws -> Int {
        try Int.fetchOne(cachedStatement(sql: "SELECT max(position) + 1 FROM record")) ?? 0
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
        do { _ = try LogVerifier.verify(recordContents()) } catch let error as LogError {
            throw damaged("the record does not fit, \(error.message.lowercasedFirst.dropLast())")
        }
    }
}
