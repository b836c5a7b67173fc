import FaceTestSupport
import Foundation
import Testing

@testable import FaceRecognition

/// People who are made by themselves, requests that are sent twice, and lists in pages.
@Suite struct PeopleKeepingTests {
    private func code(_ body: () async throws -> Void) async -> RecognitionError.Code? {
        do { try await body() } catch { return (error as? RecognitionError)?.code }
        return nil
    }

    private func token(_ word: String = "token", by caller: String = "caller", _ request: String = "request") -> RequestToken {
        RequestToken(word, caller: caller, request: Data(request.utf8))
    }

    @Test("A person who is made stays without faces, and is deleted without them") func stays() async throws {
        let bench = try TestBench(), name = bench.name
        let face = try await bench.enrol("1", as: nil).outcome.face.id
        let made = try await bench.keeper.createPerson("Ann", in: name, permit: bench.permit(.manage, in: name)).outcome
        #expect(made == PersonDescription(name: "Ann", faces: 0, status: .created))
        func people() async throws -> [PersonDescription] {
            try await bench.keeper.people(in: name, after: nil, count: 9, permit: bench.permit(.manage, in: name)).outcome.people
        }
        #expect(try await people() == [made])
        #expect(
            await code {
                _ = try await bench.keeper.createPerson("Ann", in: name, permit: bench.permit(.manage, in: name))
            } == .personExists)
        _ = try await bench.keeper.join([face], to: "Ann", in: name, permit: bench.permit(.manage, in: name))
        #expect(try await people() == [PersonDescription(name: "Ann", faces: 1, status: .active)])
        _ = try await bench.keeper.leave([face], from: "Ann", in: name, permit: bench.permit(.manage, in: name))
        #expect(try await people() == [PersonDescription(name: "Ann", faces: 0, status: .active)])
        _ = try await bench.keeper.join([face], to: "Ann", in: name, permit: bench.permit(.manage, in: name))
        _ = try await bench.keeper.deletePerson("Ann", in: name, permit: bench.permit(.manage, in: name))
        #expect(bench.store.records.last?.left == [face] && bench.store.records.last?.outcome == "person-deleted")
        #expect(try await people().isEmpty)
        #expect(try await bench.store.faces(in: name, nil).map(\.person) == [nil])
        #expect(
            await code {
                _ = try await bench.keeper.deletePerson("Ann", in: name, permit: bench.permit(.manage, in: name))
            } == .personNotFound)
    }

    @Test("A name has 1 to 255 bytes, wherever a person is made", arguments: [(0, false), (1, true), (255, true), (256, false)])
    func names(length: Int, isGood: Bool) async throws {
        let bench = try TestBench(), name = bench.name
        let face = try await bench.enrol("1", as: nil).outcome.face.id
        let person = String(repeating: "x", count: length)
        let expected: RecognitionError.Code? = isGood ? nil : .invalidValue
        #expect(
            await code { _ = try await bench.keeper.join([face], to: person, in: name, permit: bench.permit(.manage, in: name)) }
                == expected)
        #expect(await code { _ = try await bench.enrol("2", as: person) } == expected)
        _ = try await bench.keeper.forget(.person(person), in: name, permit: bench.permit(.forget, in: name))
        #expect(
            await code {
                _ = try await bench.keeper.createPerson(person, in: name, permit: bench.permit(.manage, in: name))
            } == expected)
    }

    @Test("Forgetting a person takes one who has no face as well") func forgotten() async throws {
        let bench = try TestBench(), name = bench.name
        _ = try await bench.enrol("1", as: nil)
        _ = try await bench.keeper.createPerson("Ann", in: name, permit: bench.permit(.manage, in: name))
        _ = try await bench.keeper.forget(.person("Ann"), in: name, permit: bench.permit(.forget, in: name))
        #expect(bench.store.records.last?.outcome == "forgotten")
        #expect(try await bench.store.people(in: name).isEmpty)
        #expect(try await bench.store.faces(in: name, nil).count == 1)
    }

    @Test("A request that is sent twice is done once, and both times it succeeds") func once() async throws {
        let bench = try TestBench(), name = bench.name
        _ = try await bench.enrol("1", as: nil)
        for outcome in ["person-created", "repeated"] {
            let made = try await bench.keeper.createPerson(
                "Ann", in: name, token: token(), permit: bench.permit(.manage, in: name))
            #expect(made.outcome.status == .created)
            #expect(bench.store.records.last?.outcome == outcome)
        }
        for outcome in ["person-deleted", "repeated"] {
            _ = try await bench.keeper.deletePerson(
                "Ann", in: name, token: token("another"), permit: bench.permit(.manage, in: name))
            #expect(bench.store.records.last?.outcome == outcome)
        }
        #expect(try await bench.store.people(in: name).isEmpty)
    }

    @Test("A token is for one request of one caller") func mismatch() async throws {
        let bench = try TestBench(), name = bench.name
        _ = try await bench.enrol("1", as: nil)
        func create(_ person: String, _ token: RequestToken) async throws {
            _ = try await bench.keeper.createPerson(person, in: name, token: token, permit: bench.permit(.manage, in: name))
        }
        try await create("Ann", token())
        #expect(await code { try await create("Ben", token("token", by: "caller", "another")) } == .tokenMismatch)
        #expect(bench.store.records.last?.outcome == "token-mismatch")
        // Another caller's is another.
        try await create("Ben", token("token", by: "somebody", "another"))
        #expect(try await bench.store.people(in: name).map(\.name) == ["Ann", "Ben"])
        #expect(token("b", by: "a") != token("", by: "a b") && token("1", by: "a") != token("", by: "a1"))
    }

    @Test("The same request at the same moment is done once as well") func race() async throws {
        let bench = try TestBench(), name = bench.name
        _ = try await bench.enrol("1", as: nil)
        let token = token()
        @Sendable func create() async throws {
            _ = try await bench.keeper.createPerson("Ann", in: name, token: token, permit: bench.permit(.manage, in: name))
        }
        // Another one comes between this one's look and its change.
        bench.store.beforeNextChange { try await create() }
        try await create()
        #expect(bench.store.records.suffix(2).map(\.outcome) == ["person-created", "repeated"])
        #expect(try await bench.store.people(in: name).count == 1)
    }

    @Test("Faces leave a person one by one, with a reason for each that does not") func leaving() async throws {
        let bench = try TestBench(), name = bench.name
        let a = try await bench.enrol("1", as: "Ann").outcome.face.id, b = try await bench.enrol("2", as: "Ben").outcome.face.id
        let nobodys = try await bench.enrol("3", as: nil).outcome.face.id, unknown = FaceID()
        func leave(_ token: RequestToken?) async throws -> Dissociation {
            try await bench.keeper.leave(
                [unknown, a, b, nobodys, a], from: "Ann", in: name, token: token, permit: bench.permit(.manage, in: name)
            ).outcome
        }
        _ = try await bench.keeper.leave([a], from: "Ann", in: name, permit: bench.permit(.manage, in: name))
        #expect(await code { _ = try await leave(nil) } == .personNotFound)
        _ = try await bench.keeper.join([a], to: "Ann", in: name, permit: bench.permit(.manage, in: name))
        let expected = Dissociation(
            left: [a],
            refused: [
                .init(face: unknown, reason: .notFound), .init(face: b, reason: .ofAnother("Ben")),
                .init(face: nobodys, reason: .ofAnother(nil)),
            ])
        #expect(try await leave(token()) == expected)
        #expect(bench.store.records.last?.left == [a])
        // Ann is gone with her last face; the same request says what it said.
        #expect(try await leave(token()) == expected)
        #expect(bench.store.records.last?.outcome == "repeated")
        // Should she be there again, it changes nothing either.
        _ = try await bench.keeper.join([a], to: "Ann", in: name, permit: bench.permit(.manage, in: name))
        #expect(try await leave(token()) == expected)
        #expect(try await bench.store.faces(in: name, .face(a)).map(\.person) == ["Ann"])
    }

    @Test("A face that becomes another's between the look and the change is told as such") func overtaken() async throws {
        let bench = try TestBench(), name = bench.name
        let a = try await bench.enrol("1", as: "Ann").outcome.face.id, c = try await bench.enrol("2", as: "Ann").outcome.face.id
        bench.store.beforeNextChange {
            _ = try await bench.store.apply(.leave([a], in: name), recordedAs: bench.store.records[0])
            _ = try await bench.store.apply(.join([a], person: "Ben", in: name), recordedAs: bench.store.records[0])
        }
        let left = try await bench.keeper.leave([a, c], from: "Ann", in: name, token: nil, permit: bench.permit(.manage, in: name))
        #expect(left.outcome == Dissociation(left: [c], refused: [.init(face: a, reason: .ofAnother("Ben"))]))
    }

    @Test("Of the faces that are to be forgotten, those that were there and are nobody's go, and each is told")
    func forgetSome() async throws {
        let bench = try TestBench(), name = bench.name, stranger = FaceID()
        let a = try await bench.enrol("1", as: nil).outcome.face.id, b = try await bench.enrol("2", as: nil).outcome.face.id
        let c = try await bench.enrol("3", as: "Ann").outcome.face.id
        func forget(_ faces: [FaceID]) async throws -> Forgetting {
            try await bench.keeper.forget(faces, in: name, permit: bench.permit(.forget, in: name)).outcome
        }
        let gone = try await forget([stranger, b, a, b, c])
        #expect(gone.forgotten == [b, a] && bench.store.records.last?.forgotten == [b, a])
        #expect(
            gone.refused == [.init(face: stranger, reason: .notFound), .init(face: c, reason: .ofPerson("Ann"))])
        let none = try await forget([a])
        #expect(none.forgotten.isEmpty && bench.store.records.last?.outcome == "not-found")
        #expect(try await forget([]).forgotten.isEmpty)
        #expect(try await bench.keeper.faces(in: name, permit: bench.permit(.manage, in: name)).outcome.map(\.id) == [c])
    }

    @Test("A page lists 1 to 4,096", arguments: [(0, false), (1, true), (4_096, true), (4_097, false)])
    func pageSize(count: Int, isGood: Bool) async throws {
        let bench = try TestBench(), name = bench.name
        _ = try await bench.enrol("1", as: "Ann")
        let expected: RecognitionError.Code? = isGood ? nil : .invalidValue
        let manage: @Sendable (GalleryName?) async throws -> Permit = { try await bench.permit(.manage, in: $0) }
        #expect(await code { _ = try await bench.keeper.faces(in: name, after: nil, count: count, permit: manage(name)) } == expected)
        #expect(await code { _ = try await bench.keeper.people(in: name, after: nil, count: count, permit: manage(name)) } == expected)
    }

    @Test("A gallery has at most 200 tags") func tags() async throws {
        let bench = try TestBench(), name = bench.name
        func tags(_ range: Range<Int>) -> [String: String] { Dictionary(uniqueKeysWithValues: range.map { ("\($0)", "v") }) }
        func set(_ new: [String: String], removing: [String] = []) async throws {
            _ = try await bench.keeper.setTags(new, removing: removing, of: name, permit: bench.permit(.manage, in: name))
        }
        #expect(
            await code {
                _ = try await bench.keeper.create(
                    name, for: bench.model, tags: tags(0..<201), permit: bench.permit(.manage, in: name))
            } == .limitExceeded)
        _ = try await bench.keeper.create(name, for: bench.model, tags: tags(0..<199), permit: bench.permit(.manage, in: name))
        try await set(tags(199..<200))
        #expect(await code { try await set(tags(200..<201)) } == .limitExceeded)
        try await set(tags(200..<201), removing: ["0", "no such key"])
        try await set(["1": "w"])
        let all = try await bench.keeper.tags(of: name, permit: bench.permit(.manage, in: name)).outcome
        #expect(all.count == 200 && all["0"] == nil && all["1"] == "w" && all["200"] == "v")
        for (key, value) in [("", "v"), (String(repeating: "k", count: 129), "v"), ("k", String(repeating: "v", count: 257))] {
            #expect(await code { try await set([key: value]) } == .invalidValue)
        }
        try await set([String(repeating: "k", count: 128): String(repeating: "v", count: 256)], removing: ["2"])
    }
}
