import FaceRecognition
import struct FaceRecognition.Record
import Foundation
import GRDB
@testable import SQLiteStorage
import Testing

@Suite struct RecordTests {
    private let temporary = TemporaryDirectory()

    @Test("Entries are counted from 0 without gaps and come back as they were") func append() async throws {
        let records = (0..<5).map { Record.sample("outcome-\($0)") }
        do {
            let store = try await temporary.store()
            for (index, record) in records.enumerated() {
                let receipt = try await store.append(record)
                #expect(receipt.index == index)
                #expect(receipt.leafHash == RecordReceipt.leafHash(of: try record.encoded()))
            }
        }
        let store = try await temporary.store()
        #expect(try store.records(from: 0, count: .max).map(\.record) == records)
        #expect(try store.records(from: 1, count: 2).map(\.index) == [1, 2])
        #expect(try store.records(from: 5, count: 2).isEmpty)
        #expect(try store.records(from: 0, count: 0).isEmpty)
        try store.check()
    }

    @Test("Many tasks at once make one unbroken record") func concurrent() async throws {
        let store = try await temporary.store()
        let indices = try await withThrowingTaskGroup(of: Int.self) { group in
            for seed in 0..<40 {
                group.addTask {
                    seed.isMultiple(of: 2)
                        ? try await store.append(.sample()).index : try await store.enrol(.sample(seed)).index
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(indices.sorted() == Array(0..<40))
        #expect(try await store.gallery(.staff).count == 20)
        try store.check()
    }

    @Test("Entries that come at once are made durable together, each under an index of its own") func grouped() async throws {
        let store = try await temporary.store()
        let receipts = try await withThrowingTaskGroup(of: (String, RecordReceipt).self) { group in
            // The connection is kept busy until all are there.
            group.addTask {
                ("slow", try await store.inTurn { db in
                    usleep(200_000)
                    return try db.inOneTransaction { try db.append(.sample("slow")) }
                })
            }
            try await Task.sleep(for: .milliseconds(50))
            for i in 0..<16 { group.addTask { ("\(i)", try await store.append(.sample("\(i)"))) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let kept = try store.records(from: 0, count: 99)
        #expect(kept.count == 17)
        for (outcome, receipt) in receipts { #expect(kept[receipt.index].record.outcome == outcome) }
        #expect(Set(receipts.map(\.1.index)) == Set(0..<17))
        try store.check()
    }

    @Test("When the disk is full, of the entries that wait those fail that find no room, and no other") func fullDisk() async throws {
        let store = try await temporary.store()
        _ = try await store.append(.sample())
        try store.onConnection {
            let pages = try Int.fetchOne($0, sql: "PRAGMA page_count")!
            _ = try Int.fetchOne($0, sql: "PRAGMA max_page_count = \(pages + 2)")
        }
        let large = String(repeating: "x", count: 20_000)
        let outcomes = await withTaskGroup(of: (Bool, RecognitionError.Code?).self) { group in
            group.addTask {
                _ = try? await store.inTurn { _ in usleep(200_000) }
                return (true, nil)
            }
            try? await Task.sleep(for: .milliseconds(50))
            for i in 0..<6 {
                group.addTask {
                    (i == 3, await failure { _ = try await store.append(.sample(i == 3 ? large : "small")) }?.code)
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.count { $0.1 == .diskFull } == 1)
        #expect(outcomes.allSatisfy { $0.0 || $0.1 == nil })
        try store.onConnection { _ = try Int.fetchOne($0, sql: "PRAGMA max_page_count = 1000000") }
        #expect(try store.recordCount() == 6)
        try store.check()
        #expect(try await store.append(.sample(large)).index == 6)
    }

    @Test("A task that was cancelled is recorded nevertheless, and so is its change") func cancelled() async throws {
        let store = try await temporary.store()
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            #expect(Task.isCancelled)
            _ = try await store.append(.sample("hung up"))
            try await store.enrol(.sample(1))
        }
        try await task.value
        #expect(try store.records(from: 0, count: 9).map(\.record.outcome) == ["hung up", "enrolled"])
        #expect(try await store.gallery(.staff).count == 1)
    }

    @Test(
        "An entry can be neither changed, removed, replaced nor inserted out of turn",
        arguments: [
            "UPDATE record SET entry = x'00'", "DELETE FROM record", "DELETE FROM record WHERE position = 1",
            "REPLACE INTO record SELECT 0, entry, leaf_hash FROM record WHERE position = 1",
            "INSERT INTO record SELECT 7, entry, leaf_hash FROM record WHERE position = 1",
            "INSERT INTO record SELECT -1, entry, leaf_hash FROM record WHERE position = 1",
        ]) func appendOnly(sql: String) async throws {
        let store = try await temporary.store()
        for _ in 0..<2 { _ = try await store.append(.sample()) }
        let before = try store.records(from: 0, count: 9).map(\.record)
        let error = await failure { try store.onConnection { try $0.execute(sql: sql) } }
        #expect(error?.detail.contains("the record") == true)
        #expect(try store.records(from: 0, count: 9).map(\.record) == before)
    }

    @Test("A change whose entry cannot be written leaves nothing") func together() async throws {
        let store = try await temporary.store()
        try await store.enrol(.sample(1))
        try store.onConnection {
            try $0.execute(
                sql: "CREATE TEMP TRIGGER no_entry BEFORE INSERT ON main.record BEGIN SELECT RAISE(ABORT, 'hook'); END")
        }
        let one = EnrolledFace.sample(1)
        let changes: [GalleryChange] = [
            .enrol([.sample(2)], in: .sample()), .enrol([one], in: .sample(.guests)), .create(.sample(.guests)),
            .delete(.staff), .forget(try await store.faces(in: .staff, nil).map(\.id), in: .staff),
        ]
        for change in changes {
            let error = await failure { try await store.change(change) }
            #expect(error?.code == .fault)
        }
        try store.onConnection { try $0.execute(sql: "DROP TRIGGER no_entry") }
        #expect(try await store.galleries().map(\.name) == [.staff])
        #expect(try await store.gallery(.staff).count == 1)
        #expect(try store.onConnection { try Bool.fetchOne($0, sql: "SELECT remains FROM installation") } == false)
        #expect(try await store.append(.sample()).index == 1)
    }
}
