public import FaceRecognition
import Foundation

extension Policy {
    /// What another policy changes, a line for each rule: `+ grant:x`, `- moratorium:y`, `~ purpose:z case, reviewers`.
    public func difference(to other: Policy) -> [String] {
        let before = described, after = other.described
        var lines: [String] = []
        for (rule, fields) in after.sorted(by: { $0.key < $1.key }) {
            guard let old = before[rule] else {
                lines.append("+ \(rule)")
                continue
            }
            let changed = Set(old.keys).union(fields.keys).filter { old[$0] != fields[$0] }.sorted()
            if !changed.isEmpty { lines.append("~ \(rule) \(changed.joined(separator: ", "))") }
        }
        lines += before.keys.filter { after[$0] == nil }.sorted().map { "- \($0)" }
        return lines
    }

    /// Every rule's fields, as texts to compare.
    private var described: [String: [String: String]] {
        // No id and no gallery can be named *, so that what names no bound differs from whatever is named.
        func set(_ values: (some Sequence<String>)?) -> String { values?.sorted().joined(separator: " ") ?? "*" }
        func operations(_ values: Set<GatedOperation>) -> String { set(values.map(\.rawValue)) }
        func galleries(_ values: Set<GalleryName>?) -> String { set(values?.map(\.rawValue)) }
        func date(_ value: Date?) -> String { value?.day ?? "" }
        var rules: [String: [String: String]] = ["policy": ["name": name, "contact": contact]]
        for it in organisations { rules["organisation:\(it.id)"] = ["name": it.name, "kind": it.kind] }
        for it in purposes {
            rules["purpose:\(it.id)"] = [
                "case": it.caseReference?.description ?? "", "minimum_similarity": "\(it.minimumSimilarity?.value ?? 0)",
                "maximum_candidates": "\(it.maximumCandidates ?? 0)", "daily_limit": "\(it.dailyLimit ?? -1)",
                "galleries": galleries(it.galleries), "reviewers": "\(it.reviewers)",
                "only_searches": "\(it.onlySearches)",
            ]
        }
        for (name, it) in self.galleries {
            rules["gallery:\(name)"] = [
                "owner": it.owner, "legal_basis": it.legalBasis, "retention": "\(it.retention)",
                "purposes": set(it.purposes),
            ]
        }
        for it in grants {
            rules["grant:\(it.id)"] = [
                "organisation": it.organisation, "purposes": set(it.purposes), "operations": operations(it.operations),
                "galleries": galleries(it.galleries), "from": date(it.span.from), "until": date(it.span.until),
            ]
        }
        for it in moratoria {
            rules["moratorium:\(it.id)"] = [
                "operations": operations(it.operations), "kinds": set(it.kinds), "purposes": set(it.purposes),
                "from": date(it.span.from), "until": date(it.span.until), "reason": it.reason,
                "decided_by": it.decidedBy, "review": date(it.review),
                "except": set(it.exceptions.map { "\($0.organisation)(\(set($0.purposes)))" }),
            ]
        }
        for it in prohibitions {
            rules["prohibition:\(it.id)"] = [
                "operations": operations(it.operations), "organisations": set(it.organisations), "kinds": set(it.kinds),
                "purposes": set(it.purposes), "galleries": galleries(it.galleries), "reason": it.reason,
            ]
        }
        return rules
    }
}
