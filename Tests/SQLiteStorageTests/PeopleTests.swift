import FaceRecognition
import Foundation
import Testing

@testable import SQLiteStorage

@Suite struct PeopleTests {
    private let temporary = TemporaryDirectory()

    private func reopened(_ body: (SQLiteStore) async throws -> Void) async throws {
        for _ in 0..<2 {
            let store = try await temporary.store()
            try await body(store)
            try store.close()
        }
    }

    @Test("Faces join a person and leave again; a person is there as long as a face is theirs") func joinAndLeave() async throws {
        let faces = (0..<3).map { EnrolledFace.sample($0) }
        do {
            let store = try await temporary.store()
            try await store.change(.enrol(faces, in: .sample()))
            try await store.change(.join([faces[0].id, faces[2].id], person: "Ann", in: .staff))
            // Again is no error.
            try await store.change(.join([faces[0].id], person: "Ann", in: .staff))
        }
        try await reopened { (store: SQLiteStore) async throws -> Void in
            #expect(try await store.people(in: .staff) == [PersonDescription(name: "Ann", faces: 2)])
            #expect(try await store.faces(in: .staff, .person("Ann")).map(\.id) == [faces[0].id, faces[2].id])
            #expect(try await store.faces(in: .staff, nil).map(\.person) == ["Ann", nil, "Ann"])
            #expect(try await store.description(of: .staff).people == 1)
        }
        do {
            let store = try await temporary.store()
            try await store.change(.leave([faces[0].id], in: .staff))
            #expect(try await store.people(in: .staff).map(\.faces) == [1])
            try await store.change(.leave([faces[2].id], in: .staff))
        }
        try await reopened { (store: SQLiteStore) async throws -> Void in
            #expect(try await store.people(in: .staff).isEmpty)
            #expect(try await store.faces(in: .staff, nil).count == 3)
            #expect(try store.check(.staff) == [])
        }
    }

    @Test("No face makes no person") func nobody() async throws {
        let store = try await temporary.store()
        try await store.enrol(.sample(1))
        try await store.change(.join([], person: "Ann", in: .staff))
        #expect(try await store.people(in: .staff).isEmpty)
        #expect(try await store.description(of: .staff).people == 0)
        #expect(try store.check(.staff) == [])
    }

    @Test("A face belongs to one person at most") func taken() async throws {
        let store = try await temporary.store()
        let face = EnrolledFace.sample(1, person: "Ann"), other = EnrolledFace.sample(2)
        try await store.enrol(face, other)
        let error = await failure { try await store.change(.join([other.id, face.id], person: "Ben", in: .staff)) }
        #expect(error?.code == .faceTaken)
        #expect(error?.message.contains("Ann") == false && error?.message.contains("Ben") == false)
        // All or none.
        #expect(try await store.people(in: .staff).map(\.name) == ["Ann"])
        #expect(try await store.faces(in: .staff, .face(other.id)).map(\.person) == [nil])
    }

    @Test("A face that is not there joins nobody, and leaves nobody") func missing() async throws {
        let store = try await temporary.store()
        let face = EnrolledFace.sample(1)
        try await store.enrol(face)
        try await store.enrol(.sample(2), in: .sample(.guests))
        #expect(await failure { try await store.change(.join([face.id, FaceID()], person: "Ann", in: .staff)) }?.code == .faceNotFound)
        #expect(await failure { try await store.change(.join([face.id], person: "Ann", in: .guests)) }?.code == .faceNotFound)
        #expect(await failure { try await store.change(.leave([FaceID()], in: .staff)) }?.code == .faceNotFound)
        #expect(try await store.people(in: .staff).isEmpty)
        #expect(try store.recordCount() == 2)
    }

    @Test("A person has 100 faces at most, by enrolment and by joining") func full() async throws {
        let store = try await temporary.store()
        let faces = (0..<101).map { EnrolledFace.sample($0, dimension: 4, person: "Ann") }
        #expect(await failure { try await store.change(.enrol(faces, in: .sample(dimension: 4))) }?.code == .personFull)
        #expect(try await store.galleries().isEmpty)
        try await store.change(.enrol(Array(faces[..<100]), in: .sample(dimension: 4)))
        let one = EnrolledFace.sample(500, dimension: 4)
        try await store.enrol(one, in: .sample(dimension: 4))
        let error = await failure { try await store.change(.join([one.id], person: "Ann", in: .staff)) }
        #expect(error?.code == .personFull && error?.message.contains("Ann") == false)
        #expect(await failure { try await store.enrol(faces[100], in: .sample(dimension: 4)) }?.code == .personFull)
        try await store.forget(faces[0])
        try await store.change(.join([one.id], person: "Ann", in: .staff))
        #expect(try await store.people(in: .staff).map(\.faces) == [100])
    }

    @Test("Forgetting a person's last face forgets the person") func forgotten() async throws {
        let store = try await temporary.store()
        let a = EnrolledFace.sample(1, person: "Ann"), b = EnrolledFace.sample(2, person: "Ben")
        try await store.enrol(a, b)
        try await store.forget(a)
        #expect(try await store.people(in: .staff).map(\.name) == ["Ben"])
        // The name can be used again.
        try await store.change(.join([b.id], person: "Ben", in: .staff))
        try await store.enrol(.sample(3, person: "Ann"))
        #expect(try await store.people(in: .staff).map(\.name) == ["Ann", "Ben"])
    }

    @Test("A search for people follows every change, as one from the beginning would", arguments: 0..<10)
    func follows(seed: Int) async throws {
        var random = SeededGenerator(state: UInt64(seed))
        let store = try await temporary.store()
        try await store.change(.create(.sample(dimension: 8)))
        for step in 0..<30 {
            let all = try await store.faces(in: .staff, nil)
            let some = all.shuffled(using: &random).prefix(2)
            switch Int.random(in: 0..<5, using: &random) {
            case 0 where !some.isEmpty: try await store.change(.forget(some.map(\.id), in: .staff))
            case 1: try await store.change(.join(some.filter { $0.person == nil }.map(\.id), person: "Joined", in: .staff))
            case 2 where !some.isEmpty: try await store.change(.leave(some.map(\.id), in: .staff))
            default:
                let face = EnrolledFace.sample(100 * seed + step, dimension: 8, person: ["A", "B", nil].randomElement(using: &random)!)
                try await store.enrol(face, in: .sample(dimension: 8))
            }
            let probe = EnrolledFace.sample(9_000_000 + step, dimension: 8).template
            let found = try await store.gallery(.staff, people: true)
                .people(for: probe, limit: 5, atLeast: ComparisonScore(-1))
            let stored = try await store.templates(in: .staff, from: 0, count: 1_000).faces
            let expected = try Dictionary(grouping: stored.filter { $0.description.person != nil }) { $0.description.person! }
                .values.map { theirs -> PersonCandidate in
                    let best = try theirs.map { Candidate(face: $0.description, score: try probe.compared(with: $0.template)) }
                        .sorted(by: Candidate.precedes)[0]
                    let mean = theirs.count < 2 ? nil : try probe.compared(with: Template.mean(of: theirs.map(\.template)))
                    return PersonCandidate(best: best, mean: mean, faces: theirs.count)
                }.sorted(by: PersonCandidate.precedes)
            #expect(found == Array(expected.prefix(5)), "seed \(seed), step \(step)")
        }
        #expect(try store.check(.staff) == [])
    }

    @Test("A search by external id or person follows changes too") func filters() async throws {
        let store = try await temporary.store()
        let a = EnrolledFace.sample(1, person: "Ann"), b = EnrolledFace.sample(2, person: "Ben")
        try await store.enrol(a, b)
        func found(_ filter: CandidateFilter) async throws -> [FaceID] {
            try await store.gallery(.staff).candidates(
                for: [a.template], limit: 9, atLeast: ComparisonScore(-1), where: filter)[0].map(\.face.id)
        }
        // The samples' external ids are "key of NAME".
        #expect(try await found(CandidateFilter(externalIDPrefix: "key of A")) == [a.id])
        #expect(try await found(CandidateFilter(externalIDPrefix: "key of A")) == [a.id])
        #expect(Set(try await found(CandidateFilter(externalIDPrefix: "key"))) == [a.id, b.id])
        #expect(try await found(CandidateFilter(person: "Ben")) == [b.id])
        let c = EnrolledFace.sample(3, person: "Al")
        try await store.enrol(c)
        #expect(Set(try await found(CandidateFilter(externalIDPrefix: "key of A"))) == [a.id, c.id])
        try await store.change(.leave([c.id], in: .staff))
        try await store.change(.join([c.id], person: "Ben", in: .staff))
        #expect(Set(try await found(CandidateFilter(person: "Ben"))) == [b.id, c.id])
        #expect(try await found(CandidateFilter(person: "Al")).isEmpty)
        try await store.forget(a)
        #expect(try await found(CandidateFilter(externalIDPrefix: "key of A")) == [c.id])
    }
}
