import FaceRecognition
import struct FaceRecognition.Record
import Foundation
import GRDB
@testable import SQLiteStorage
import Testing

@Suite struct GalleryTests {
    private let temporary = TemporaryDirectory()

    @Test("What is enrolled comes back the same, to the last bit, after reopening") func roundTrip() async throws {
        let faces = (0..<20).map { EnrolledFace.sample($0, person: $0.isMultiple(of: 3) ? nil : "Person \($0 % 4) ö") }
        do {
            let store = try await temporary.store()
            try await store.change(.enrol(faces, in: .sample()))
        }
        let store = try await temporary.store()
        let gallery = try await store.description(of: .staff)
        #expect(try await store.faces(in: .staff, nil) == faces.map(\.description))
        #expect(gallery.model.rawValue == "model")
        #expect(gallery.created == GalleryDescription.sample().created)
        #expect(gallery.faces == 20)
        #expect(gallery.people == 4)
        for face in faces {
            #expect(try await store.faces(from: face.description.photograph!, in: .staff) == [face.description])
        }
        let back = try await store.templates(in: .staff, from: 0, count: 100)
        #expect(back.faces == faces && back.next == nil)
        for (one, other) in zip(back.faces, faces) {
            #expect(one.template.components.map(\.bitPattern) == other.template.components.map(\.bitPattern))
        }
    }

    @Test("Faces stay in the order of their enrolment") func order() async throws {
        let store = try await temporary.store()
        let faces = (0..<9).map { EnrolledFace.sample($0) }
        for face in faces { try await store.enrol(face) }
        try await store.forget(faces[4])
        #expect(try await store.faces(in: .staff, nil).map(\.id) == (faces[..<4] + faces[5...]).map(\.id))
    }

    @Test("Galleries are listed by name with their counts") func list() async throws {
        let store = try await temporary.store()
        #expect(try await store.galleries().isEmpty)
        try await store.enrol(.sample(1, person: "A"), .sample(2, person: "A"), .sample(3))
        try await store.change(.create(.sample(.guests)))
        let galleries = try await store.galleries()
        #expect(galleries.map(\.name) == [.guests, .staff])
        #expect(galleries.map(\.faces) == [0, 3])
        #expect(galleries.map(\.people) == [0, 1])
    }

    @Test("A photograph is enrolled in a gallery once, however many try at once") func once() async throws {
        let store = try await temporary.store()
        let errors = await withTaskGroup(of: RecognitionError?.self) { group in
            for seed in 0..<8 {
                group.addTask {
                    await failure { try await store.change(.enrol([.sample(seed, photograph: 1)], in: .sample(), beside: [])) }
                }
            }
            return await group.reduce(into: [RecognitionError]()) { if let error = $1 { $0.append(error) } }
        }
        #expect(errors.count == 7)
        #expect(errors.allSatisfy { $0.code == .overtaken })
        #expect(try await store.gallery(.staff).count == 1)
        #expect(try store.recordCount() == 1)
        // Another gallery is another matter.
        try await store.enrol(.sample(9, photograph: 1), in: .sample(.guests))
    }

    @Test("A face that is there is not enrolled a second time, in no gallery") func sameFace() async throws {
        let store = try await temporary.store()
        try await store.enrol(.sample(1))
        let face = try #require(try await store.templates(in: .staff, from: 0, count: 1).faces.first)
        let error = await failure { try await store.enrol(face, in: .sample(.guests)) }
        #expect(error?.code == .overtaken)
        #expect(try await store.galleries().map(\.name) == [.staff])
    }

    @Test("Templates are read in parts, each face once") func parts() async throws {
        let store = try await temporary.store()
        let faces = (0..<11).map { EnrolledFace.sample($0, dimension: 8) }
        try await store.change(.enrol(faces, in: .sample(dimension: 8)))
        try await store.forget(faces[3])
        var read: [FaceID] = []
        var row: Int64? = 0
        while let from = row {
            let part = try await store.templates(in: .staff, from: from, count: 4)
            #expect(part.faces.count <= 4)
            read += part.faces.map(\.id)
            row = part.next
        }
        #expect(read == (faces[..<3] + faces[4...]).map(\.id))
    }

    @Test("A gallery that is there cannot be created again") func exists() async throws {
        let store = try await temporary.store()
        try await store.change(.create(.sample()))
        let error = await failure { try await store.change(.create(.sample())) }
        #expect(error?.code == .galleryExists)
        #expect(try store.recordCount() == 1)
    }

    @Test("A gallery that is not there is said to be missing") func missing() async throws {
        let store = try await temporary.store()
        #expect(await failure { _ = try await store.gallery(.staff) }?.code == .galleryNotFound)
        #expect(await failure { try await store.forget(in: .staff) }?.code == .galleryNotFound)
        #expect(
            await failure { try await store.change(.delete(.staff)) }?.code == .galleryNotFound)
        #expect(try await store.faces(from: EnrolledFace.sample(1).description.photograph!, in: .staff).isEmpty)
        #expect(try store.recordCount() == 0)
    }

    @Test("A template of another model or length is refused, and nothing of the batch is kept")
    func otherModel() async throws {
        let store = try await temporary.store()
        try await store.enrol(.sample(1))
        for other in [EnrolledFace.sample(3, model: "other"), .sample(3, dimension: 127)] {
            let error = await failure { try await store.enrol(.sample(2), other) }
            #expect(error?.code == .modelMismatch)
        }
        // Neither does the request's own description of the gallery change anything.
        let error = await failure { try await store.enrol(.sample(4, model: "other"), in: .sample(model: "other")) }
        #expect(error?.code == .modelMismatch)
        #expect(try await store.gallery(.staff).count == 1)
        #expect(try store.recordCount() == 1)
    }

    @Test("A deleted gallery is gone with its faces, and its name is free") func delete() async throws {
        let store = try await temporary.store()
        try await store.enrol(.sample(1), .sample(2))
        try await store.enrol(.sample(1), in: .sample(.guests))
        try await store.change(.delete(.staff))
        #expect(try await store.galleries().map(\.name) == [.guests])
        #expect(await failure { _ = try await store.gallery(.staff) }?.code == .galleryNotFound)
        try await store.enrol(.sample(5, model: "other"), in: .sample(model: "other"))
        #expect(try await store.gallery(.staff).count == 1)
        #expect(try await store.gallery(.guests).count == 1)
    }

    @Test("A search that a deletion overtakes finds no gallery, also where its name is another's by now")
    func deletedMeanwhile() async throws {
        let store = try await temporary.store()
        let face = EnrolledFace.sample(1)
        try await store.enrol(face)
        let searched = try await store.gallery(.staff)
        try await store.change(.delete(.staff))
        for _ in 0..<2 {
            let error = #expect(throws: RecognitionError.self) {
                try searched.candidates(for: [face.template], limit: 5, atLeast: ComparisonScore(-1))
            }
            #expect(error?.code == .galleryNotFound)
            try? await store.enrol(.sample(2))
        }
    }

    @Test("Forgetting what is not there is no error, and leaves other galleries alone") func forgetNothing() async throws {
        let store = try await temporary.store()
        let face = EnrolledFace.sample(1)
        try await store.enrol(face)
        try await store.change(.create(.sample(.guests)))
        try await store.forget(face, .sample(7), in: .guests)
        #expect(try await store.faces(in: .staff, nil).map(\.id) == [face.id])
    }

    @Test("A gallery that was taken does not change; the next one has") func snapshot() async throws {
        let store = try await temporary.store()
        let first = EnrolledFace.sample(1), second = EnrolledFace.sample(2)
        try await store.enrol(first)
        let before = try await store.gallery(.staff)
        try await store.enrol(second)
        let between = try await store.gallery(.staff)
        try await store.forget(first)
        let after = try await store.gallery(.staff)
        func all(_ gallery: Gallery) throws -> Set<FaceID> {
            Set(try gallery.candidates(for: [first.template], limit: 5, atLeast: ComparisonScore(-1))[0].map(\.face.id))
        }
        #expect(before.count == 1 && between.count == 2 && after.count == 1)
        #expect(try all(after) == [second.id])
        // The first face is gone from the file: an older state can only say so, never leave it out.
        for gallery in [before, between] { #expect(throws: GalleryIndex.Outdated.self) { try all(gallery) } }
    }

    @Test("A face's number is never another's, not even when the last one was forgotten") func numbers() async throws {
        let store = try await temporary.store()
        let first = EnrolledFace.sample(1), second = EnrolledFace.sample(2)
        try await store.enrol(first)
        let before = try await store.gallery(.staff)
        try await store.forget(first)
        try await store.enrol(second)
        #expect(throws: GalleryIndex.Outdated.self) {
            try before.candidates(for: [first.template], limit: 1, atLeast: ComparisonScore(-1))[0]
        }
        let after = try await store.gallery(.staff)
        #expect(try after.candidates(for: [first.template], limit: 1, atLeast: ComparisonScore(-1))[0].map(\.face.id) == [second.id])
    }

    @Test("The codes in memory follow every change: they answer as those that are read anew", arguments: 0..<20)
    func follows(seed: Int) async throws {
        var random = SeededGenerator(state: UInt64(seed))
        let store = try await temporary.store()
        var kept: [EnrolledFace] = []
        for step in 0..<40 {
            if !kept.isEmpty, Int.random(in: 0..<3, using: &random) == 0 {
                let gone = kept.remove(at: Int.random(in: kept.indices, using: &random))
                try await store.forget(gone)
            } else {
                kept.append(.sample(1_000 * seed + step, dimension: 16))
                try await store.enrol(kept[kept.count - 1], in: .sample(dimension: 16))
            }
            let probe = EnrolledFace.sample(7_000_000 + step, dimension: 16).template
            let found = try await store.gallery(.staff).candidates(for: [probe], limit: 3, atLeast: ComparisonScore(-1))[0]
            let expected = try kept.map { Candidate(face: $0.description, score: try probe.compared(with: $0.template)) }
                .sorted(by: Candidate.precedes).prefix(3)
            #expect(found == Array(expected), "seed \(seed), step \(step)")
        }
    }

    @Test("A gallery is read from the file once, and follows its changes") func cached() async throws {
        let store = try await temporary.store()
        try await store.enrol(.sample(1))
        #expect(try await store.gallery(.staff).count == 1)
        // Past the store, which nobody but a test can do.
        try store.onConnection { try $0.execute(sql: "UPDATE face SET live = 0") }
        #expect(try await store.gallery(.staff).count == 1)
        try await store.change(.create(.sample(.guests)))
        #expect(try await store.gallery(.staff).count == 1)
        try await store.enrol(.sample(2))
        #expect(try await store.gallery(.staff).count == 2)
    }

    @Test("Each installation has a key of its own for digests, and keeps it") func digests() async throws {
        let photograph = Data("photograph".utf8)
        let first = try await temporary.store().digest(of: photograph)
        let again = try await temporary.store().digest(of: photograph)
        let other = TemporaryDirectory()
        let elsewhere = try await other.store().digest(of: photograph)
        #expect(first == again)
        #expect(first != elsewhere)
        #expect(first.bytes.count == 32)
    }
}
