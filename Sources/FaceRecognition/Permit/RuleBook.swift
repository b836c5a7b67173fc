public import Foundation

/// A policy, ready to be asked: the one place that decides.
///
/// Rules are looked up, not searched for: a decision takes some microseconds, whether a policy has ten rules or ten
/// thousand. Among rules of the same rank the first of the file is named.
public struct RuleBook: Sendable {
    public let policy: Policy
    private let organisations: [String: Policy.Organisation]
    private let purposes: [String: Policy.Purpose]
    private let grants: [GrantKey: [Int]]
    private let grantees: Set<String>
    private let grantedPurposes: [OperationKey: Set<String>]
    private let moratoria: [MoratoriumKey: [Int]]
    private let prohibitions: [GatedOperation: [Int]]

    private struct GrantKey: Hashable {
        enum Place: Hashable {
            case gallery(GalleryName)
            /// Grants that name no gallery.
            case all
            /// Every grant, for what concerns no gallery in particular.
            case any
        }
        let organisation: String
        let purpose: String
        let operation: GatedOperation
        let place: Place
    }

    private struct OperationKey: Hashable {
        let organisation: String
        let operation: GatedOperation
    }

    private struct MoratoriumKey: Hashable {
        let operation: GatedOperation
        let kind: String?
        let purpose: String?
    }

    public init(_ policy: Policy) {
        self.policy = policy
        organisations = Dictionary(policy.organisations.map { ($0.id, $0) }) { first, _ in first }
        purposes = Dictionary(policy.purposes.map { ($0.id, $0) }) { first, _ in first }
        grantees = Set(policy.grants.map(\.organisation))
        var grants: [GrantKey: [Int]] = [:], grantedPurposes: [OperationKey: Set<String>] = [:]
        for (i, grant) in policy.grants.enumerated() {
            for operation in grant.operations {
                grantedPurposes[.init(organisation: grant.organisation, operation: operation), default: []]
                    .formUnion(grant.purposes)
                for purpose in grant.purposes {
                    for place in (grant.galleries?.map(GrantKey.Place.gallery) ?? [.all]) + [.any] {
                        let key = GrantKey(
                            organisation: grant.organisation, purpose: purpose, operation: operation, place: place)
                        grants[key, default: []].append(i)
                    }
                }
            }
        }
        self.grants = grants
        self.grantedPurposes = grantedPurposes
        var moratoria: [MoratoriumKey: [Int]] = [:]
        for (i, moratorium) in policy.moratoria.enumerated() {
            for operation in moratorium.operations {
                for kind in moratorium.kinds.map({ $0.map(Optional.some) }) ?? [nil] {
                    for purpose in moratorium.purposes.map({ $0.map(Optional.some) }) ?? [nil] {
                        moratoria[.init(operation: operation, kind: kind, purpose: purpose), default: []].append(i)
                    }
                }
            }
        }
        self.moratoria = moratoria
        var prohibitions: [GatedOperation: [Int]] = [:]
        for (i, prohibition) in policy.prohibitions.enumerated() {
            for operation in prohibition.operations { prohibitions[operation, default: []].append(i) }
        }
        self.prohibitions = prohibitions
    }

    func kind(of organisation: String) -> String? { organisations[organisation]?.kind }

    /// A purpose as the policy spells it.
    func spelling(of purpose: String) -> String { purposes[purpose]?.id ?? purpose }

    /// The purpose that an organisation is granted an operation for, if it is one alone.
    func onlyPurpose(of request: AccessRequest) -> String? {
        let purposes = grantedPurposes[.init(organisation: request.organisation, operation: request.operation)] ?? []
        return purposes.count == 1 ? purposes.first : nil
    }

    /// The terms that a gallery may be kept on; nil where there are none.
    public func terms(of gallery: GalleryName) -> Policy.GalleryTerms? {
        policy.galleries[gallery] ?? policy.otherGalleries
    }

    /// - Parameter withdrawal: nil as long as recognition has not been withdrawn.
    /// - Returns: everything but the daily limit, which needs a count: see `dailyLimit`.
    public func decision(
        on request: AccessRequest, at time: Date, withdrawal: Withdrawal? = nil
    ) -> PolicyDecision {
        func refused(_ rule: String, _ text: String, until: Date? = nil) -> PolicyDecision {
            .refused(rule: rule, RefusalReason(text: text, until: until))
        }
        if let no = refusalOfKey(request, at: time) { return no }
        if request.operation == .govern {
            return request.organisation == AccessRequest.localOperator && request.key == nil
                ? .permitted(rule: "built-in:operator", .none)
                : refused("built-in:operator", "only the operator, at this machine, applies policies and withdraws")
        }
        if request.isRetention {
            return .permitted(rule: "built-in:retention", .none)
        }
        if let withdrawal, request.operation.isRecognition {
            return refused(
                "withdrawal",
                "the operator withdrew recognition from everybody on \(withdrawal.since.day): \(withdrawal.reason)")
        }
        guard let purposeID = request.purpose, !purposeID.isEmpty else {
            return refused(
                "built-in:purpose",
                "nothing is done without a purpose; bind the key to one, or say it (X-Countenance-Purpose, --purpose)")
        }
        let organisation = organisations[request.organisation], purpose = purposes[purposeID]
        if request.operation == .enrol, let purpose, purpose.onlySearches {
            return refused("built-in:only-searches", "nobody is enrolled for the purpose '\(purposeID)', which only searches")
        }
        let terms = request.gallery.flatMap { self.terms(of: $0) }
        // What leaves a gallery may always leave it.
        if let gallery = request.gallery, terms == nil, request.operation != .forget {
            return refused(
                "built-in:gallery",
                "the policy names no owner, legal basis and retention for the gallery \(gallery)")
        }
        for i in prohibitions[request.operation] ?? [] {
            let prohibition = policy.prohibitions[i]
            if prohibition.concerns(request, kind: organisation?.kind, purpose: purposeID) {
                return refused("prohibition:\(prohibition.id)", prohibition.reason)
            }
        }
        if let moratorium = moratorium(on: request, organisation?.kind, purposeID, at: time) {
            return refused(
                "moratorium:\(moratorium.id)",
                "\(moratorium.reason) (decided by \(moratorium.decidedBy)\(moratorium.review.map { ", to be reviewed on \($0.day)" } ?? ""))",
                until: moratorium.span.until)
        }
        guard organisation != nil else {
            return refused("built-in:organisation", "the policy knows no organisation '\(request.organisation.shown)'")
        }
        guard let purpose else {
            return refused("built-in:unknown-purpose", "the policy knows no purpose '\(purposeID.shown)'")
        }
        guard let grant = grant(for: request, purposeID, at: time) else {
            return refused("built-in:no-grant", missingGrant(request, purposeID, at: time))
        }
        if let no = refusal(of: request, by: purpose, terms) { return no }
        return .permitted(
            rule: "grant:\(grant.id)",
            PermitTerms(
                minimumSimilarity: purpose.minimumSimilarity, maximumCandidates: purpose.maximumCandidates,
                reviewers: purpose.reviewers, retention: terms?.retention,
                retentionYields: request.gallery.map { policy.galleries[$0] == nil } ?? false))
    }

    /// The most searches and comparisons in a day of the organisation for the purpose; nil where this request counts
    /// for none.
    func dailyLimit(on request: AccessRequest) -> Int? {
        request.operation.isSearch ? request.purpose.flatMap { purposes[$0]?.dailyLimit } : nil
    }

    // MARK: Ranks, from the highest

    private func refusalOfKey(_ request: AccessRequest, at time: Date) -> PolicyDecision? {
        guard let key = request.key else { return nil }
        func refused(_ text: String) -> PolicyDecision {
            .refused(rule: "built-in:key", RefusalReason(text: text, until: nil))
        }
        if let expires = key.expires, expires <= time {
            return refused("the access key \(key.id) expired on \(expires.moment); ask for another")
        }
        if let bound = key.purpose, request.purpose != bound {
            return refused("the access key \(key.id) is for the purpose '\(bound)' alone")
        }
        if let bound = key.caseReference, request.caseReference != bound {
            return refused("the access key \(key.id) is for one case alone, and the request says another")
        }
        return nil
    }

    private func moratorium(
        on request: AccessRequest, _ kind: String?, _ purpose: String, at time: Date
    ) -> Policy.Moratorium? {
        var first: Int?
        func look(_ kind: String?, _ purpose: String?) {
            let there = moratoria[MoratoriumKey(operation: request.operation, kind: kind, purpose: purpose)] ?? []
            for i in there where first.map({ i < $0 }) ?? true {
                let moratorium = policy.moratoria[i]
                if moratorium.span.contains(time), !moratorium.spares(request.organisation, for: request.purpose ?? "") {
                    first = i
                    return
                }
            }
        }
        look(nil, nil)
        look(nil, purpose)
        if let kind {
            look(kind, nil)
            look(kind, purpose)
        }
        return first.map { policy.moratoria[$0] }
    }

    private func grant(for request: AccessRequest, _ purpose: String, at time: Date) -> Policy.Grant? {
        func first(_ place: GrantKey.Place) -> Int? {
            let key = GrantKey(
                organisation: request.organisation, purpose: purpose, operation: request.operation, place: place)
            return grants[key]?.first { i in
                let grant = policy.grants[i]
                return grant.span.contains(time) && (request.key?.grant.map { $0 == grant.id } ?? true)
            }
        }
        guard let gallery = request.gallery else { return first(.any).map { policy.grants[$0] } }
        return [first(.all), first(.gallery(gallery))].compactMap { $0 }.min().map { policy.grants[$0] }
    }

    private func missingGrant(_ request: AccessRequest, _ purpose: String, at time: Date) -> String {
        let place = request.gallery.map { " in the gallery \($0)" } ?? ""
        let what = "'\(request.organisation)' to \(request.operation.rawValue)\(place) for the purpose '\(purpose)'"
        if let grant = request.key?.grant {
            return "the grant '\(grant)', which the access key belongs to, does not permit \(what)"
        }
        guard grantees.contains(request.organisation) else { return "nothing is granted to '\(request.organisation)'" }
        return "nothing permits \(what) on \(time.day)"
    }

    /// What the purpose, and the gallery's terms, demand of a request that is granted.
    private func refusal(
        of request: AccessRequest, by purpose: Policy.Purpose, _ terms: Policy.GalleryTerms?
    ) -> PolicyDecision? {
        func refused(_ text: String) -> PolicyDecision {
            .refused(rule: "purpose:\(purpose.id)", RefusalReason(text: text, until: nil))
        }
        if let gallery = request.gallery, let only = purpose.galleries, !only.contains(gallery) {
            return refused("the purpose '\(purpose.id)' does not touch the gallery \(gallery)")
        }
        if request.operation == .identify, let gallery = request.gallery, let terms, !terms.purposes.contains(purpose.id) {
            return .refused(
                rule: "gallery:\(gallery)",
                RefusalReason(text: "the gallery \(gallery) is not searched for the purpose '\(purpose.id)'", until: nil))
        }
        if let pattern = purpose.caseReference, request.operation.isRecognition {
            guard let reference = request.caseReference, !reference.isEmpty else {
                return refused(
                    "the purpose '\(purpose.id)' needs a case reference of the form \(pattern) (X-Countenance-Case, --case)")
            }
            guard pattern.matches(reference) else {
                return refused("the case reference does not have the form \(pattern)")
            }
        }
        guard request.operation.isSearch else { return nil }
        if let floor = purpose.minimumSimilarity, let asked = request.threshold, asked < floor {
            return refused(
                "the purpose '\(purpose.id)' asks for a similarity of at least \(floor), not \(asked); leave the threshold out, or raise it")
        }
        if let ceiling = purpose.maximumCandidates, let asked = request.candidates, asked > ceiling {
            return refused(
                "the purpose '\(purpose.id)' gives at most \(ceiling) candidates, not \(asked); leave the number out, or lower it")
        }
        return nil
    }
}

extension Date {
    /// As policies write it, in UTC: the day, 2020-06-10, with the time where it is not midnight's.
    package var day: String {
        let text = formatted(.iso8601)
        return text.hasSuffix("T00:00:00Z") ? String(text.prefix(10)) : text
    }
    var moment: String { formatted(.iso8601) }
}

extension String {
    /// What a stranger wrote, short and in one line.
    var shown: String {
        let line = String(unicodeScalars.prefix(64).map { $0.properties.generalCategory == .control ? "\u{FFFD}" : Character($0) })
        return line == self ? line : line + "..."
    }
}
