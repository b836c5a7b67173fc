import FaceRecognition
import Foundation
import GRDB
import Testing

@testable import SQLiteStorage

@Suite struct BackupTests {
    private let temporary = TemporaryDirectory()
    private var file: String { temporary.path + "/backup" }

    private func restore(_ store: SQLiteStore, from file: String? = nil) async throws {
        try await store.change(.restore(from: file ?? self.file))
    }

    @Test("A backup restores every face, person and crop; the copy passes the check") func roundTrip() async throws {
        let store = try await temporary.store()
        let a = EnrolledFace.sample(1, dimension: 8, person: "Ann"), b = EnrolledFace.sample(2, dimension: 8)
        let crop = FaceCrop(
            AlignedCrop(
                size: PixelSize(width: 2, height: 1), pixels: [1, 2, 3, 4, 5, 6],
                transform: SimilarityTransform(a: 1, b: 0, tx: 0, ty: 0)))
        let gallery = GalleryDescription.sample(dimension: 8, retention: 1e9, keepsCrops: true)
        try await store.enrol(EnrolledFace(description: a.description, template: a.template, crop: crop), b, in: gallery)
        try await store.enrol(.sample(3), in: .sample(.guests))
        let before = try await store.faces(in: .staff, nil)
        try store.backUp(to: file)
        #expect(try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int == 0o600)
        // What happens afterwards is undone by the restoration, in the galleries of the backup only.
        try await store.enrol(.sample(4, dimension: 8, person: "Late"), in: gallery)
        try await store.change(.join([b.id], person: "Ben", in: .staff))
        try await store.enrol(.sample(5), in: .sample(try GalleryName("later")))
        try await restore(store)
        #expect(try await store.faces(in: .staff, nil) == before)
        #expect(try await store.people(in: .staff).map(\.name) == ["Ann"])
        #expect(try await store.crop(of: a.id, in: .staff) == crop)
        let back = try await store.description(of: .staff)
        #expect(back.faces == 2 && back.people == 1 && back.retention == 1e9 && back.keepsCrops)
        #expect(try await store.galleries().map(\.name.rawValue) == ["guests", "later", "staff"])
        for name in ["guests", "later", "staff"] { #expect(try store.check(GalleryName(name)) == []) }
        let found = try await store.gallery(.staff).candidates(for: [a.template], limit: 5, atLeast: ComparisonScore(0.99))[0]
        #expect(found.map(\.face.id) == [a.id])
        // The record goes on.
        #expect(try store.recordCount() == 6)
        try store.check()
        // And so does everything else.
        try await store.enrol(.sample(6, dimension: 8), in: gallery)
        #expect(try await store.gallery(.staff).count == 3)
    }

    @Test("What was forgotten since the backup does not come back, nor does a gallery that was deleted") func forgotten() async throws {
        let store = try await temporary.store()
        let gone = EnrolledFace.sample(1, person: "Marked"), stays = EnrolledFace.sample(2)
        try await store.enrol(gone, stays)
        try await store.enrol(.sample(3), in: .sample(.guests))
        try store.backUp(to: file)
        var record = Record.sample("forgotten")
        record.forgotten = [gone.id]
        _ = try await store.apply(.forget([gone.id], in: .staff), recordedAs: record)
        try await store.change(.delete(.guests))
        #expect(try store.contents(ofBackup: file).galleries.map(\.canBeRead) == [false, true])
        try await restore(store)
        #expect(try await store.faces(in: .staff, nil).map(\.id) == [stays.id])
        #expect(try await store.people(in: .staff).isEmpty)
        #expect(try await store.galleries().map(\.name) == [.staff])
        #expect(try store.check(.staff) == [])
    }

    @Test("A deleted gallery cannot be read in a backup with the keys that are left") func destroyed() async throws {
        let store = try await temporary.store()
        try await store.enrol(.sample(1, person: "Marked Name"))
        try store.backUp(to: file)
        let bytes = try Data(contentsOf: URL(fileURLWithPath: file))
        #expect(bytes.range(of: Data("Marked Name".utf8)) == nil && bytes.range(of: EnrolledFace.sample(1).mark) == nil)
        let key = try #require(try store.keys.ring().galleries.values.first)
        let (id, sealed) = try store.onConnection { db in
            let row = try #require(try Row.fetchOne(db, sql: "SELECT id, sealed FROM face"))
            return (row[0] as Data, row[1] as Data)
        }
        #expect(bytes.range(of: sealed) != nil && key.open(sealed, .face, of: id, extra: .max) != nil)
        try await store.change(.delete(.staff))
        // No key of the ring opens what the backup has.
        for left in try store.keys.ring().galleries.values { #expect(left.open(sealed, .face, of: id, extra: .max) == nil) }
        #expect(try store.keys.ring().galleries[key.id] == nil)
    }

    @Test("A backup is restored on a new machine, once its keys are there") func elsewhere() async throws {
        let new = TemporaryDirectory()
        do {
            let store = try await temporary.store()
            try await store.enrol(.sample(1, person: "Ann"))
            try store.backUp(to: file)
        }
        try FileManager.default.createDirectory(atPath: new.data, withIntermediateDirectories: true)
        for key in ["master.key", "gallery.keys"] {
            try FileManager.default.copyItem(atPath: temporary.data + "/" + key, toPath: new.data + "/" + key)
        }
        let store = try await new.store()
        try await restore(store)
        #expect(try await store.people(in: .staff).map(\.name) == ["Ann"])
        #expect(try store.check(.staff) == [])
        // The record of the first machine goes on here.
        #expect(try store.recordCount() == 2)
        try store.check()
    }

    @Test("Another installation's backup is refused, and nothing is changed") func foreign() async throws {
        let other = TemporaryDirectory()
        do {
            let store = try await other.store()
            try await store.enrol(.sample(1))
            try store.backUp(to: file)
        }
        let store = try await temporary.store()
        try await store.enrol(.sample(2))
        let error = await failure { try await restore(store) }
        #expect(error?.code == .notABackup && error?.message.contains("another installation") == true)
        #expect(try await store.gallery(.staff).count == 1)
        #expect(try store.recordCount() == 1)
    }

    @Test("A backup whose record is not of one history with ours is refused") func history() async throws {
        let copy = TemporaryDirectory()
        do {
            let store = try await temporary.store()
            try await store.enrol(.sample(1))
            try store.backUp(to: file)
        }
        try FileManager.default.copyItem(atPath: temporary.data, toPath: copy.data)
        do {
            let store = try await copy.store()
            try await store.enrol(.sample(2))
            try store.backUp(to: file + "2")
        }
        let store = try await temporary.store()
        try await store.enrol(.sample(3))
        let error = await failure { try await restore(store, from: file + "2") }
        #expect(error?.message.contains("entry 1") == true)
        #expect(try await store.gallery(.staff).count == 2)
    }

    @Test("What is no backup, or a damaged one, is refused with its name", arguments: ["text", "sqlite", "cut", "flipped", "none", "folder"])
    func bad(kind: String) async throws {
        let store = try await temporary.store()
        try await store.change(.enrol((0..<200).map { EnrolledFace.sample($0) }, in: .sample()))
        try store.backUp(to: file)
        let bad = temporary.path + "/bad"
        var bytes = try Data(contentsOf: URL(fileURLWithPath: file))
        switch kind {
        case "text": bytes = Data(String(repeating: "text ", count: 1_000).utf8)
        case "cut": bytes = bytes.prefix(bytes.count / 2)
        case "flipped": for i in 0..<64 { bytes[8 * 4_096 + i] ^= 0x5A }
        case "sqlite":
            let database = try DatabaseQueue(path: bad)
            try database.inDatabase { try $0.execute(sql: "CREATE TABLE a (b)") }
            try database.close()
        case "folder": try FileManager.default.createDirectory(atPath: bad, withIntermediateDirectories: true)
        default: break
        }
        if !["none", "sqlite", "folder"].contains(kind) { try bytes.write(to: URL(fileURLWithPath: bad)) }
        let error = await failure { try await restore(store, from: bad) }
        #expect(error?.code == .notABackup && error?.message.contains(bad) == true)
        #expect(try await store.gallery(.staff).count == 200)
        #expect(FileManager.default.fileExists(atPath: bad) == (kind != "none"))
    }

    @Test("A backup is never written over a file, and a failed one leaves none") func noFile() async throws {
        let store = try await temporary.store()
        try await store.enrol(.sample(1))
        try Data("mine".utf8).write(to: URL(fileURLWithPath: file))
        let taken = await failure { try store.backUp(to: file) }
        #expect(taken?.code == .placeTaken && taken?.message.contains("already") == true)
        #expect(try Data(contentsOf: URL(fileURLWithPath: file)) == Data("mine".utf8))
        #expect(await failure { try store.backUp(to: temporary.path + "/nowhere/backup") }?.code == .storageUnavailable)
        #expect(try FileManager.default.contentsOfDirectory(atPath: temporary.path).sorted() == ["backup", "data"])
    }

    @Test("Backup, check and restoration work beside the owner, who notices") func beside() async throws {
        let owner = try await temporary.store()
        let face = EnrolledFace.sample(1)
        try await owner.enrol(face)
        #expect(try await owner.gallery(.staff).count == 1)
        do {
            let guest = try await SQLiteStore.open(in: try await DataDirectory.openBesideOwner(at: temporary.data))
            try guest.backUp(to: file)
            #expect(try guest.check(.staff) == [])
            _ = try await guest.append(.sample("backed-up"))
        }
        try await owner.enrol(.sample(2))
        #expect(try await owner.gallery(.staff).count == 2)
        do {
            let guest = try await SQLiteStore.open(in: try await DataDirectory.openBesideOwner(at: temporary.data))
            try await restore(guest)
        }
        #expect(try await owner.gallery(.staff).count == 1)
        try await owner.enrol(.sample(3))
        #expect(try await owner.gallery(.staff).count == 2)
        #expect(try owner.check(.staff) == [])
        #expect(try owner.recordCount() == 5)
        try owner.check()
    }

    @Test("A backup that is made while others enrol is of one moment") func meanwhile() async throws {
        let store = try await temporary.store()
        try await store.enrol(.sample(0))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { for seed in 1..<60 { try await store.enrol(.sample(seed)) } }
            for i in 0..<4 {
                group.addTask {
                    try store.backUp(to: "\(file)-\(i)")
                    let contents = try store.contents(ofBackup: "\(file)-\(i)")
                    // Each enrolment is one entry of the record, in the same transaction.
                    #expect(contents.galleries.first?.description.faces == contents.records)
                }
            }
            try await group.waitForAll()
        }
        try await restore(store, from: file + "-0")
        #expect(try store.check(.staff) == [])
    }
}
