public import FaceRecognition
public import Foundation
import Yams

/// Requests, and what a policy is to say to each: a policy's tests.
public struct PolicyCases: Sendable {
    public struct Case: Sendable {
        public let name: String
        public let line: Int
        public let request: AccessRequest
        public let time: Date
        public let withdrawal: Withdrawal?
        public let isPermitted: Bool
        /// The rule that decides; nil for whichever.
        public let rule: String?

        /// - Returns: what was decided otherwise than expected, in words; nil when all is as expected.
        public func disagreement(with decision: PolicyDecision) -> String? {
            let decided = decision.isPermitted ? "permitted" : "refused"
            if decision.isPermitted != isPermitted {
                return "expected \(isPermitted ? "permitted" : "refused"), but it is \(decided) by \(decision.rule)"
            }
            if let rule, rule != decision.rule { return "expected the rule \(rule), but it is \(decided) by \(decision.rule)" }
            return nil
        }
    }

    /// The policy's file, by a path from where this one lies; nil where the file names none.
    public let policy: String?
    public let cases: [Case]

    static let sections = ["policy", "cases"]
    static let fields = [
        "name", "at", "organisation", "purpose", "case", "operation", "gallery", "threshold", "candidates", "withdrawn",
        "expect", "rule",
    ]

    /// - Returns: nil with at least one error.
    public static func reading(_ bytes: Data) -> (cases: PolicyCases?, problems: [PolicyProblem]) {
        guard bytes.count <= PolicyFile.largest else {
            let text = "A file of cases has at most \(PolicyFile.largest) bytes, not \(bytes.count)."
            return (nil, [PolicyProblem(line: 1, column: 1, severity: .error, text: text)])
        }
        let root: Node
        switch String.reading(bytes).flatMap({ $0.composed() }) {
        case .success(let node): root = node ?? Node("")
        case .failure(let problem): return (nil, [problem])
        }
        var fields = Fields()
        let top = fields.mapping(root, "A list of cases", sections)
        let policy = fields.text(ifThere: top["policy"], "policy, the policy's file,", of: root)
        var cases: [Case] = []
        for item in fields.list(top["cases"], "cases") { if let one = read(item, &fields) { cases.append(one) } }
        if cases.isEmpty, fields.problems.isEmpty { fields.fail(root, "There are no cases.") }
        guard fields.problems.isEmpty else { return (nil, fields.problems.sorted()) }
        return (PolicyCases(policy: policy, cases: cases), [])
    }

    private static func read(_ node: Node, _ fields: inout Fields) -> Case? {
        let values = fields.mapping(node, "A case", Self.fields)
        let organisation = fields.id(values["organisation"], "A case's organisation", of: node)
        let time = fields.date(values["at"], "at")
        if time == nil, values["at"] == nil { fields.fail(node, "at is missing; say when the request comes.") }
        let operation = values["operation"]?.plain.flatMap { GatedOperation(rawValue: $0) }
        if operation == nil {
            fields.fail(values["operation"] ?? node, "operation is one of \(GatedOperation.granted.map(\.rawValue).joined(separator: ", ")).")
        }
        let expected = values["expect"]?.plain
        if !["permitted", "refused"].contains(expected) {
            fields.fail(values["expect"] ?? node, "expect is permitted or refused.")
        }
        let gallery = values["gallery"].flatMap { fields.gallery($0, of: node) }
        let threshold = fields.similarity(values["threshold"], "threshold")
        let candidates = fields.number(values["candidates"], "candidates", 1...4_096)
        let withdrawn = fields.flag(values["withdrawn"], "withdrawn")
        let purpose = fields.text(ifThere: values["purpose"], "A case's purpose", of: node)
        let reference = fields.text(ifThere: values["case"], "case, the case reference,", of: node)
        let name = fields.text(ifThere: values["name"], "A case's name", of: node)
        let rule = fields.text(ifThere: values["rule"], "rule, which is to decide,", of: node)
        guard let operation, let time else { return nil }
        let request = AccessRequest(
            organisation: organisation, purpose: purpose, caseReference: reference, operation: operation,
            gallery: gallery, threshold: threshold, candidates: candidates)
        return Case(
            name: name ?? "\(organisation) \(operation.rawValue) \(time.day)",
            line: node.place.line, request: request, time: time,
            withdrawal: withdrawn ? Withdrawal(since: time, reason: "as the case says") : nil,
            isPermitted: expected == "permitted", rule: rule)
    }
}

extension PolicyInForce {
    /// As the gate decides, but for the daily limit: also for the purpose that a case leaves unsaid.
    public func decision(on one: PolicyCases.Case) -> PolicyDecision {
        var request = one.request
        request.purpose = request.purpose ?? purposeUnsaid(by: request)
        return rules.decision(on: request, at: one.time, withdrawal: one.withdrawal)
    }
}
