import FaceTestSupport
import Foundation
import Testing

@testable import FaceRecognition

@Suite struct RecorderTests {
    @Test("Where nothing is permitted, no operation comes to read a photograph", arguments: AnyOperation.allCases)
    func nothingPermitted(operation: AnyOperation) async throws {
        let bench = try TestBench()
        await #expect(throws: Refusal.self) {
            let permit = try await bench.permit(operation.kind, in: operation.gallery(on: bench), by: .nothing)
            try await operation.run(on: bench, permit: permit)
        }
        #expect(bench.reads.count == 0)
        #expect(bench.store.records.map(\.decision) == [.refused])
        #expect(bench.store.records[0].operation == operation.kind)
    }

    @Test("A permit for one operation, or one gallery, serves no other", arguments: AnyOperation.allCases)
    func otherPermit(operation: AnyOperation) async throws {
        let bench = try TestBench()
        _ = try await bench.enrol("enrolled", as: "Ann")
        let before = (bench.reads.count, bench.store.records.count)
        var permits: [Permit] = []
        for kind in GatedOperation.allCases where kind != operation.kind {
            permits.append(try await bench.permit(kind, in: operation.gallery(on: bench)))
        }
        permits.append(try await bench.permit(operation.kind, in: GalleryName("elsewhere")))
        if operation.needsGallery { permits.append(try await bench.permit(operation.kind)) }
        for permit in permits {
            await #expect { try await operation.run(on: bench, permit: permit) } throws: {
                ($0 as? RecognitionError)?.code == .fault
            }
        }
        #expect(bench.reads.count == before.0 && bench.store.records.count == before.1)
        #expect(try await bench.store.gallery(bench.name).count == 1)
    }

    @Test("A record that cannot be written fails the request and changes nothing", arguments: AnyOperation.allCases)
    func failingLog(operation: AnyOperation) async throws {
        let bench = try TestBench()
        _ = try await bench.enrol("enrolled", as: "Ann")
        let permit = try await bench.permit(operation.kind, in: operation.gallery(on: bench))
        bench.store.fail(with: RecognitionError(.diskFull, "The disk is full."))
        await #expect { try await operation.run(on: bench, permit: permit) } throws: {
            ($0 as? RecognitionError)?.code == .diskFull
        }
        bench.store.fail(with: nil)
        #expect(bench.store.records.count == 1)
        #expect(try await bench.store.galleries().map(\.faces) == [1])
    }

    @Test("With its permit each operation succeeds and is recorded once", arguments: AnyOperation.allCases.filter(\.succeeds))
    func permitted(operation: AnyOperation) async throws {
        let bench = try TestBench()
        _ = try await bench.enrol("enrolled", as: "Ann")
        let permit = try await bench.permit(operation.kind, in: operation.gallery(on: bench))
        try await operation.run(on: bench, permit: permit)
        #expect(bench.store.records.count == 2)
        let record = bench.store.records[1]
        #expect(record.decision == .permitted && record.operation == operation.kind && record.requestID == permit.requestID)
        #expect(!record.outcome.isEmpty)
    }
}
