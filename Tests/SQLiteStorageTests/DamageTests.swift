import FaceRecognition
import struct FaceRecognition.Record
import Foundation
import GRDB
@testable import SQLiteStorage
import Testing

/// Files that are damaged, not ours, too new or too full.
@Suite struct DamageTests {
    private let temporary = TemporaryDirectory()

    /// Two galleries with some faces, closed.
    private func fill() async throws {
        let store = try await temporary.store()
        try await store.enrol(.sample(1, person: "Marked Name"), .sample(2), .sample(3))
        _ = try await store.append(.sample())
        try store.check()
        try store.close()
    }

    private func opening() async -> RecognitionError? { await failure { _ = try await temporary.store() } }

    @Test("The connection is set as the durability and the erasure need it") func settings() async throws {
        let store = try await temporary.store()
        for (name, value) in [
            "journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "secure_delete": "2",
            "application_id": "\(Schema.applicationID)",
        ] {
            let now = try store.onConnection { try String.fetchOne($0, sql: "PRAGMA \(name)") }
            #expect(now == value, "\(name)")
        }
    }

    @Test("A damaged header is reported, with the file and what to do") func header() async throws {
        try await fill()
        try temporary.overwrite(at: 0, with: [0xFF])
        let error = await opening()
        #expect(error?.code == .storageCorrupt)
        #expect(error?.message.contains(temporary.file) == true)
        #expect(error?.message.contains("backup") == true)
    }

    @Test("A damaged page is reported by what reads it, and by the check", arguments: ["face", "record", "gallery"])
    func page(table: String) async throws {
        try await fill()
        let database = try DatabaseQueue(path: temporary.file)
        let page = try #require(
            try database.inDatabase {
                try Int.fetchOne($0, sql: "SELECT rootpage FROM sqlite_schema WHERE name = ?", arguments: [table])
            })
        try database.close()
        try temporary.overwrite(at: (page - 1) * 4_096, with: [UInt8](repeating: 0xA5, count: 64))
        let store = try await temporary.store()
        let error = await failure { try store.check() }
        #expect(error?.code == .storageCorrupt)
        let reading = await failure {
            _ = try await store.gallery(.staff)
            _ = try await store.append(.sample())
        }
        #expect(reading?.code == .storageCorrupt)
    }

    @Test("A file cut short is reported") func truncated() async throws {
        try await fill()
        let handle = try FileHandle(forUpdating: URL(fileURLWithPath: temporary.file))
        try handle.truncate(atOffset: 3 * 4_096)
        try handle.close()
        let error = await failure { try await temporary.store().check() }
        #expect(error?.code == .storageCorrupt)
    }

    @Test(
        "A damaged face is reported with its gallery and its id, by a search and by the check",
        arguments: [
            "zeroblob(length(sealed))", "substr(sealed, 1, length(sealed) - 1)", "x''", "sealed || x'00'",
            "substr(sealed, 1, 40) || x'5aa5' || substr(sealed, 43)",
            // Another face's.
            "(SELECT sealed FROM face WHERE number = 1)",
        ]) func face(expression: String) async throws {
        try await fill()
        try temporary.tamper("UPDATE face SET sealed = CAST(\(expression) AS BLOB) WHERE number = 2")
        let store = try await temporary.store()
        let bytes = try store.onConnection { try Data.fetchOne($0, sql: "SELECT id FROM face WHERE number = 2") }
        let id = try #require(bytes.flatMap(FaceID.init(bytes:)))
        let error = await failure { _ = try await store.gallery(.staff) }
        #expect(error?.code == .storageCorrupt)
        #expect(error?.message.contains("staff") == true)
        #expect(error?.message.contains(id.rawValue) == true)
        let problems = try store.check(.staff)
        #expect(problems.contains { $0.contains(id.rawValue) })
    }

    @Test("A face's expiry cannot be put off behind our back") func expiryTampered() async throws {
        do {
            let store = try await temporary.store()
            var face = EnrolledFace.sample(1)
            face.description.expires = Date(timeIntervalSince1970: 2_000_000_000)
            try await store.enrol(face)
            try store.close()
        }
        try temporary.tamper("UPDATE face SET expires = expires + 1000")
        #expect(try await temporary.store().check(.staff).count == 1)
    }

    @Test(
        "Rows that are lost, or there twice, are missed by the check",
        arguments: [
            "DELETE FROM face WHERE number = 2", "UPDATE face SET live = 0 WHERE number = 2",
            "UPDATE gallery SET faces = 4",
            "DELETE FROM face WHERE number = 2; UPDATE gallery SET faces = 2",
            "DELETE FROM membership; DELETE FROM person",
        ]) func lost(sql: String) async throws {
        try await fill()
        try temporary.tamper(sql)
        let problems = try await temporary.store().check(.staff)
        #expect(problems.count == 1)
        #expect(problems.first?.contains("restore a backup") == true)
    }

    @Test("A check that finds nothing is remembered, one that does is not") func checked() async throws {
        try await fill()
        let store = try await temporary.store()
        #expect(try await store.upkeep(of: .staff).checked == nil)
        #expect(try store.check(.staff) == [])
        let checked = try #require(try await store.upkeep(of: .staff).checked)
        #expect(abs(checked.timeIntervalSinceNow) < 3_600)
    }

    @Test("An entry that was changed behind our back is found") func changedEntry() async throws {
        try await fill()
        try temporary.tamper("DROP TRIGGER record_is_never_updated; UPDATE record SET entry = x'7b7d' WHERE position = 1")
        let store = try await temporary.store()
        let error = await failure { try store.check() }
        #expect(error?.code == .storageCorrupt)
        #expect(error?.message.contains("entry 1 does not match") == true)
        #expect(await failure { _ = try store.records(from: 1, count: 1) }?.code == .storageCorrupt)
        #expect(try store.records(from: 0, count: 1).count == 1)
    }

    @Test("An entry that was removed behind our back is found") func removedEntry() async throws {
        try await fill()
        try temporary.tamper("DROP TRIGGER record_is_never_deleted; DELETE FROM record WHERE position = 0")
        let error = await failure { try await temporary.store().check() }
        #expect(error?.message.contains("entry 0 is missing") == true)
    }

    @Test("A face without a gallery is found") func orphan() async throws {
        try await fill()
        try temporary.tamper("PRAGMA foreign_keys = OFF; DELETE FROM gallery")
        let error = await failure { try await temporary.store().check() }
        #expect(error?.message.contains("belongs to no gallery") == true)
    }

    @Test(
        "Another program's database is refused and left as it is",
        arguments: ["CREATE TABLE theirs (a)", "PRAGMA application_id = 7", "CREATE TABLE t (a); PRAGMA application_id = 7"])
    func foreign(sql: String) async throws {
        try temporary.tamper(sql)
        let before = try Data(contentsOf: URL(fileURLWithPath: temporary.file))
        let error = await opening()
        #expect(error?.code == .storageUnavailable)
        #expect(error?.message.contains(temporary.file) == true)
        #expect(try Data(contentsOf: URL(fileURLWithPath: temporary.file)) == before)
    }

    @Test("A file that is no database is refused and left as it is") func noDatabase() async throws {
        try FileManager.default.createDirectory(atPath: temporary.data, withIntermediateDirectories: true)
        let text = Data(String(repeating: "not a database\n", count: 99).utf8)
        try text.write(to: URL(fileURLWithPath: temporary.file))
        #expect(await opening()?.code == .storageCorrupt)
        #expect(try Data(contentsOf: URL(fileURLWithPath: temporary.file)) == text)
    }

    @Test("A file that a newer version wrote is refused") func newer() async throws {
        try await fill()
        try temporary.tamper("INSERT INTO grdb_migrations VALUES ('v1000')")
        let error = await opening()
        #expect(error?.code == .storageUnavailable)
        #expect(error?.message.contains("newer version") == true)
    }

    @Test("A crash before the tables were made leaves a file that can be opened") func halfMade() async throws {
        try temporary.tamper("PRAGMA application_id = \(Schema.applicationID)")
        try await temporary.store().enrol(.sample(1))
    }

    @Test("A directory in the file's place is named") func directory() async throws {
        try FileManager.default.createDirectory(atPath: temporary.file, withIntermediateDirectories: true)
        let error = await opening()
        #expect(error?.code == .storageUnavailable)
        #expect(error?.message.contains(temporary.file) == true)
    }

    @Test("A full disk changes nothing, and the store goes on once there is room") func full() async throws {
        let store = try await temporary.store()
        let first = EnrolledFace.sample(1)
        try await store.enrol(first)
        // Two pages are left.
        try store.onConnection {
            let pages = try Int.fetchOne($0, sql: "PRAGMA page_count")!
            _ = try Int.fetchOne($0, sql: "PRAGMA max_page_count = \(pages + 2)")
        }
        let batch = (2..<60).map { EnrolledFace.sample($0) }
        let error = await failure {
            try await store.change(.enrol(batch, in: .sample()))
        }
        #expect(error?.code == .diskFull)
        #expect(error?.message.contains("nothing was changed") == true)
        #expect(try await store.faces(in: .staff, nil) == [first.description])
        #expect(try store.recordCount() == 1)
        try store.check()

        try store.onConnection { _ = try Int.fetchOne($0, sql: "PRAGMA max_page_count = 1000000") }
        let receipt = try await store.change(.enrol(batch, in: .sample()))
        #expect(receipt.index == 1)
        #expect(try await store.gallery(.staff).count == 59)
    }

    @Test("An error says nothing of SQL, of names or of templates") func discreet() async throws {
        let store = try await temporary.store()
        let face = EnrolledFace.sample(1, person: "Marked Name")
        try await store.enrol(face)
        let error = await failure { try await store.enrol(face, in: .sample(.guests)) }
        let text = try #require(error).description
        #expect(!text.contains("Marked Name") && !text.contains("INSERT") && !text.contains("key of"))
    }

    @Test(
        "SQLite's codes become ours",
        arguments: [
            (ResultCode.SQLITE_FULL, RecognitionError.Code.diskFull), (.SQLITE_CORRUPT, .storageCorrupt),
            (.SQLITE_CORRUPT_INDEX, .storageCorrupt), (.SQLITE_NOTADB, .storageCorrupt),
            (.SQLITE_READONLY, .storageUnavailable), (.SQLITE_READONLY_DBMOVED, .storageUnavailable),
            (.SQLITE_CANTOPEN, .storageUnavailable), (.SQLITE_PERM, .storageUnavailable),
            (.SQLITE_BUSY, .storageUnavailable), (.SQLITE_IOERR, .fault), (.SQLITE_CONSTRAINT_UNIQUE, .fault),
        ]) func codes(theirs: ResultCode, ours: RecognitionError.Code) {
        let error = RecognitionError(
            DatabaseError(resultCode: theirs, message: "text", sql: "SELECT secret", arguments: ["secret"]), in: "/file")
        #expect(error.code == ours)
        #expect(error.message.contains("/file"))
        #expect(error.detail.contains("text") && !error.description.contains("secret"))
    }
}
