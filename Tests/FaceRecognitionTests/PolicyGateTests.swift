import FaceTestSupport
import Foundation
import Synchronization
import Testing

@testable import FaceRecognition

@Suite struct PolicyGateTests {
    private func request(
        _ operation: GatedOperation, of organisation: String = "local-operator", for purpose: String? = "trial",
        in gallery: String? = nil
    ) throws -> AccessRequest {
        AccessRequest(
            organisation: organisation, purpose: purpose, operation: operation,
            gallery: try gallery.map { try GalleryName($0) })
    }

    @Test("What the trial permits, it permits to the local operator for the purpose 'trial' only", arguments: GatedOperation.granted)
    func trial(operation: GatedOperation) async throws {
        let store = InMemoryStore()
        let time = Date(timeIntervalSince1970: 1_000)
        let gate = PolicyGate(policy: .trial, records: store, now: { time })
        let permit = try await gate.permit(request(operation))
        #expect(permit.rule == "grant:trial" && permit.issued == time && permit.standing.isTrial)
        #expect(store.records.isEmpty)
        for (organisation, purpose) in [("somebody", "trial"), ("local-operator", "hunting"), ("", "")] {
            await #expect(throws: Refusal.self) {
                try await gate.permit(request(operation, of: organisation, for: purpose))
            }
        }
        #expect(store.records.map(\.decision) == [.refused, .refused, .refused])
    }

    @Test("The trial needs no purpose, and keeps faces 30 days")
    func trialTerms() async throws {
        let gate = PolicyGate(policy: .trial, records: InMemoryStore())
        let permit = try await gate.permit(request(.enrol, for: nil, in: "g"))
        #expect(permit.request.purpose == "trial" && permit.terms.retention == 30 * 86_400)
        #expect(permit.terms.minimumSimilarity == nil && permit.terms.maximumCandidates == nil)
    }

    @Test("A refusal is in the record before it is told", arguments: GatedOperation.granted)
    func refused(operation: GatedOperation) async throws {
        let store = InMemoryStore()
        let gate = PolicyGate(policy: .nothing, records: store, now: { Date(timeIntervalSince1970: 5) })
        let asked = try request(operation, of: "c", for: "p", in: "g")
        let refusal = try #require(await #expect(throws: Refusal.self) { try await gate.permit(asked) })
        #expect(refusal.request == asked)
        let record = try #require(store.records.first)
        #expect(store.records.count == 1)
        #expect(record.operation == operation && record.decision == .refused && record.rule == refusal.rule)
        #expect(record.outcome == refusal.reason && record.gallery == asked.gallery && record.organisation == "c")
        #expect(record.time == Date(timeIntervalSince1970: 5))
    }

    @Test("A refusal that cannot be recorded is an error")
    func unrecorded() async throws {
        let store = InMemoryStore()
        store.fail(with: RecognitionError(.diskFull, "The disk is full."))
        let gate = PolicyGate(policy: .nothing, records: store)
        await #expect { _ = try await gate.permit(request(.compare)) } throws: {
            ($0 as? RecognitionError)?.code == .diskFull
        }
    }

    @Test("A clock that goes back behind the last entry, or behind an earlier request, is not gone by")
    func clock() async throws {
        let store = InMemoryStore()
        let seconds = Mutex(1_000.0)
        let gate = PolicyGate(
            rules: { .trial }, records: store, lastEntry: Date(timeIntervalSince1970: 1_000),
            now: { Date(timeIntervalSince1970: seconds.withLock { $0 }) })
        func permit(at time: Double) async -> RecognitionError.Code? {
            seconds.withLock { $0 = time }
            do {
                _ = try await gate.permit(request(.detect))
                return nil
            } catch { return (error as? RecognitionError)?.code }
        }
        #expect(await permit(at: 998) == .clockWentBack)
        #expect(await permit(at: 1_000) == nil)
        #expect(await permit(at: 2_000) == nil)
        #expect(await permit(at: 1_500) == .clockWentBack)
        #expect(await permit(at: 2_000) == nil)
        #expect(store.records.isEmpty)
    }

    private func limited(to limit: Int) -> Policy {
        Policy(
            name: "limited", contact: "me", organisations: [.init(id: "o", name: "O", kind: "k")],
            purposes: [.init(id: "p", dailyLimit: limit)],
            grants: [.init(id: "g", organisation: "o", purposes: ["p"], operations: [.compare, .detect])])
    }

    @Test("A daily limit holds, also among requests at once, and begins anew at midnight")
    func dailyLimit() async throws {
        let seconds = Mutex(86_400.0 * 3 + 5)
        let counted = Mutex(0)
        let inForce = PolicyInForce(rules: RuleBook(limited(to: 10)), digest: "d")
        let gate = PolicyGate(
            rules: { inForce }, records: InMemoryStore(),
            searches: { organisation, purpose, since in
                #expect(organisation == "o" && purpose == "p")
                counted.withLock { $0 += 1 }
                // Four were permitted before this process began.
                return since == Date(timeIntervalSince1970: 86_400 * 3) ? 4 : 0
            },
            now: { Date(timeIntervalSince1970: seconds.withLock { $0 }) })
        func permitted(_ count: Int, _ operation: GatedOperation = .compare) async throws -> Int {
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<count {
                    group.addTask {
                        do {
                            _ = try await gate.permit(request(operation, of: "o", for: "p"))
                            return true
                        } catch is Refusal { return false }
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
        }
        #expect(try await permitted(3) == 3)
        #expect(try await permitted(20) == 3)
        // What compares nobody is not counted.
        #expect(try await permitted(5, .detect) == 5)
        seconds.withLock { $0 = 86_400 * 4 }
        #expect(try await permitted(20) == 10)
        let refusal = await #expect(throws: Refusal.self) { try await gate.permit(request(.compare, of: "o", for: "p")) }
        #expect(refusal?.until == Date(timeIntervalSince1970: 86_400 * 5) && refusal?.rule == "purpose:p")
    }

    @Test("What is granted for one purpose alone needs no purpose said, unless it is recognition")
    func onlyPurpose() async throws {
        let gate = PolicyGate(
            policy: Policy(
                name: "p", contact: "me", organisations: [.init(id: "o", name: "O", kind: "k")],
                purposes: [.init(id: "p"), .init(id: "q")],
                grants: [
                    .init(id: "g", organisation: "o", purposes: ["p"], operations: [.manage, .compare]),
                    .init(id: "h", organisation: "o", purposes: ["p", "q"], operations: [.forget]),
                ]), records: InMemoryStore())
        #expect(try await gate.permit(request(.manage, of: "o", for: nil)).request.purpose == "p")
        for operation in [GatedOperation.compare, .forget] {
            let refusal = await #expect(throws: Refusal.self) {
                try await gate.permit(request(operation, of: "o", for: nil))
            }
            #expect(refusal?.rule == "built-in:purpose")
        }
    }

    @Test("A purge is permitted by whatever policy, to the operator and nobody else")
    func retention() async throws {
        let gate = PolicyGate(policy: .nothing, records: InMemoryStore())
        #expect(try await gate.permit(request(.forget, for: "retention", in: "g")).rule == "built-in:retention")
        for asked in [
            try request(.forget, of: "o", for: "retention", in: "g"), try request(.manage, for: "retention", in: "g"),
        ] {
            await #expect(throws: Refusal.self) { try await gate.permit(asked) }
        }
    }

    @Test("A refusal says the rule, why, until when and whom to ask, in one sentence and another")
    func sentence() {
        let refusal = Refusal(
            request: AccessRequest(organisation: "o", purpose: "p", operation: .identify), rule: "moratorium:m",
            reason: "no rules yet (decided by the board)", until: Date(timeIntervalSince1970: 1_623_283_200),
            standing: Standing(policyName: "p", policy: "d", kind: "k", contact: "the trust office"))
        #expect(
            refusal.description
                == "Refused by the rule 'moratorium:m': no rules yet (decided by the board); it holds until 2021-06-10. Ask the trust office.")
    }
}
