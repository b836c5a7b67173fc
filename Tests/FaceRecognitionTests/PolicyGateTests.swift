import FaceTestSupport
import Foundation
import Testing

@testable import FaceRecognition

@Suite struct PolicyGateTests {
    @Test("What the trial permits, it permits to the local operator for the purpose 'trial' only", arguments: GatedOperation.allCases)
    func trial(operation: GatedOperation) async throws {
        let store = InMemoryStore()
        let time = Date(timeIntervalSince1970: 1_000)
        let gate = PolicyGate(policy: .trial, records: store, now: { time })
        let request = AccessRequest(caller: "local-operator", purpose: "trial", operation: operation)
        let permit = try await gate.permit(request)
        #expect(permit.request == request && permit.rule == "trial" && permit.issued == time)
        #expect(store.records.isEmpty)
        for (caller, purpose) in [("somebody", "trial"), ("local-operator", "hunting"), ("", "")] {
            await #expect(throws: Refusal.self) {
                try await gate.permit(AccessRequest(caller: caller, purpose: purpose, operation: operation))
            }
        }
        #expect(store.records.map(\.decision) == [.refused, .refused, .refused])
    }

    @Test("A refusal is in the record before it is told", arguments: GatedOperation.allCases)
    func refused(operation: GatedOperation) async throws {
        let store = InMemoryStore()
        let gate = PolicyGate(policy: .nothing, records: store, now: { Date(timeIntervalSince1970: 5) })
        let request = AccessRequest(caller: "c", purpose: "p", operation: operation, gallery: try GalleryName("g"))
        let refusal = await #expect(throws: Refusal.self) { try await gate.permit(request) }
        #expect(refusal?.request == request && refusal?.rule == "nothing")
        let record = try #require(store.records.first)
        #expect(store.records.count == 1)
        #expect(record.operation == operation && record.decision == .refused && record.rule == "nothing")
        #expect(record.outcome == refusal?.reason && record.gallery == request.gallery)
        #expect(record.time == Date(timeIntervalSince1970: 5))
    }

    @Test("A refusal that cannot be recorded is an error")
    func unrecorded() async throws {
        let store = InMemoryStore()
        store.fail(with: RecognitionError(.diskFull, "The disk is full."))
        let gate = PolicyGate(policy: .nothing, records: store)
        await #expect { _ = try await gate.permit(AccessRequest(caller: "c", purpose: "p", operation: .compare)) } throws: {
            ($0 as? RecognitionError)?.code == .diskFull
        }
    }
}
