import FaceRecognition
import Foundation
import PolicyFile
import SQLiteStorage
import Synchronization

/// Gives the gate the policy in force. What is applied in another process holds from the next request on; reading it again
/// costs nothing until then.
final class PolicyOffice: Sendable {
    private let store: SQLiteStore
    private let last = Mutex<(digest: String, rules: RuleBook)?>(nil)

    init(_ store: SQLiteStore) { self.store = store }

    /// - Throws: `.policyRefused` when the stored policy is not one to this version; `.storageCorrupt`,
    ///   `.storageUnavailable`. Nothing is permitted then.
    func inForce() async throws -> PolicyInForce {
        let stored = try await store.policy()
        guard let applied = stored.applied else {
            return PolicyInForce(
                rules: PolicyInForce.trial.rules, digest: nil, withdrawal: stored.withdrawal)
        }
        let rules: RuleBook
        if let known = last.withLock({ $0 }), known.digest == applied.digest {
            rules = known.rules
        } else {
            rules = RuleBook(try PolicyFile(applied.file, path: "the policy in force").policy)
            last.withLock { $0 = (applied.digest, rules) }
        }
        return PolicyInForce(rules: rules, digest: applied.digest, withdrawal: stored.withdrawal)
    }

    /// What a policy is to take the place of: nothing, where the policy in force cannot be read.
    /// - Returns: also its digest; nil where none was applied, or where it is damaged.
    func toReplace() async throws -> (policy: Policy, digest: String?) {
        do {
            let known = try await inForce()
            return (known.rules.policy, known.digest)
        } catch let error as RecognitionError where [.storageCorrupt, .policyRefused].contains(error.code) {
            Console.note("\(error.message) The whole of the new one is recorded as its difference.")
            return (PolicyInForce.unreadable.rules.policy, try? await store.policy().applied?.digest)
        }
    }
}
