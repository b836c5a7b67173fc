import FaceRecognition
import Foundation
import Synchronization
import Testing

@testable import SQLiteStorage

/// Snapshots of a large gallery's codes: used when they are right, found out when they are not.
@Suite struct SnapshotTests {
    private let temporary = TemporaryDirectory()
    private let count = LoadedGallery.leastFacesOfSnapshot
    private let gallery = GalleryDescription.sample(dimension: 8)
    private var folder: String { temporary.data + "/codes" }

    private func faces(_ seeds: Range<Int>) -> [EnrolledFace] { seeds.map { EnrolledFace.sample($0, dimension: 8) } }

    private func fill() async throws {
        let store = try await temporary.store()
        for first in stride(from: 0, to: count, by: 4_096) {
            try await store.change(.enrol(faces(first..<min(count, first + 4_096)), in: gallery))
        }
        _ = try await store.gallery(.staff)
        try store.close()
    }

    /// How many faces were read from templates when the gallery was loaded: those that the snapshot did not give.
    private func file() throws -> String {
        folder + "/" + (try #require(try FileManager.default.contentsOfDirectory(atPath: folder).first))
    }

    private func answers(_ store: SQLiteStore) async throws -> [Candidate] {
        try await store.gallery(.staff).candidates(
            for: [EnrolledFace.sample(9_000_005, dimension: 8).template], limit: 20, atLeast: ComparisonScore(-1))[0]
    }

    private func loaded(_ store: SQLiteStore) async throws -> LoadedGallery {
        try await store.inTurn { db in
            let tables = store.tables(db)
            return try tables.load(tables.gallery(.staff), from: store.snapshots) { _, _ in }
        }
    }

    @Test("A snapshot is used, followed by what was enrolled since, destroyed when a face is forgotten, and made again")
    func life() async throws {
        try await fill()
        let path = try file()
        var expected: [Candidate]
        do {
            let store = try await temporary.store()
            #expect(try await loaded(store).missingInSnapshot == 0)
            expected = try await answers(store)
            #expect(expected.count == 20)
            // Sealed: neither the codes' beginnings nor their rows are to be read.
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)).range(of: Data("CNT-IX".utf8)) == nil)
            try await store.change(.enrol(faces(count..<(count + 100)), in: gallery))
            try await store.change(.join([expected[3].face.id], person: "Ann", in: .staff))
            expected = try await answers(store)
            try store.close()
        }
        do {
            let store = try await temporary.store()
            let loaded = try await loaded(store)
            #expect(loaded.missingInSnapshot == 100 && loaded.index.count == count + 100)
            #expect(try await answers(store) == expected)
            let ann = try await store.gallery(.staff).candidates(
                for: [EnrolledFace.sample(9_000_005, dimension: 8).template], limit: 20, atLeast: ComparisonScore(-1),
                where: CandidateFilter(person: "Ann"))[0]
            #expect(ann.map(\.face.person) == ["Ann"])
            #expect(try store.check(.staff) == [])
            try await store.forget(faces(0..<1)[0])
            #expect(FileManager.default.fileExists(atPath: path))
            // Which face it was is another matter: the ids of samples are new each time.
            try await store.change(.forget([expected[0].face.id], in: .staff))
            #expect(!FileManager.default.fileExists(atPath: path))
            #expect(try await answers(store).first?.face.id == expected[1].face.id)
            try store.close()
        }
        #expect(FileManager.default.fileExists(atPath: path))
        let store = try await temporary.store()
        #expect(try await loaded(store).missingInSnapshot == 0)
        #expect(try await answers(store).first?.face.id == expected[1].face.id)
    }

    @Test("A torn, damaged or foreign snapshot is found out, told by the check, and the answer is the same")
    func broken() async throws {
        try await fill()
        let path = try file(), whole = try Data(contentsOf: URL(fileURLWithPath: path))
        let expected = try await { () async throws -> [Candidate] in try await answers(temporary.store()) }()
        var cases: [Data] = [Data(), whole.dropLast(), whole.prefix(9), whole.prefix(45), whole + [0]]
        for i in [0, 8, 9, 41, 45, 60, whole.count / 2, whole.count - 1] {
            var flipped = whole
            flipped[i] ^= 4
            cases.append(flipped)
        }
        for (i, bytes) in cases.enumerated() {
            let told = Mutex(0)
            let store = try await SQLiteStore.open(in: try await DataDirectory.open(at: temporary.data)) { _, done, total in
                told.withLock { $0 = done == total ? $0 + 1 : $0 }
            }
            try bytes.write(to: URL(fileURLWithPath: path))
            #expect(try store.check(.staff).count == 1, "case \(i)")
            #expect(try await loaded(store).missingInSnapshot == nil, "case \(i)")
            #expect(try await answers(store) == expected, "case \(i)")
            #expect(told.withLock { $0 } > 0)
            // Made again by that.
            #expect(try store.check(.staff) == [], "case \(i)")
            try store.close()
        }
    }

    @Test("Another gallery's snapshot in a gallery's place is found out") func foreign() async throws {
        try await fill()
        let store = try await temporary.store()
        try await store.enrol(.sample(9_000_001, dimension: 8), in: .sample(.guests, dimension: 8))
        let guests = try await store.upkeep(of: .guests).key
        try FileManager.default.copyItem(atPath: file(), toPath: folder + "/\(guests).snapshot")
        #expect(try store.check(.guests).count == 1)
        #expect(try await store.gallery(.guests).count == 1)
    }

    @Test("An older snapshot of the same gallery, put back after a face was forgotten, brings nobody back")
    func replayed() async throws {
        try await fill()
        let path = try file(), old = try Data(contentsOf: URL(fileURLWithPath: path))
        let gone: FaceID
        do {
            let store = try await temporary.store()
            gone = try #require(try await answers(store).first?.face.id)
            try await store.change(.forget([gone], in: .staff))
            try store.close()
        }
        try old.write(to: URL(fileURLWithPath: path))
        let store = try await temporary.store()
        #expect(try await !answers(store).map(\.face.id).contains(gone))
        #expect(try store.check(.staff).count <= 1)
    }
}
