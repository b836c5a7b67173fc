import FaceRecognition

// Rules that cannot be meant together.
extension PolicyReader {
    mutating func checkTogether(_ policy: Policy) {
        let purposes = Dictionary(policy.purposes.map { ($0.id, $0) }) { first, _ in first }
        for (grant, place) in zip(policy.grants, places.grants) {
            checkTogether(grant, grant.purposes.sorted().compactMap { purposes[$0] }, policy, at: place)
            let kind = policy.organisations.first { $0.id == grant.organisation }?.kind
            let dead = policy.prohibitions.first { prohibition in
                grant.operations.isSubset(of: prohibition.operations)
                    && prohibition.organisations?.contains(grant.organisation) ?? true
                    && prohibition.kinds.map { kind.map($0.contains) ?? false } ?? true
                    && prohibition.purposes.map(grant.purposes.isSubset) ?? true
                    && prohibition.galleries.map { all in grant.galleries?.isSubset(of: all) ?? false } ?? true
            }
            if let dead {
                fields.fail(
                    at: place,
                    "The grant '\(grant.id)' contradicts the prohibition '\(dead.id)', which forbids all of it.")
            }
        }
        for (moratorium, place) in zip(policy.moratoria, places.moratoria) {
            for exception in moratorium.exceptions {
                let kind = policy.organisations.first { $0.id == exception.organisation }?.kind
                if let kinds = moratorium.kinds, let kind, !kinds.contains(kind) {
                    fields.fail(
                        at: place,
                        "The moratorium '\(moratorium.id)' spares '\(exception.organisation)', whose kind '\(kind)' it does not stop."
                    )
                }
            }
        }
    }

    /// A grant that names what none of its purposes may do.
    private mutating func checkTogether(
        _ grant: Policy.Grant, _ purposes: [Policy.Purpose], _ policy: Policy, at place: Place
    ) {
        guard !purposes.isEmpty else { return }
        let names = purposes.map { "'\($0.id)'" }.joined(separator: ", ")
        if grant.operations.contains(.enrol), purposes.allSatisfy(\.onlySearches) {
            fields.fail(at: place, "The grant '\(grant.id)' permits to enrol for \(names), which only searches.")
        }
        for gallery in (grant.galleries ?? []).sorted() {
            if purposes.allSatisfy({ !($0.galleries?.contains(gallery) ?? true) }) {
                fields.fail(
                    at: place, "The grant '\(grant.id)' names the gallery \(gallery), which \(names) does not touch.")
            } else if grant.operations.contains(.identify), let terms = policy.galleries[gallery],
                terms.purposes.isDisjoint(with: grant.purposes)
            {
                fields.fail(
                    at: place,
                    "The grant '\(grant.id)' permits to search the gallery \(gallery) for \(names), and the gallery's own purposes have none of it."
                )
            }
        }
    }
}
