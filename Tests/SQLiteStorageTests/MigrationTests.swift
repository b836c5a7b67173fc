import FaceRecognition
import Foundation
import Testing

@testable import SQLiteStorage

@Suite("Databases of earlier versions") struct MigrationTests {
    private let temporary = TemporaryDirectory()

    /// Made by the first version: `countenance enrol --gallery staff` of two sample portraits, of which one was forgotten.
    @Test("A database of the first version opens with all its faces, is searched, and is added to") func v1() async throws {
        let old = try #require(Bundle.module.url(forResource: "v1", withExtension: "sqlite", subdirectory: "Databases"))
        try FileManager.default.createDirectory(atPath: temporary.data, withIntermediateDirectories: true)
        try FileManager.default.copyItem(at: old, to: URL(fileURLWithPath: temporary.file))
        let store = try await temporary.store()
        try store.check()
        let gallery = try await store.description(of: .staff)
        #expect(gallery.faces == 1 && gallery.model.rawValue == "sface-2021dec")
        let face = try #require(try await store.faces(in: .staff, nil).first)
        #expect(try await store.faces(from: try #require(face.photograph), in: .staff) == [face])
        let whole = try #require(try await store.templates(in: .staff, from: 0, count: 5).faces.first)
        let found = try await store.gallery(.staff).candidates(
            for: [whole.template], limit: 5, atLeast: ComparisonScore(0.999))[0]
        #expect(found.map(\.face) == [face])
        #expect(try store.check(.staff) == [])
        #expect(try await store.upkeep(of: .staff).bytes > 512)
        // What the first version kept plainly is sealed now, and nothing plain is left.
        #expect(try !temporary.contains(whole.mark))
        #expect(try !temporary.contains(Data(try #require(face.externalID).utf8)))
        let new = EnrolledFace.sample(1, model: "sface-2021dec")
        try await store.enrol(new, in: gallery)
        #expect(try await store.faces(in: .staff, nil).map(\.id) == [face.id, new.id])
    }

    /// Made by the version before the fourth form: `countenance enrol` of sample portraits into two galleries, one of which
    /// keeps crops; a face was forgotten. The keys are this database's and open nothing else.
    private func placeVersion3() throws -> URL {
        let folder = try #require(Bundle.module.url(forResource: "v3", withExtension: nil, subdirectory: "Databases"))
        try FileManager.default.createDirectory(atPath: temporary.data, withIntermediateDirectories: true)
        for name in ["countenance.sqlite", "gallery.keys", "master.key"] {
            let path = temporary.data + "/" + name
            try FileManager.default.copyItem(at: folder.appendingPathComponent(name), to: URL(fileURLWithPath: path))
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        }
        return folder
    }

    @Test("A database of the third form opens with all its faces, people, crops and sums, and takes what is new")
    func v3() async throws {
        _ = try placeVersion3()
        let store = try await temporary.store()
        try store.check()
        for name in [GalleryName.staff, .guests] { #expect(try store.check(name) == []) }
        // As `gallery show --json` printed it then.
        #expect(try await store.upkeep(of: .staff).bytes == 1_865)
        #expect(try await store.upkeep(of: .guests).bytes == 38_296)
        let faces = try await store.faces(in: .staff, nil)
        #expect(
            faces.map(\.id.rawValue) == [
                "01a21786-b8f3-7b1b-aac5-b01104507724", "01a21786-c35a-78f5-9ffb-940b5c619014",
                "01a21786-d6c0-7f56-860d-f8b29e92978e",
            ])
        #expect(faces.map(\.externalID) == ["obama-1", "obama2.jpg", "obama3.jpg"])
        #expect(faces.allSatisfy { $0.photographSize == nil })
        #expect(
            try await store.people(in: .staff) == [
                PersonDescription(name: "ada", faces: 2), PersonDescription(name: "bob", faces: 1),
            ])
        let guest = try #require(try await store.faces(in: .guests, nil).first)
        #expect(try await store.crop(of: guest.id, in: .guests) != nil)
        #expect(try store.recordCount() == 12)
        let whole = try await store.templates(in: .staff, from: 0, count: 5).faces
        #expect(
            try await store.gallery(.staff, people: true).people(for: whole[2].template, limit: 1, atLeast: ComparisonScore(0.9))
                .map(\.best.face.person) == ["bob"])
        try await store.change(.leave([faces[2].id], in: .staff))
        try await store.change(.createPerson("bob", in: .staff))
        try await store.change(.tag(.guests, adding: ["a": "b"], removing: []))
        try await store.forget(whole[0])
        #expect(try await store.people(in: .staff, after: nil, count: 9).people.map(\.name) == ["ada", "bob"])
        for name in [GalleryName.staff, .guests] { #expect(try store.check(name) == []) }
    }

    @Test("A face of the third form is forgotten without a trace in the fourth") func v3erased() async throws {
        _ = try placeVersion3()
        let store = try await temporary.store()
        let marks = try store.marks(of: .staff)
        let ids = try await store.faces(in: .staff, nil).map(\.id)
        try await store.change(.forget(ids, in: .staff))
        #expect(marks.count == 5)
        for mark in marks { #expect(try !temporary.contains(mark)) }
    }

    @Test("A backup of the third form is restored") func v3backup() async throws {
        let folder = try placeVersion3()
        let store = try await temporary.store()
        let before = try await store.faces(in: .staff, nil)
        try await store.change(.forget([before[0].id], in: .staff))
        try await store.change(.createPerson("new", in: .staff))
        let backup = temporary.path + "/v3.backup"
        try FileManager.default.copyItem(atPath: folder.appendingPathComponent("v3.backup").path, toPath: backup)
        let bytes = try Data(contentsOf: URL(fileURLWithPath: backup))
        #expect(try store.contents(ofBackup: backup).galleries.map(\.description.faces) == [1, 3])
        try await store.change(.restore(from: backup))
        #expect(try await store.faces(in: .staff, nil) == before)
        #expect(try await store.people(in: .staff).map(\.name) == ["ada", "bob"])
        for name in [GalleryName.staff, .guests] { #expect(try store.check(name) == []) }
        // It is not touched, and no copy stays.
        #expect(try Data(contentsOf: URL(fileURLWithPath: backup)) == bytes)
        #expect(try FileManager.default.contentsOfDirectory(atPath: temporary.data).allSatisfy { !$0.contains("older") })
    }
}
