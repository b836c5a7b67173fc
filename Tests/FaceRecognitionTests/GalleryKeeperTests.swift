import FaceTestSupport
import Foundation
import Testing

@testable import FaceRecognition

@Suite struct GalleryKeeperTests {
    @Test("A person is forgotten with all faces, the others stay, and the record says who by id")
    func forget() async throws {
        let bench = try TestBench()
        let a = try await bench.enrol("1", as: "Ann").outcome.face.id, b = try await bench.enrol("2", as: "Ann").outcome.face.id
        let c = try await bench.enrol("3", as: "Ben").outcome.face.id
        let gone = try await bench.keeper.forget(
            .person("Ann"), in: bench.name, permit: bench.permit(.forget, in: bench.name))
        #expect(Set(gone.outcome) == [a, b])
        #expect(try await bench.store.faces(in: bench.name, nil).map(\.id) == [c])
        #expect(bench.store.records.last?.forgotten == gone.outcome && bench.store.records.last?.outcome == "forgotten")
        let nobody = try await bench.keeper.forget(.face(a), in: bench.name, permit: bench.permit(.forget, in: bench.name))
        #expect(nobody.outcome.isEmpty && bench.store.records.last?.outcome == "not-found")
    }

    @Test("What has expired is found by nobody, and a purge removes it and records which") func purge() async throws {
        let bench = try TestBench()
        let clock = Date(timeIntervalSince1970: 7)
        let face = try await bench.recognizer.enrol(
            bench.reads.photograph("1"), as: nil, externalID: nil, expires: clock.addingTimeInterval(60), in: bench.name,
            permit: bench.permit(.enrol, in: bench.name)
        ).outcome.face
        let stays = try await bench.enrol("2", as: nil).outcome.face.id
        #expect(face.expires == clock.addingTimeInterval(60))
        let permit: @Sendable (GalleryName) async throws -> Permit = { try await bench.permit(.forget, in: $0) }
        func keeper(at time: TimeInterval) -> GalleryKeeper {
            GalleryKeeper(galleries: bench.store, records: bench.store, now: { Date(timeIntervalSince1970: time) })
        }
        #expect(try await keeper(at: 66.999).purge(permit: permit).isEmpty)
        #expect(try await keeper(at: 67).faces(in: bench.name, permit: bench.permit(.manage, in: bench.name)).outcome.map(\.id) == [stays])
        let purged = try await keeper(at: 67).purge(permit: permit)
        #expect(purged.map(\.purged.outcome) == [[face.id]])
        #expect(bench.store.records.last?.outcome == "purged" && bench.store.records.last?.faces == 1)
        #expect(bench.store.records.last?.forgotten == [face.id])
        #expect(try await bench.store.faces(in: bench.name, nil).map(\.id) == [stays])
    }

    @Test("A gallery's retention cannot be nothing, or less", arguments: [0, -1, .infinity, .nan])
    func retention(seconds: TimeInterval) async throws {
        let bench = try TestBench()
        let error = await #expect(throws: RecognitionError.self) {
            _ = try await bench.keeper.create(
                bench.name, for: bench.model, retention: seconds, permit: bench.permit(.manage, in: bench.name))
        }
        #expect(error?.code == .invalidValue)
    }

    @Test("A photograph whose face has expired is enrolled anew in its place") func enrolledAnew() async throws {
        let bench = try TestBench()
        func enrol(at time: TimeInterval) async throws -> Enrolment {
            let recognizer = FaceRecognizer(
                pipeline: .test(faces: [.preset], model: bench.model), galleries: bench.store, records: bench.store,
                now: { Date(timeIntervalSince1970: time) })
            return try await recognizer.enrol(
                bench.reads.photograph("1"), as: nil, externalID: nil, expires: Date(timeIntervalSince1970: time + 60),
                in: bench.name, permit: bench.permit(.enrol, in: bench.name)
            ).outcome
        }
        let first = try await enrol(at: 0)
        #expect(try await !enrol(at: 59).isNew)
        let second = try await enrol(at: 60)
        #expect(second.isNew && second.face.id != first.face.id)
        #expect(bench.store.records.last?.forgotten == [first.face.id])
        #expect(try await bench.store.faces(in: bench.name, nil).map(\.id) == [second.face.id])
    }

    @Test("A gallery is made once and deleted once")
    func createAndDelete() async throws {
        let bench = try TestBench()
        func code(_ expected: RecognitionError.Code, _ body: @Sendable () async throws -> Void) async {
            let error = await #expect(throws: RecognitionError.self) { try await body() }
            #expect(error?.code == expected)
        }
        let (name, keeper, model) = (bench.name, bench.keeper, bench.model)
        _ = try await keeper.create(name, for: model, permit: bench.permit(.manage, in: name))
        await code(.galleryExists) { _ = try await keeper.create(name, for: model, permit: bench.permit(.manage, in: name)) }
        #expect(try await keeper.list(permit: bench.permit(.manage)).outcome.map(\.name) == [name])
        _ = try await keeper.delete(name, permit: bench.permit(.forget, in: name))
        await code(.galleryNotFound) { _ = try await keeper.delete(name, permit: bench.permit(.forget, in: name)) }
        #expect(
            bench.store.records.map(\.outcome) == [
                "gallery-created", "gallery-exists", "listed", "gallery-deleted", "gallery-not-found",
            ])
    }

    @Test("Galleries are named to those who may look after them, or delete them, and to nobody else") func listed() async throws {
        let bench = try TestBench()
        let names = try ["a", "b", "c", "orphan"].map { try GalleryName($0) }
        for name in names {
            _ = try await bench.keeper.create(name, for: bench.model, permit: bench.permit(.manage, in: name))
        }
        let terms = Policy.GalleryTerms(owner: "o", legalBasis: "l", retention: 60, purposes: ["p"])
        var policy = Policy(
            name: "p", contact: "me", organisations: ["one", "two", "all"].map { .init(id: $0, name: $0, kind: "k") },
            purposes: [.init(id: "p"), .init(id: "narrow", galleries: [names[2]])],
            grants: [
                .init(id: "1", organisation: "one", purposes: ["p"], operations: [.manage], galleries: [names[0]]),
                .init(id: "2", organisation: "two", purposes: ["narrow"], operations: [.manage]),
                .init(id: "3", organisation: "all", purposes: ["p"], operations: [.manage, .forget]),
            ])
        for name in names.dropLast() { policy.galleries[name] = terms }
        func list(_ organisation: String, _ purpose: String) async throws -> [GalleryName] {
            let gate = PolicyGate(policy: policy, records: bench.store)
            let request = AccessRequest(organisation: organisation, purpose: purpose, operation: .manage)
            return try await bench.keeper.list(permit: gate.permit(request)).outcome.map(\.name)
        }
        #expect(try await list("one", "p") == [names[0]])
        #expect(try await list("two", "narrow") == [names[2]])
        // What the policy names no owner for can only be deleted, by whoever may.
        #expect(try await list("all", "p") == names)
    }
}
