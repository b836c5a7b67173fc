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
        _ = try await keeper.delete(name, permit: bench.permit(.manage, in: name))
        await code(.galleryNotFound) { _ = try await keeper.delete(name, permit: bench.permit(.manage, in: name)) }
        #expect(
            bench.store.records.map(\.outcome) == [
                "gallery-created", "gallery-exists", "listed", "gallery-deleted", "gallery-not-found",
            ])
    }
}
