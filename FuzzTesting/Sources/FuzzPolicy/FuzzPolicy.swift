import FaceRecognition
import Foundation
import FuzzSupport
import PolicyFile

/// Any bytes are a policy, or are refused with at least one mistake that has a place; a policy that was read decides every
/// request, and explains what it decided.
private func readPolicy(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let data = Data(UnsafeBufferPointer(start: start, count: count))
    let (file, problems) = PolicyFile.reading(data)
    guard let file else {
        precondition(!problems.isEmpty && problems.allSatisfy { $0.line >= 1 && $0.column >= 1 && !$0.text.isEmpty })
        return 0
    }
    let time = Date(timeIntervalSince1970: 1_600_000_000), rules = RuleBook(file.policy)
    _ = file.warnings(at: time)
    precondition(file.policy.difference(to: file.policy).isEmpty, "A policy does not differ from itself")
    for organisation in file.policy.organisations.prefix(4).map(\.id) + ["nobody"] {
        for operation in GatedOperation.allCases {
            let request = AccessRequest(
                organisation: organisation, purpose: file.policy.purposes.first?.id, operation: operation,
                gallery: operation == .identify ? file.policy.galleries.keys.first : nil)
            let explained = rules.explanation(of: request, at: time)
            precondition(explained.decision == rules.decision(on: request, at: time))
            precondition(explained.decision.isPermitted == !explained.steps.contains { $0.effect == .refuses })
        }
    }
    return 0
}

@main enum FuzzPolicy {
    static func main() { fuzz(readPolicy) }
}
