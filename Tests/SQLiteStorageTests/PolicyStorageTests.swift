import Crypto
import FaceRecognition
import struct FaceRecognition.Record
import Foundation
import GRDB
import Testing

@testable import SQLiteStorage

@Suite struct PolicyStorageTests {
    private let temporary = TemporaryDirectory()
    private let file = Data("policy: a\ncontact: me\n".utf8)

    private func permit(_ store: SQLiteStore, _ operation: GatedOperation = .govern) async throws -> Permit {
        try await PolicyGate(policy: .trial, records: store).permit(
            AccessRequest(organisation: "local-operator", purpose: "trial", operation: operation))
    }

    private func digest(_ file: Data) -> String { SHA256.hash(data: file).map { String(format: "%02x", $0) }.joined() }

    private func apply(_ file: Data, _ store: SQLiteStore) async throws {
        _ = try await store.apply(
            policy: file, digest: digest(file), reason: "because", after: try? await store.policy().applied?.digest,
            changes: ["+ grant:x"], permit: permit(store))
    }

    private func operatorKey(
        _ store: SQLiteStore, _ organisation: String = "local-operator", expires: Date? = nil
    ) async throws -> (id: String, secret: String) {
        let made = try await store.createAccessKey(
            for: organisation, binding: .init(expires: expires), permit: permit(store, .manage)
        ).outcome
        return (made.key.id, made.secret)
    }

    @Test("What was applied last is in force, also after opening anew and beside its owner, and is an entry") func applied() async throws {
        do {
            let store = try await temporary.store()
            #expect(try await store.policy().applied == nil)
            try await apply(file, store)
            #expect(try await store.policy().applied?.file == file)
            // Another process applies another.
            let beside = try await SQLiteStore.open(in: DataDirectory.openBesideOwner(at: temporary.data))
            let second = Data("policy: b\ncontact: me\n".utf8)
            try await apply(second, beside)
            #expect(try await store.policy().applied?.file == second)
            let entries = try store.records(from: 0, count: 10).map(\.record)
            #expect(entries.map(\.outcome) == ["policy-applied", "policy-applied"])
            #expect(entries.map(\.applied) == [digest(file), digest(second)])
            #expect(entries[0].reason == "because" && entries[0].changes == ["+ grant:x"] && entries[0].operation == .govern)
            try beside.close()
            try store.close()
        }
        let store = try await temporary.store()
        #expect(try await store.policy().applied?.digest == digest(Data("policy: b\ncontact: me\n".utf8)))
    }

    @Test("A policy that was changed in the file is found out, and nothing is decided by it") func damaged() async throws {
        do {
            let store = try await temporary.store()
            try await apply(file, store)
            try store.close()
        }
        try temporary.tamper("UPDATE policy SET file = CAST('policy: c' AS BLOB)")
        let store = try await temporary.store()
        #expect(await failure { _ = try await store.policy() }?.code == .storageCorrupt)
        try await apply(file, store)
        #expect(try await store.policy().applied?.file == file)
    }

    @Test("A policy whose entry cannot be written is not in force") func together() async throws {
        let store = try await temporary.store()
        let permit = try await permit(store)
        try store.onConnection {
            try $0.execute(
                sql: "CREATE TEMP TRIGGER no_entry BEFORE INSERT ON main.record BEGIN SELECT RAISE(ABORT, 'hook'); END")
        }
        #expect(await failure { try await apply(file, store) }?.code == .fault)
        #expect(await failure { _ = try await store.withdraw(reason: "r", permit: permit) }?.code == .fault)
        try store.onConnection { try $0.execute(sql: "DROP TRIGGER no_entry") }
        #expect(try await store.policy().applied == nil)
        #expect(try await store.policy().withdrawal == nil)
    }

    @Test("A withdrawal ends by two different keys of the local operator with their secrets, and by nothing less") func reinstated() async throws {
        let store = try await temporary.store()
        let a = try await operatorKey(store), b = try await operatorKey(store)
        let stranger = try await operatorKey(store, "somebody")
        let expired = try await operatorKey(store, expires: Date(timeIntervalSinceNow: -10))
        let ended = try await operatorKey(store)
        _ = try await store.disableAccessKey(ended.id, permit: permit(store, .manage))
        func code(_ keys: [(id: String, secret: String)]) async -> RecognitionError.Code? {
            await failure { _ = try await store.reinstate(reason: "r", keys: keys, permit: permit(store)) }?.code
        }
        #expect(await code([a, b]) == .invalidValue)
        _ = try await store.withdraw(reason: "a wrong match", permit: permit(store))
        #expect(try await store.policy().withdrawal?.reason == "a wrong match")
        #expect(await failure { _ = try await store.withdraw(reason: "r", permit: permit(store)) }?.code == .invalidValue)
        for keys in [
            [], [a], [a, a], [a, stranger], [a, expired], [a, ended], [a, (b.id, a.secret)], [a, (b.id, b.secret + "x")],
            [a, ("AKIAUNKNOWN", b.secret)], [a, (b.id, "")],
        ] { #expect(await code(keys) == .keysRefused, "\(keys.map(\.0))") }
        #expect(try await store.policy().withdrawal != nil)
        #expect(await code([a, b]) == nil)
        #expect(try await store.policy().withdrawal == nil)
        let last = try #require(try store.records(from: 0, count: 1_000).last?.record)
        #expect(last.outcome == "reinstated" && last.keys == [a.id, b.id])
        let refused = try store.records(from: 0, count: 1_000).filter { $0.record.outcome == "keys-refused" }
        #expect(refused.count == 10)
        #expect(try !temporary.contains(Data(a.secret.utf8)))
    }

    @Test("A key keeps what it is bound to, and a binding that is changed in the file does not open") func bound() async throws {
        let binding = AccessKey.Binding(
            purpose: "missing-child", caseReference: "MC-1", grant: "g", expires: Date(timeIntervalSince1970: 4e9))
        let ids: [String]
        do {
            let store = try await temporary.store()
            var made: [(key: AccessKey, secret: String)] = []
            for _ in 0..<5 {
                made.append(
                    try await store.createAccessKey(for: "o", binding: binding, permit: permit(store, .manage)).outcome)
            }
            ids = made.map(\.key.id)
            #expect(made[0].key.binding == binding)
            let known = try #require(try await store.secret(of: ids[0]))
            #expect(known.key.binding == binding && known.secret == made[0].secret)
            let rotated = try await store.rotateAccessKey(ids[4], permit: permit(store, .manage)).outcome
            #expect(rotated.key.binding == binding)
            try store.close()
        }
        try temporary.tamper(
            """
            UPDATE access_key_binding SET expires = expires + 1 WHERE id = '\(ids[0])';
            UPDATE access_key_binding SET purpose = NULL WHERE id = '\(ids[1])';
            DELETE FROM access_key_binding WHERE id = '\(ids[2])';
            """)
        let store = try await temporary.store()
        for id in ids[0...2] { #expect(await failure { _ = try await store.secret(of: id) }?.code == .storageCorrupt) }
        #expect(try await store.secret(of: ids[3])?.key.binding == binding)
    }

    @Test("Searches of a day are counted by organisation and purpose") func counted() async throws {
        let store = try await temporary.store()
        let day = Date(timeIntervalSince1970: 86_400 * 20_000)
        func add(_ count: Int, _ organisation: String, _ purpose: String, _ operation: GatedOperation, at time: Date) async throws {
            for _ in 0..<count {
                var record = Record.sample("candidates")
                record.organisation = organisation
                record.purpose = purpose
                record.operation = operation
                record.time = time
                _ = try await store.append(record)
            }
        }
        try await add(5, "o", "p", .identify, at: day.addingTimeInterval(-10))
        try await add(3, "o", "p", .identify, at: day)
        try await add(2, "o", "p", .compare, at: day.addingTimeInterval(5))
        try await add(4, "o", "p", .detect, at: day.addingTimeInterval(6))
        try await add(7, "o", "q", .compare, at: day.addingTimeInterval(7))
        try await add(9, "x", "p", .compare, at: day.addingTimeInterval(8))
        #expect(try await store.searches(of: "o", for: "p", since: day) == 5)
        #expect(try await store.searches(of: "o", for: "q", since: day) == 7)
        #expect(try await store.searches(of: "o", for: "p", since: day.addingTimeInterval(86_400)) == 0)
        #expect(try store.timeOfLastEntry() == day.addingTimeInterval(8))
    }

    @Test("What is restored on a new machine brings its policy and a withdrawal along; an older backup changes neither") func restored() async throws {
        let store = try await temporary.store(), backup = temporary.path + "/backup", older = temporary.path + "/older"
        try store.backUp(to: older)
        try await apply(file, store)
        _ = try await store.withdraw(reason: "for good", permit: permit(store))
        try store.backUp(to: backup)
        try await store.change(.restore(from: older))
        #expect(try await store.policy().applied?.file == file)
        #expect(try await store.policy().withdrawal?.reason == "for good")

        let new = TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: new.data, withIntermediateDirectories: true)
        for key in ["master.key", "gallery.keys"] {
            try FileManager.default.copyItem(atPath: temporary.data + "/" + key, toPath: new.data + "/" + key)
        }
        let there = try await new.store()
        try await there.change(.restore(from: backup))
        #expect(try await there.policy().applied?.file == file)
        #expect(try await there.policy().withdrawal?.reason == "for good")
    }
}
