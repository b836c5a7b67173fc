import FaceRecognition
import Foundation
import GRDB
import Testing

@testable import SQLiteStorage

@Suite struct AccessKeyTests {
    private let temporary = TemporaryDirectory()

    private func permit(_ store: SQLiteStore) async throws -> Permit {
        try await PolicyGate(policy: .trial, records: store).permit(
            AccessRequest(organisation: "local-operator", purpose: "trial", operation: .manage))
    }

    private func create(
        _ store: SQLiteStore, for organisation: String = "door", label: String? = nil
    ) async throws -> (key: AccessKey, secret: String) {
        try await store.createAccessKey(for: organisation, label: label, permit: permit(store)).outcome
    }

    @Test("A key has the form that AWS's clients know, is found with its secret, and is there after reopening")
    func create() async throws {
        let made: (key: AccessKey, secret: String)
        do {
            let store = try await temporary.store()
            made = try await create(store, label: "back door")
            #expect(made.key.id.wholeMatch(of: /AKIA[A-Z2-7]{16}/) != nil)
            #expect(made.secret.count == 40 && Data(base64Encoded: made.secret)?.count == 30)
            #expect(made.key.organisation == "door" && made.key.label == "back door" && made.key.disabled == nil)
            #expect(try store.records(from: 0, count: 9).map(\.record.outcome) == ["access-key-created"])
            try store.close()
        }
        let store = try await temporary.store()
        for _ in 0..<2 {
            let found = try await store.secret(of: made.key.id)
            #expect(found?.key == made.key && found?.secret == made.secret)
        }
        for id in ["AKIA", ""] { #expect(try await store.secret(of: id) == nil) }
        #expect(try await store.accessKeys(permit: permit(store)).outcome == [made.key])
        let other = try await create(store)
        #expect(other.key.id != made.key.id && other.secret != made.secret)
        #expect(try await store.accessKeys(permit: permit(store)).outcome == [made.key, other.key])
    }

    @Test("A secret is nowhere to be read, and gone when its key ends") func sealed() async throws {
        let store = try await temporary.store()
        let made = try await create(store), stays = try await create(store)
        func sealed(_ key: AccessKey) throws -> Data {
            try #require(
                try store.onConnection {
                    try Data.fetchOne($0, sql: "SELECT sealed FROM access_key WHERE id = ?", arguments: [key.id])
                })
        }
        let bytes = try sealed(made.key)
        #expect(try temporary.contains(bytes))
        #expect(try !temporary.contains(Data(made.secret.utf8)))
        _ = try await store.disableAccessKey(made.key.id, permit: permit(store))
        #expect(try !temporary.contains(bytes) && temporary.contains(sealed(stays.key)))
    }

    @Test("A disabled key opens nothing any more; to disable it again changes nothing") func disable() async throws {
        let store = try await temporary.store()
        let made = try await create(store)
        #expect(try await store.secret(of: made.key.id) != nil)
        let ended = try await store.disableAccessKey(made.key.id, permit: permit(store)).outcome
        #expect(try await store.secret(of: made.key.id) == nil)
        #expect(ended.disabled != nil)
        #expect(try await store.disableAccessKey(made.key.id, permit: permit(store)).outcome == ended)
        #expect(await failure { _ = try await store.rotateAccessKey(made.key.id, permit: permit(store)) }?.code == .invalidValue)
        for id in ["AKIAUNKNOWN", ""] {
            #expect(await failure { _ = try await store.disableAccessKey(id, permit: permit(store)) }?.code == .accessKeyNotFound)
            #expect(await failure { _ = try await store.rotateAccessKey(id, permit: permit(store)) }?.code == .accessKeyNotFound)
        }
        #expect(try await store.accessKeys(permit: permit(store)).outcome == [ended])
        #expect(
            try store.records(from: 0, count: 9).map(\.record.outcome) == [
                "access-key-created", "access-key-disabled", "access-key-disabled", "invalid-value", "access-key-not-found",
                "access-key-not-found", "access-key-not-found", "access-key-not-found", "access-keys-listed",
            ])
    }

    @Test("A rotated key gives way to another for the same organisation, at once") func rotate() async throws {
        let store = try await temporary.store()
        let old = try await create(store, label: "back door")
        #expect(try await store.secret(of: old.key.id) != nil)
        let new = try await store.rotateAccessKey(old.key.id, permit: permit(store)).outcome
        #expect(new.key.id != old.key.id && new.secret != old.secret)
        #expect(new.key.organisation == "door" && new.key.label == "back door")
        #expect(try await store.secret(of: old.key.id) == nil)
        #expect(try await store.secret(of: new.key.id)?.secret == new.secret)
        #expect(try store.records(from: 0, count: 9).map(\.record.outcome) == ["access-key-created", "access-key-rotated"])
    }

    @Test("Beside the owner keys are made and ended, and the owner notices at once") func beside() async throws {
        let owner = try await temporary.store()
        let directory = try await DataDirectory.openBesideOwner(at: temporary.data)
        #expect(!directory.isOwned)
        let other = try await SQLiteStore.open(in: directory)
        let mine = try await create(owner)
        #expect(try await owner.secret(of: mine.key.id) != nil)
        let theirs = try await create(other)
        #expect(try await owner.secret(of: theirs.key.id)?.secret == theirs.secret)
        for made in [mine, theirs] {
            _ = try await other.disableAccessKey(made.key.id, permit: permit(other))
            #expect(try await owner.secret(of: made.key.id) == nil)
        }
        // What else is changed does not make it forget, nor see the wrong thing.
        let third = try await create(other)
        for seed in 0..<3 {
            try await owner.enrol(.sample(seed))
            #expect(try await owner.secret(of: third.key.id)?.secret == third.secret)
        }
    }

    @Test("An organisation's id and a label have bounds")
    func bounds() async throws {
        let store = try await temporary.store()
        func code(_ caller: String, _ label: String? = nil) async -> RecognitionError.Code? {
            await failure { _ = try await create(store, for: caller, label: label) }?.code
        }
        for good in ["a", String(repeating: "a", count: 128), "a.b_c-d:e/f@g0"] { #expect(await code(good) == nil) }
        for bad in ["", String(repeating: "a", count: 129), "a b", "a\n", "ä"] { #expect(await code(bad) == .invalidValue) }
        #expect(await code("a", String(repeating: "l", count: 255)) == nil)
        #expect(await code("a", String(repeating: "l", count: 256)) == .invalidValue)
    }

    @Test("A secret that was moved to another key or organisation does not open") func moved() async throws {
        let ids: [String]
        do {
            let store = try await temporary.store()
            ids = [try await create(store).key.id, try await create(store).key.id, try await create(store).key.id]
            try store.close()
        }
        try temporary.tamper(
            """
            UPDATE access_key SET sealed = (SELECT sealed FROM access_key WHERE id = '\(ids[1])') WHERE id = '\(ids[0])';
            UPDATE access_key SET caller = 'local-operator' WHERE id = '\(ids[2])'
            """)
        let store = try await temporary.store()
        for id in [ids[0], ids[2]] {
            let error = await failure { _ = try await store.secret(of: id) }
            #expect(error?.code == .storageCorrupt && error?.message.contains(id) == true)
        }
        #expect(try await store.secret(of: ids[1]) != nil)
    }

    @Test("Without the keys of the installation no secret is told, and the sentence says what is missing") func noKeys() async throws {
        let id: String
        do {
            let store = try await temporary.store()
            id = try await create(store).key.id
            try store.close()
        }
        try FileManager.default.removeItem(atPath: temporary.data + "/master.key")
        let store = try await temporary.store()
        #expect(await failure { _ = try await store.secret(of: id) }?.code == .keyMissing)
        #expect(await failure { _ = try await create(store) }?.code == .keyMissing)
    }

    @Test("A key whose entry cannot be written is not made") func together() async throws {
        let store = try await temporary.store()
        let permit = try await permit(store)
        try store.onConnection {
            try $0.execute(
                sql: "CREATE TEMP TRIGGER no_entry BEFORE INSERT ON main.record BEGIN SELECT RAISE(ABORT, 'hook'); END")
        }
        #expect(await failure { _ = try await store.createAccessKey(for: "door", permit: permit) }?.code == .fault)
        try store.onConnection { try $0.execute(sql: "DROP TRIGGER no_entry") }
        #expect(try await store.accessKeys(permit: permit).outcome.isEmpty)
    }

    @Test("A restoration brings back the keys of a machine that is gone, and none that was ended here") func restored() async throws {
        let store = try await temporary.store(), file = temporary.path + "/backup"
        let kept = try await create(store), ended = try await create(store)
        try store.backUp(to: file)
        _ = try await store.disableAccessKey(ended.key.id, permit: permit(store))
        try await store.change(.restore(from: file))
        #expect(try await store.secret(of: kept.key.id)?.secret == kept.secret)
        #expect(try await store.secret(of: ended.key.id) == nil)

        let new = TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: new.data, withIntermediateDirectories: true)
        for key in ["master.key", "gallery.keys"] {
            try FileManager.default.copyItem(atPath: temporary.data + "/" + key, toPath: new.data + "/" + key)
        }
        let there = try await new.store()
        #expect(try await there.secret(of: kept.key.id) == nil)
        try await there.change(.restore(from: file))
        #expect(try await there.secret(of: kept.key.id)?.secret == kept.secret)
    }
}
