import FaceRecognition
import Foundation
import GRDB
import Testing
import TransparencyLog

import struct FaceRecognition.Record

@testable import SQLiteStorage

@Suite("The record's tree") struct RecordTreeTests {
    private let temporary = TemporaryDirectory()

    private func fill(_ store: SQLiteStore, _ count: Int) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for i in 0..<count { group.addTask { _ = try await store.append(.sample("\(i)")) } }
            try await group.waitForAll()
        }
    }

    /// The root over the bytes that are kept, without a look at any hash that is kept.
    private func plainRoot(_ store: SQLiteStore, _ count: Int? = nil) throws -> TreeHash {
        var tree = GrowingTree()
        for index in 0..<(try count ?? store.recordCount()) {
            tree.append(.leaf(try #require(try store.entry(index)).bytes))
        }
        return tree.root
    }

    private func finding(_ store: SQLiteStore, _ outside: [Checkpoint] = []) throws -> LogError? {
        do {
            _ = try LogVerifier.verify(
                store.recordContents(), against: outside.map { .init($0, from: "the checkpoint") })
        } catch let error as LogError { return error }
        return nil
    }

    @Test("Entries that come at once, over the edges of tiles, are in the tree when they are in the record")
    func grows() async throws {
        let store = try await temporary.store()
        for count in [1, 253, 1, 1, 1, 300, 256] {
            try await fill(store, count)
            let (checkpoint, note) = try store.signedCheckpoint()
            #expect(try checkpoint.root == plainRoot(store) && checkpoint.size == store.recordCount())
            #expect(try Checkpoint(note: note, key: store.recordKey()) == checkpoint)
            #expect(try finding(store, [checkpoint]) == nil)
        }
        #expect(try store.onConnection { try Int.fetchOne($0, sql: "SELECT count(*) FROM record_tree") } == 3)
        try store.check()
        #expect(try store.signedCheckpoint(size: 256).checkpoint.root == plainRoot(store, 256))
    }

    @Test("A database from before there was a tree gets it when it is opened") func migration() async throws {
        var before: Checkpoint?
        do {
            let store = try await temporary.store()
            try await fill(store, 700)
            before = try store.signedCheckpoint().checkpoint
        }
        try temporary.tamper(
            "DROP TABLE record_tree; DROP TABLE record_checkpoint; DELETE FROM grdb_migrations WHERE identifier = 'v5'")
        let store = try await temporary.store()
        #expect(try store.lastCheckpoint() == nil)
        #expect(try finding(store, [#require(before)]) == nil)
        try await fill(store, 70)
        #expect(try finding(store, [#require(before)]) == nil)
        #expect(try store.signedCheckpoint().checkpoint.root == plainRoot(store))
    }

    @Test("A store beside the owner signs and checks, while the owner goes on") func beside() async throws {
        let store = try await temporary.store()
        try await fill(store, 300)
        let beside = try await SQLiteStore.open(in: DataDirectory.openBesideOwner(at: temporary.data))
        #expect(!beside.directory.isOwned)
        async let more: Void = fill(store, 300)
        for _ in 0..<5 {
            let checkpoint = try beside.signedCheckpoint().checkpoint
            #expect(try finding(beside, [checkpoint]) == nil)
        }
        try await more
        #expect(try beside.recordKey() == store.recordKey())
        #expect(try beside.signedCheckpoint().checkpoint == store.signedCheckpoint().checkpoint)
    }

    @Test(
        "The log's key stays the same when the store is opened again and when the master key is rotated; another installation has another"
    )
    func key() async throws {
        let first = try await temporary.store().recordKey()
        let store = try await temporary.store()
        try store.rotateMasterKey(to: "NONE")
        #expect(try store.recordKey() == first)
        #expect(first.name.hasPrefix("countenance/record/"))
        let other = TemporaryDirectory()
        let theirs = try await other.store().recordKey()
        #expect(theirs.name != first.name && theirs.bytes != first.bytes)
    }

    @Test("Without its keys an installation signs nothing, and its record is checked with a key that one knows")
    func noKeys() async throws {
        var checkpoint: Checkpoint?
        do {
            let store = try await temporary.store()
            try await store.enrol(.sample(1))
            checkpoint = try store.signedCheckpoint().checkpoint
        }
        try FileManager.default.removeItem(atPath: temporary.data + "/gallery.keys")
        let store = try await temporary.store()
        #expect(await failure { _ = try store.recordKey() }?.code == .keyMissing)
        #expect(await failure { _ = try store.signedCheckpoint() }?.code == .keyMissing)
        #expect(try finding(store, [#require(checkpoint)]) == nil)
    }

    @Test("Nothing is signed for a record that was cut off or changed since the last checkpoint")
    func noFork() async throws {
        do {
            let store = try await temporary.store()
            try await fill(store, 300)
            _ = try store.signedCheckpoint()
        }
        let whole = try Data(contentsOf: URL(fileURLWithPath: temporary.file))
        try temporary.tamper("DROP TRIGGER record_is_never_deleted; DELETE FROM record WHERE position >= 290")
        do {
            let store = try await temporary.store()
            #expect(throws: LogError.self) { try store.signedCheckpoint() }
            // Not even when as many others have come.
            try await fill(store, 20)
            do {
                _ = try store.signedCheckpoint()
                Issue.record("It was signed.")
            } catch let error as LogError { #expect(error.code == .changed) }
        }
        for ending in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: temporary.file + ending) }
        try whole.write(to: URL(fileURLWithPath: temporary.file))
    }

    @Test("What somebody does to the file is found, and told for what it is") func tampered() async throws {
        var outside: [Checkpoint] = []
        do {
            let store = try await temporary.store()
            try await fill(store, 200)
            outside.append(try store.signedCheckpoint().checkpoint)
            try await fill(store, 400)
            outside.append(try store.signedCheckpoint().checkpoint)
            try store.close()
        }
        let whole = try Data(contentsOf: URL(fileURLWithPath: temporary.file))
        let rehash = "leaf_hash = (SELECT leaf_hash FROM record WHERE position = 3)"
        for (sql, code, index) in [
            (
                "UPDATE record SET entry = CAST(replace(CAST(entry AS TEXT), 'trial', 'other') AS BLOB) WHERE position = 300",
                LogError.Code.changed, 300
            ),
            ("UPDATE record SET leaf_hash = zeroblob(32) WHERE position = 17", .changed, 17),
            ("DELETE FROM record WHERE position = 301", .missing, 301),
            ("DELETE FROM record WHERE position = 0", .missing, 0),
            ("DELETE FROM record WHERE position >= 599", .cutOff, 599),
            (
                "UPDATE record SET entry = (SELECT entry FROM record WHERE position = 3) WHERE position = 400",
                .repeated, 400
            ),
            (
                "UPDATE record SET entry = (SELECT entry FROM record WHERE position = 3), \(rehash) WHERE position = 100",
                .changed, 0
            ),
            (
                "UPDATE record SET entry = (SELECT entry FROM record WHERE position = 3), \(rehash) WHERE position = 550",
                .changed, 200
            ),
            (
                "UPDATE record SET position = 9999 WHERE position = 30; UPDATE record SET position = 30 WHERE position = 31; UPDATE record SET position = 31 WHERE position = 9999",
                .changed, 0
            ),
            ("UPDATE record_tree SET hash = zeroblob(32) WHERE position = 1", .changed, 256),
            ("DELETE FROM record_tree WHERE position = 1", .incomplete, 256),
        ] {
            for ending in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: temporary.file + ending) }
            try whole.write(to: URL(fileURLWithPath: temporary.file))
            try temporary.tamper(
                [
                    "record_is_never_updated", "record_is_never_deleted", "record_tree_is_never_updated",
                    "record_tree_is_never_deleted",
                ]
                .map { "DROP TRIGGER \($0);" }.joined() + sql)
            let store = try await temporary.store()
            let found = try finding(store, outside)
            #expect(found?.code == code && found?.index == index, "\(sql): \(found?.message ?? "nothing found")")
            try store.close()
        }
    }

    @Test("A backup that is restored on a new machine goes on with the same log, and with what was signed")
    func restored() async throws {
        let backup = temporary.path + "/b"
        var before: Checkpoint?, key: NoteKey?
        do {
            let store = try await temporary.store()
            try await fill(store, 600)
            before = try store.signedCheckpoint().checkpoint
            key = try store.recordKey()
            try store.backUp(to: backup)
        }
        let machine = TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: machine.data, withIntermediateDirectories: true)
        for name in ["master.key", "gallery.keys"] {
            try FileManager.default.copyItem(atPath: temporary.data + "/" + name, toPath: machine.data + "/" + name)
        }
        let store = try await machine.store()
        try await store.change(.restore(from: backup))
        #expect(try store.recordKey() == key)
        #expect(try store.lastCheckpoint() != nil)
        #expect(try finding(store, [#require(before)]) == nil)
        try await fill(store, 200)
        let now = try store.signedCheckpoint().checkpoint
        #expect(now.size == 801)
        #expect(try now.root == plainRoot(store))
        try store.check()
    }

    @Test("Lists too long for one entry go into several, of one request, in order, with nothing lost") func parts()
        async throws
    {
        let store = try await temporary.store()
        var record = Record.sample("candidates")
        record.candidates = (0..<4_096).map {
            .init(face: FaceID(), similarity: Similarity(99.123_456_789 - Double($0) / 100)!)
        }
        record.forgotten = (0..<10).map { _ in FaceID() }
        record.enrolled = []
        let receipt = try await store.append(record)
        let kept = try store.records(from: 0, count: 99).map(\.record)
        #expect(receipt.index == 0 && kept.count > 4)
        #expect(kept.flatMap { $0.candidates ?? [] } == record.candidates)
        #expect(kept.flatMap { $0.forgotten ?? [] } == record.forgotten)
        #expect(kept.map(\.part) == (1...kept.count).map { $0 } && kept.allSatisfy { $0.parts == kept.count })
        #expect(
            kept.allSatisfy {
                $0.requestID == record.requestID && $0.time == record.time && $0.outcome == record.outcome
            })
        for index in kept.indices {
            let bytes = try #require(try store.entry(index)).bytes
            #expect(bytes.count <= 65_535)
            #expect(try EntryBundle.encoded([bytes]).count == bytes.count + 2)
        }
        #expect(try finding(store) == nil)
        let next = try await store.append(.sample())
        #expect(next.index == kept.count)
    }

    @Test(
        "An entry of exactly 65,535 bytes is one; of a byte more, without a list to part, it is refused and nothing is kept"
    )
    func longest() async throws {
        let store = try await temporary.store()
        let rest = try Record.sample("").encoded().count
        #expect(try await store.append(.sample(String(repeating: "x", count: 65_535 - rest))).index == 0)
        #expect(try store.entry(0)?.bytes.count == 65_535)
        let error = await failure { _ = try await store.append(.sample(String(repeating: "x", count: 65_536 - rest))) }
        #expect(error?.code == .invalidValue && error?.message.contains("65536 bytes") == true)
        #expect(try store.recordCount() == 1)
    }

    @Test("A disk that is full at the edge of a tile leaves no half entry, and the tree goes on") func fullDisk()
        async throws
    {
        let store = try await temporary.store()
        try await fill(store, 254)
        for room in 0..<4 {
            try store.onConnection {
                let pages = try Int.fetchOne($0, sql: "PRAGMA page_count")!
                _ = try Int.fetchOne($0, sql: "PRAGMA max_page_count = \(pages + room)")
            }
            // Until there is no room.
            var added = 0
            while await failure({ _ = try await store.append(.sample(String(repeating: "x", count: 3_000))) }) == nil {
                added += 1
            }
            #expect(added <= 8)
            try store.onConnection { _ = try Int.fetchOne($0, sql: "PRAGMA max_page_count = 1000000") }
            #expect(try finding(store) == nil)
            try await fill(store, 1)
            #expect(try store.signedCheckpoint().checkpoint.root == plainRoot(store))
        }
        try store.check()
    }

    @Test("The entries that name a face are found, whatever it is in them") func naming() async throws {
        let store = try await temporary.store()
        let face = FaceID(), other = FaceID()
        var enrolled = Record.sample("enrolled"), found = Record.sample("candidates"),
            forgotten = Record.sample("forgotten")
        enrolled.enrolled = [other, face]
        found.candidates = [.init(face: face, similarity: Similarity(90)!)]
        forgotten.forgotten = [face]
        for record in [enrolled, .sample(), found, .sample(), forgotten] { _ = try await store.append(record) }
        #expect(try store.records(naming: face).map(\.index) == [0, 2, 4])
        #expect(try store.records(naming: other).map(\.index) == [0])
        #expect(try store.records(naming: FaceID()).isEmpty)
    }
}
