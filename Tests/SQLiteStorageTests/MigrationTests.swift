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
        // What the first version kept plainly is sealed now, and nothing plain is left.
        #expect(try !temporary.contains(whole.mark))
        #expect(try !temporary.contains(Data(try #require(face.externalID).utf8)))
        let new = EnrolledFace.sample(1, model: "sface-2021dec")
        try await store.enrol(new, in: gallery)
        #expect(try await store.faces(in: .staff, nil).map(\.id) == [face.id, new.id])
    }
}
