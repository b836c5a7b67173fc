public import FaceRecognition
public import Foundation

extension PolicyFile {
    /// What is no mistake and may yet not be meant: grants that a moratorium empties, dates that have passed, and what
    /// nobody uses.
    public func warnings(at time: Date) -> [PolicyProblem] {
        var problems: [PolicyProblem] = []
        func warn(_ place: Place, _ text: String) {
            problems.append(PolicyProblem(line: place.line, column: place.column, severity: .warning, text: text))
        }
        for (grant, place) in zip(policy.grants, places.grants) {
            if let until = grant.span.until, until <= time {
                warn(place, "The grant '\(grant.id)' ended on \(until.day).")
            } else if let moratorium = policy.moratoria.first(where: { $0.empties(grant, of: policy, at: time) }) {
                let end = moratorium.span.until.map { " until \($0.day)" } ?? ""
                warn(place, "The moratorium '\(moratorium.id)' leaves nothing of the grant '\(grant.id)'\(end).")
            }
        }
        for (moratorium, place) in zip(policy.moratoria, places.moratoria) {
            if let until = moratorium.span.until, until <= time {
                warn(place, "The moratorium '\(moratorium.id)' ended on \(until.day).")
            } else if let review = moratorium.review, review <= time {
                warn(place, "The moratorium '\(moratorium.id)' was to be reviewed on \(review.day).")
            }
        }
        let grantees = Set(policy.grants.map(\.organisation))
        for (organisation, place) in zip(policy.organisations, places.organisations)
        where !grantees.contains(organisation.id) {
            warn(place, "Nothing is granted to the organisation '\(organisation.id)'.")
        }
        let used = policy.grants.reduce(into: Set<String>()) { $0.formUnion($1.purposes) }
        for (purpose, place) in zip(policy.purposes, places.purposes) where !used.contains(purpose.id) {
            warn(place, "Nothing is granted for the purpose '\(purpose.id)'.")
        }
        return problems.sorted()
    }
}

extension Policy.Moratorium {
    /// Whether nothing of a grant is left while it is in force.
    fileprivate func empties(_ grant: Policy.Grant, of policy: Policy, at time: Date) -> Bool {
        guard span.contains(time), grant.operations.isSubset(of: operations) else { return false }
        let kind = policy.organisations.first { $0.id == grant.organisation }?.kind
        guard kinds.map({ kind.map($0.contains) ?? false }) ?? true, purposes.map(grant.purposes.isSubset) ?? true else {
            return false
        }
        return grant.purposes.allSatisfy { purpose in
            !exceptions.contains { $0.organisation == grant.organisation && $0.purposes?.contains(purpose) ?? true }
        }
    }
}
