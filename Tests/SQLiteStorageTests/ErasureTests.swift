import FaceRecognition
import struct FaceRecognition.Record
import Foundation
import GRDB
@testable import SQLiteStorage
import Testing

/// Nothing of a person is left in the data directory's files, closed or open: not the plain bytes, which are never there,
/// and not the sealed ones, which the gallery's key would open.
@Suite struct ErasureTests {
    private let temporary = TemporaryDirectory()

    @Test("What is enrolled is nowhere to be read") func sealed() async throws {
        let store = try await temporary.store()
        let face = EnrolledFace.sample(1, dimension: 512, person: "Marked Name")
        try await store.enrol(face, in: .sample(dimension: 512))
        #expect(try !temporary.contains(face.mark))
        #expect(try !temporary.contains(Data("Marked Name".utf8)))
        // Open and closed: in the log and in the file.
        try store.close()
        #expect(try !temporary.contains(face.mark))
        #expect(try !temporary.contains(Data("Marked Name".utf8)))
    }

    @Test("A forgotten face leaves neither its sealed template nor its person's sealed name behind")
    func forget() async throws {
        let store = try await temporary.store()
        let face = EnrolledFace.sample(1, dimension: 512, person: "Marked Name")
        let picture = FaceCrop(
            AlignedCrop(
                size: PixelSize(width: 112, height: 112), pixels: [UInt8](repeating: 9, count: 3 * 112 * 112),
                transform: SimilarityTransform(a: 1, b: 0, tx: 0, ty: 0)))
        let gallery = GalleryDescription.sample(dimension: 512, keepsCrops: true)
        try await store.enrol(
            EnrolledFace(description: face.description, template: face.template, crop: picture), .sample(2, dimension: 512),
            in: gallery)
        let marks = try store.marks()
        #expect(marks.count == 4)
        // The search finds what is there.
        for mark in marks { #expect(try temporary.contains(mark)) }
        try await store.forget(face)
        let kept = try store.marks()
        #expect(kept.count == 1)
        for mark in marks.subtracting(kept) { #expect(try !temporary.contains(mark)) }
        for mark in kept { #expect(try temporary.contains(mark)) }
    }

    // Names of all lengths, and enrolling in between, make SQLite move rows from page to page, unless they are only ever
    // appended: `secure_delete` alone leaves copies of some of them behind then.
    @Test("Nor do many that are forgotten among others that stay, while more are enrolled, join and leave", arguments: 1...3)
    func scattered(seed: Int) async throws {
        let store = try await temporary.store()
        var random = SeededGenerator(state: UInt64(seed))
        var enrolled: [EnrolledFace] = []
        var gone: Set<Data> = []
        for round in 0..<6 {
            let new = (0..<80).map { number in
                let length = Int.random(in: 0...([5, 60, 200].randomElement(using: &random)!), using: &random)
                let person = "Marked \(Int.random(in: 100_000..<1_000_000, using: &random)) " + String(repeating: "x", count: length)
                return EnrolledFace.sample(100 * round + number, dimension: 64, person: number % 3 == 0 ? nil : person)
            }
            try await store.change(.enrol(new, in: .sample(dimension: 64)))
            enrolled = (enrolled + new).shuffled(using: &random)
            let before = try store.marks()
            try await store.change(.forget(enrolled.prefix(60).map(\.id), in: .staff))
            enrolled.removeFirst(60)
            let free = try await store.faces(in: .staff, nil).filter { $0.person == nil }.prefix(10)
            try await store.change(.join(free.map(\.id), person: "Joined \(round)", in: .staff))
            try await store.change(.leave(free.prefix(3).map(\.id), in: .staff))
            gone.formUnion(before.subtracting(try store.marks()))
        }
        #expect(gone.count > 360)
        let files = try temporary.bytes()
        for mark in gone { #expect(files.range(of: mark) == nil) }
        for mark in try store.marks().prefix(50) { #expect(files.range(of: mark) != nil) }
        #expect(Set(try await store.faces(in: .staff, nil).map(\.id)) == Set(enrolled.map(\.id)))
        #expect(try store.check(.staff) == [])
    }

    @Test("When a quarter of the rows are zeros, the file is written anew without them") func compaction() async throws {
        let store = try await temporary.store()
        let faces = (0..<3_000).map { EnrolledFace.sample($0, dimension: 64) }
        try await store.change(.enrol(faces, in: .sample(dimension: 64)))
        func size() throws -> Int { try Data(contentsOf: URL(fileURLWithPath: temporary.file)).count }
        try await store.change(.forget(faces[..<1_024].map(\.id), in: .staff))
        let before = try size()
        try await store.change(.forget(faces[1_024..<1_030].map(\.id), in: .staff))
        #expect(try size() < before * 3 / 4)
        #expect(try store.onConnection { try Int.fetchOne($0, sql: "SELECT count(*) FROM face") } == 1_970)
        #expect(try store.check(.staff) == [])
        #expect(try await store.gallery(.staff).count == 1_970)
    }

    @Test("Nor does a deleted gallery, whose key is destroyed besides") func delete() async throws {
        let store = try await temporary.store()
        try await store.enrol(.sample(1, person: "Marked Name"))
        try await store.enrol(.sample(2), in: .sample(.guests))
        let key = try await store.upkeep(of: .staff).key
        let marks = try store.marks(of: .staff)
        let ring = try Data(contentsOf: URL(fileURLWithPath: temporary.data + "/gallery.keys"))
        try await store.change(.delete(.staff))
        for mark in marks { #expect(try !temporary.contains(mark)) }
        #expect(try store.keys.ring().galleries.keys.map { $0.uuidString.lowercased() }.contains(key) == false)
        // Whoever copied the ring before has the key; a ring that is merely left behind on the disk is overwritten.
        #expect(try !temporary.contains(ring.suffix(64)))
        #expect(try store.check(.guests) == [])
    }

    @Test("What could not be erased at once is erased when the store is opened again") func later() async throws {
        let face = EnrolledFace.sample(1, person: "Marked Name")
        let marks: Set<Data>
        do {
            let store = try await temporary.store()
            try await store.enrol(face)
            marks = try store.marks()
            // As if the power had gone right after the commit.
            try store.onConnection { db in
                _ = try db.inOneTransaction { try store.tables(db).apply(.forget([face.id], in: .staff)) }
            }
            for mark in marks { #expect(try temporary.contains(mark)) }
        }
        _ = try await temporary.store()
        for mark in marks { #expect(try !temporary.contains(mark)) }
    }

    @Test("A gallery's key is destroyed after a crash between its deletion and that") func keyLater() async throws {
        do {
            let store = try await temporary.store()
            try await store.enrol(.sample(1))
            try store.onConnection { db in
                _ = try db.inOneTransaction { try store.tables(db).apply(.delete(.staff)) }
            }
            #expect(try store.keys.ring().galleries.count == 1)
        }
        #expect(try await temporary.store().keys.ring().galleries.isEmpty)
    }
}
