import FaceRecognition
import Foundation
import Testing

@testable import SQLiteStorage

@Suite struct RetentionTests {
    private let temporary = TemporaryDirectory()
    private let start = Date(timeIntervalSince1970: 1_900_000_000)

    private func face(_ seed: Int, expires: Date? = nil, person: String? = nil) -> EnrolledFace {
        let it = EnrolledFace.sample(seed, dimension: 8, person: person)
        return EnrolledFace(
            description: EnrolledFaceDescription(
                id: it.id, person: person, externalID: nil, photograph: it.description.photograph, box: nil, confidence: nil,
                enrolled: start, expires: expires), template: it.template)
    }

    @Test("A gallery's retention is each face's, unless the face asks for less") func retention() async throws {
        let store = try await temporary.store()
        let gallery = GalleryDescription.sample(dimension: 8, retention: 100)
        try await store.enrol(
            face(1), face(2, expires: start.addingTimeInterval(50)), face(3, expires: start.addingTimeInterval(500)), in: gallery)
        #expect(
            try await store.faces(in: .staff, nil).map(\.expires) == [100, 50, 100].map(start.addingTimeInterval))
        #expect(try await store.description(of: .staff).retention == 100)
    }

    @Test("From the millisecond in which a face expires no search finds it, nor as a part of a person") func search() async throws {
        let store = try await temporary.store()
        let a = face(1, expires: start.addingTimeInterval(50), person: "Ann"), b = face(2, person: "Ann")
        try await store.enrol(a, b, in: .sample(dimension: 8))
        for (time, expected) in [(49.999, Set([a.id, b.id])), (50, [b.id]), (51, [b.id])] {
            let now = start.addingTimeInterval(time)
            let gallery = try await store.gallery(.staff)
            let found = try gallery.candidates(for: [a.template], limit: 9, atLeast: ComparisonScore(-1), now: now)[0]
            #expect(Set(found.map(\.face.id)) == expected, "\(time)")
        }
        // By the clock of this machine neither has expired.
        let people = try await store.gallery(.staff, people: true).people(for: a.template, limit: 9, atLeast: ComparisonScore(-1))
        #expect(people.map(\.faces) == [2])
    }

    @Test("A purge finds what has expired, by gallery, in lots; the rows are gone after it") func purge() async throws {
        let store = try await temporary.store()
        try await store.enrol(face(1), face(2, expires: start), face(3, expires: start.addingTimeInterval(1)), in: .sample(dimension: 8))
        try await store.enrol(face(4, expires: start), in: .sample(.guests, dimension: 8))
        #expect(try await store.expired(at: start.addingTimeInterval(-0.001), count: 9).isEmpty)
        #expect(try await store.expired(at: start, count: 9).mapValues(\.count) == [.staff: 1, .guests: 1])
        let all = try await store.expired(at: start.addingTimeInterval(1), count: 9)
        #expect(all.mapValues(\.count) == [.staff: 2, .guests: 1])
        #expect(try await store.expired(at: start.addingTimeInterval(1), count: 1).values.reduce(0) { $0 + $1.count } == 1)
        let marks = try store.marks()
        for (name, ids) in all { try await store.change(.forget(ids, in: name)) }
        #expect(try await store.expired(at: .distantFuture, count: 9).isEmpty)
        for gone in marks.subtracting(try store.marks()) { #expect(try !temporary.contains(gone)) }
        #expect(try store.check(.staff) == [])
        #expect(try store.check(.guests) == [])
    }

    @Test("Crops are kept only where the gallery keeps them, and come back as they were") func crops() async throws {
        let store = try await temporary.store()
        let crop = FaceCrop(
            AlignedCrop(
                size: PixelSize(width: 3, height: 2), pixels: (0..<18).map { UInt8($0) },
                transform: SimilarityTransform(a: 1, b: 0, tx: 0, ty: 0)))
        let one = EnrolledFace(description: face(1).description, template: face(1).template, crop: crop)
        let two = EnrolledFace(description: face(2).description, template: face(2).template, crop: crop)
        try await store.enrol(one, in: .sample(dimension: 8, keepsCrops: true))
        try await store.enrol(two, in: .sample(.guests, dimension: 8))
        #expect(try await store.crop(of: one.id, in: .staff) == crop)
        #expect(try await store.crop(of: two.id, in: .guests) == nil)
        #expect(try await store.crop(of: one.id, in: .guests) == nil)
        try await store.forget(one)
        #expect(try await store.crop(of: one.id, in: .staff) == nil)
        #expect(FaceCrop(encoded: Data([0, 3, 0, 2]) + Data(count: 17)) == nil && FaceCrop(encoded: Data()) == nil)
    }
}
