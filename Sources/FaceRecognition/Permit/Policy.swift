/// Who may do what, for which purpose. What nothing permits is refused.
///
/// For now a list of grants for the operator of one machine; moratoria, exceptions and prohibitions join it here.
package struct Policy: Sendable, Hashable {
    /// One caller's leave for one purpose.
    package struct Grant: Sendable, Hashable {
        package let caller: String
        package let purpose: String
        package let operations: Set<GatedOperation>

        package init(caller: String, purpose: String, operations: Set<GatedOperation>) {
            self.caller = caller
            self.purpose = purpose
            self.operations = operations
        }
    }

    package enum Decision: Sendable, Hashable {
        case permitted(rule: String)
        case refused(rule: String, reason: String)
    }

    package let name: String
    package let grants: [Grant]

    package init(name: String, grants: [Grant]) {
        self.name = name
        self.grants = grants
    }

    /// The local operator, known by having the data directory, may try everything for the purpose `trial`.
    package static let trial = Policy(
        name: "trial",
        grants: [Grant(caller: "local-operator", purpose: "trial", operations: Set(GatedOperation.allCases))])

    /// Permits nothing to anybody.
    package static let nothing = Policy(name: "nothing", grants: [])

    package func decision(on request: AccessRequest) -> Decision {
        let permits = grants.contains {
            $0.caller == request.caller && $0.purpose == request.purpose && $0.operations.contains(request.operation)
        }
        return permits
            ? .permitted(rule: name)
            : .refused(
                rule: name,
                reason:
                    "nothing permits \(request.caller) to \(request.operation.rawValue) for the purpose '\(request.purpose)'; ask the operator of this installation."
            )
    }
}
