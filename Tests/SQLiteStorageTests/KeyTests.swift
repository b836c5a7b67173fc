import Crypto
import FaceRecognition
import Foundation
import Testing

@testable import SQLiteStorage

/// The master key, the ring of keys, and what happens when one of them is missing, torn or another's.
@Suite struct KeyTests {
    fileprivate let temporary = TemporaryDirectory()
    private var master: String { temporary.data + "/master.key" }
    fileprivate var ring: String { temporary.data + "/gallery.keys" }

    private func fill() async throws {
        let store = try await temporary.store()
        try await store.enrol(.sample(1, person: "Ann"), .sample(2))
        try store.close()
    }

    private func mode(_ path: String) throws -> Int {
        try #require(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
    }

    @Test("The keys are made at first use, for their owner only, and used again") func made() async throws {
        try await fill()
        for path in [master, ring, temporary.file] { #expect(try mode(path) == 0o600) }
        let before = try Data(contentsOf: URL(fileURLWithPath: master))
        #expect(Data(base64Encoded: String(decoding: before, as: UTF8.self).trimmingCharacters(in: .newlines))?.count == 32)
        #expect(try await temporary.store().gallery(.staff).count == 2)
        #expect(try Data(contentsOf: URL(fileURLWithPath: master)) == before)
    }

    @Test("A key that others can read is not used", arguments: ["master.key", "gallery.keys"], [0o640, 0o604, 0o601])
    func readByOthers(name: String, mode: Int) async throws {
        try await fill()
        let path = temporary.data + "/" + name
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        let store = try await temporary.store()
        let error = await failure { _ = try await store.gallery(.staff) }
        #expect(error?.code == .keyMissing)
        #expect(error?.message.contains("chmod 600") == true && error?.message.contains(path) == true)
    }

    @Test("Without its keys a store opens, lists and records; what is sealed stays sealed, and nothing is made in their place",
        arguments: ["master.key", "gallery.keys"])
    func missing(name: String) async throws {
        try await fill()
        let path = temporary.data + "/" + name
        try FileManager.default.moveItem(atPath: path, toPath: temporary.path + "/away")
        do {
            let store = try await temporary.store()
            #expect(try await store.galleries().map(\.faces) == [2])
            _ = try await store.append(.sample())
            for error in [
                await failure { _ = try await store.gallery(.staff) },
                await failure { _ = try await store.faces(in: .staff, nil) },
                await failure { try await store.enrol(.sample(3)) },
                await failure { try await store.enrol(.sample(3), in: .sample(.guests)) },
                await failure { _ = try store.digest(of: Data("photograph".utf8)) },
                await failure { try store.rotateMasterKey(to: "UNSET") },
            ] {
                #expect(error?.code == .keyMissing)
                #expect(error?.message.contains(name) == true)
            }
            #expect(try store.check(.staff).count == 1)
            #expect(!FileManager.default.fileExists(atPath: path))
        }
        try FileManager.default.moveItem(atPath: temporary.path + "/away", toPath: path)
        let store = try await temporary.store()
        #expect(try await store.gallery(.staff).count == 2)
        #expect(try store.recordCount() == 2)
    }

    @Test("Another installation's keys are told from one's own") func foreign() async throws {
        try await fill()
        let other = TemporaryDirectory()
        do {
            let store = try await other.store()
            try await store.enrol(.sample(1))
        }
        // Its master key does not open this ring.
        try FileManager.default.removeItem(atPath: master)
        try FileManager.default.copyItem(atPath: other.data + "/master.key", toPath: master)
        do {
            let store = try await temporary.store()
            let error = await failure { _ = try await store.gallery(.staff) }
            #expect(error?.code == .keyMissing && error?.message.contains("does not open") == true)
        }
        // Both of its files open, but do not belong to this database.
        try FileManager.default.removeItem(atPath: ring)
        try FileManager.default.copyItem(atPath: other.data + "/gallery.keys", toPath: ring)
        let error = await failure { _ = try await temporary.store() }
        #expect(error?.code == .keyMissing && error?.message.contains("another installation") == true)
    }

    @Test("Any bit that is flipped in the ring is found", arguments: [0, 8, 9, 10, 13, 14, 30, 100, 180]) func flipped(at i: Int) async throws {
        try await fill()
        var bytes = try Data(contentsOf: URL(fileURLWithPath: ring))
        bytes[i] ^= 1
        try bytes.write(to: URL(fileURLWithPath: ring))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: ring)
        let store = try await temporary.store()
        #expect(await failure { _ = try await store.gallery(.staff) }?.code == .keyMissing)
    }

    @Test("A ring that is cut short anywhere is found") func torn() async throws {
        try await fill()
        let whole = try Data(contentsOf: URL(fileURLWithPath: ring))
        for length in stride(from: 0, to: whole.count, by: 17) {
            #expect(FileManager.default.createFile(atPath: ring, contents: whole.prefix(length), attributes: [.posixPermissions: 0o600]))
            let store = try await temporary.store()
            #expect(await failure { _ = try await store.gallery(.staff) }?.code == .keyMissing)
            try store.close()
        }
    }

    @Test("A master key that is none is refused", arguments: ["", "AAAA", "not base64!", String(repeating: "A", count: 44)])
    func nonsense(text: String) async throws {
        try await fill()
        #expect(FileManager.default.createFile(atPath: master, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600]))
        let store = try await temporary.store()
        #expect(await failure { _ = try await store.gallery(.staff) }?.code == .keyMissing)
    }

    @Test("Rotation writes no gallery, and the old key opens nothing any more") func rotate() async throws {
        try await fill()
        let old = try Data(contentsOf: URL(fileURLWithPath: master))
        let before: String
        do {
            let store = try await temporary.store()
            before = try store.masterKey().name
            let marks = try store.marks()
            try store.rotateMasterKey(to: "UNSET")
            #expect(try store.masterKey().name != before)
            #expect(try store.marks() == marks)
            try await store.enrol(.sample(3))
        }
        do {
            let store = try await temporary.store()
            #expect(try await store.gallery(.staff).count == 3)
            #expect(try store.check(.staff) == [])
        }
        #expect(FileManager.default.createFile(atPath: master, contents: old, attributes: [.posixPermissions: 0o600]))
        let store = try await temporary.store()
        #expect(await failure { _ = try await store.gallery(.staff) }?.message.contains(before) == true)
    }

    @Test("A rotation that a crash cut short is finished, whichever master key is there", arguments: [false, true])
    func rotationCut(newIsThere: Bool) async throws {
        try await fill()
        do {
            let directory = try await DataDirectory.open(at: temporary.data)
            let old = try #require(try MasterKey.load(in: directory, environment: [:]))
            let ring = try #require(try Keyring.load(in: directory, master: old)).ring
            let new = MasterKey.unsaved(for: directory)
            // As `Keys.rotate` does it, up to a point.
            try ring.save(in: directory, under: [old, new])
            if newIsThere { try new.save() }
        }
        do {
            let store = try await temporary.store()
            #expect(try await store.gallery(.staff).count == 2)
            try store.close()
        }
        let directory = try await DataDirectory.open(at: temporary.data)
        let master = try MasterKey.load(in: directory, environment: [:])
        #expect(try #require(try Keyring.load(in: directory, master: master)).boxes == 1)
    }

    @Test("A master key from the environment goes first, and no file is made") func environment() async throws {
        let directory = try await DataDirectory.open(at: temporary.data)
        let text = Data((0..<32).map { UInt8($0) }).base64EncodedString()
        let key = try #require(try MasterKey.load(in: directory, environment: [MasterKey.variable: text]))
        #expect(key.source == .environment)
        let ring = Keyring().adding(GalleryKey())
        try ring.save(in: directory, under: [key])
        let again = try #require(try Keyring.load(in: directory, master: key)).ring
        #expect(again.galleries.keys == ring.galleries.keys && again.installation == ring.installation)
        #expect(!FileManager.default.fileExists(atPath: master))
        #expect(throws: RecognitionError.self) {
            try MasterKey.load(in: directory, environment: [MasterKey.variable: "short"])
        }
    }

    @Test("What is sealed opens only as what, whose and where it was sealed") func binding() throws {
        let key = GalleryKey(), other = GalleryKey()
        let id = FaceID().bytes, plain = Data("template".utf8)
        let sealed = try key.seal(plain, .face, of: id, extra: 7)
        #expect(key.open(sealed, .face, of: id, extra: 7) == plain)
        #expect(key.open(sealed, .crop, of: id, extra: 7) == nil)
        #expect(key.open(sealed, .face, of: FaceID().bytes, extra: 7) == nil)
        #expect(key.open(sealed, .face, of: id, extra: 8) == nil)
        #expect(other.open(sealed, .face, of: id, extra: 7) == nil)
        #expect(GalleryKey(id: other.id, bytes: key.bytes).open(sealed, .face, of: id, extra: 7) == nil)
        for i in sealed.indices {
            var flipped = sealed
            flipped[i] ^= 0x10
            #expect(key.open(flipped, .face, of: id, extra: 7) == nil)
        }
        // Never the same twice.
        let again = try key.seal(plain, .face, of: id, extra: 7)
        #expect(again != sealed)
        #expect(key.token(of: "Ann") == key.token(of: "Ann") && key.token(of: "Ann") != other.token(of: "Ann"))
    }

    // The first of NIST's CAVP vectors gcmEncryptExtIV256: that the library below us does what its name says.
    @Test("AES-256-GCM is as NIST's vector has it") func vector() throws {
        func bytes(_ hex: String) -> Data {
            Data(stride(from: 0, to: hex.count, by: 2).map { i in
                let from = hex.index(hex.startIndex, offsetBy: i)
                return UInt8(hex[from..<hex.index(from, offsetBy: 2)], radix: 16)!
            })
        }
        let box = try AES.GCM.seal(
            Data(), using: SymmetricKey(data: bytes("b52c505a37d78eda5dd34f20c22540ea1b58963cf8e5bf8ffa85f9f2492505b4")),
            nonce: AES.GCM.Nonce(data: bytes("516c33929df5a3284ff463d7")))
        #expect(Data(box.tag) == bytes("bdc1ac884d332457a1d2664f168c76f0"))
    }
}

extension KeyTests {
    @Test("A gallery that could not be made leaves no key behind") func noOrphans() async throws {
        let store = try await temporary.store()
        let one = EnrolledFace.sample(1), two = [one, one]
        #expect(await failure { try await store.change(.enrol(two, in: .sample())) }?.code == .overtaken)
        #expect(try store.keys.ring().galleries.isEmpty)
        try await store.enrol(.sample(1))
        #expect(try store.keys.ring().galleries.count == 1)
    }

    @Test("Beside the owner nothing changes the ring of keys") func besideOwner() async throws {
        let owner = try await temporary.store()
        try await owner.enrol(.sample(1))
        let before = try Data(contentsOf: URL(fileURLWithPath: ring))
        let guest = try await SQLiteStore.open(in: try await DataDirectory.openBesideOwner(at: temporary.data))
        for change in [GalleryChange.create(.sample(.guests)), .delete(.staff), .enrol([.sample(2)], in: .sample(.guests))] {
            #expect(await failure { try await guest.change(change) }?.code == .dataDirectoryInUse)
        }
        #expect(await failure { try guest.rotateMasterKey(to: "UNSET") }?.code == .dataDirectoryInUse)
        #expect(try Data(contentsOf: URL(fileURLWithPath: ring)) == before)
        try await owner.enrol(.sample(3), in: .sample(.guests))
        #expect(try await owner.galleries().count == 2)
    }
}
