public import Foundation

/// By what a decision was made.
public struct Standing: Sendable, Hashable {
    /// The policy's name.
    public let policyName: String
    /// SHA-256 of the policy's file, in hexadecimal digits; nil for the trial, which has none.
    public let policy: String?
    /// What kind of organisation asked; nil for one that the policy does not know.
    public let kind: String?
    /// Whom to ask.
    public let contact: String

    public var isTrial: Bool { policy == nil && policyName == Policy.trial.name }
}

/// What a permit is bound to. Nothing that a caller says of a request can go beyond it.
public struct PermitTerms: Sendable, Hashable {
    /// No candidate and no match is given below it; nil where the policy sets no floor.
    public let minimumSimilarity: Similarity?
    /// nil where the policy sets no ceiling.
    public let maximumCandidates: Int?
    /// How many people must review what is found.
    public let reviewers: Int
    /// The longest that a face stays that is enrolled, in seconds; nil where no gallery is concerned.
    public let retention: TimeInterval?
    /// Whether that is the trial's, which gives way to a retention that a gallery was made with.
    let retentionYields: Bool

    init(
        minimumSimilarity: Similarity?, maximumCandidates: Int?, reviewers: Int, retention: TimeInterval?,
        retentionYields: Bool = false
    ) {
        self.minimumSimilarity = minimumSimilarity
        self.maximumCandidates = maximumCandidates
        self.reviewers = reviewers
        self.retention = retention
        self.retentionYields = retentionYields
    }

    /// The similarity that applies: what is asked, else `standard`, and never below the floor.
    func threshold(asked: Similarity?, else standard: Similarity) -> Similarity {
        operatingPoint(asked: asked.map { OperatingPoint(similarity: $0) }, else: OperatingPoint(similarity: standard))
            .similarity
    }

    /// Of what looks at no face and keeps none.
    static let none = PermitTerms(minimumSimilarity: nil, maximumCandidates: nil, reviewers: 0, retention: nil)

    /// The operating point that applies: what is asked, else `standard`, and never below the floor.
    func operatingPoint(asked: OperatingPoint?, else standard: OperatingPoint) -> OperatingPoint {
        let point = asked ?? standard
        guard let floor = minimumSimilarity, point.similarity < floor else { return point }
        return OperatingPoint(similarity: floor, isRecommended: point.isRecommended)
    }

    func limit(asked: Int) -> Int { min(asked, maximumCandidates ?? asked) }

    /// When a face that is enrolled has to be gone, by these terms and the gallery's own retention.
    func expiry(asked: Date?, enrolled: Date, in gallery: GalleryDescription) -> Date? {
        let own = gallery.expiry(asked: asked, enrolled: enrolled)
        if retentionYields, gallery.retention != nil { return own }
        return [own, retention.map(enrolled.addingTimeInterval)].compactMap { $0 }.min()
    }
}

/// Why a request is refused.
public struct RefusalReason: Sendable, Hashable {
    /// A whole sentence without its end.
    public let text: String
    /// Until when this rule refuses; nil where it has no end of its own.
    public let until: Date?
}

/// What the rules say of a request.
public enum PolicyDecision: Sendable, Hashable {
    case permitted(rule: String, PermitTerms)
    case refused(rule: String, RefusalReason)

    public var isPermitted: Bool { if case .permitted = self { true } else { false } }

    public var rule: String {
        switch self {
        case .permitted(let rule, _), .refused(let rule, _): rule
        }
    }
}

/// That recognition has been withdrawn from everybody.
public struct Withdrawal: Sendable, Hashable {
    public let since: Date
    /// The operator's words.
    public let reason: String

    public init(since: Date, reason: String) {
        self.since = since
        self.reason = reason
    }
}

/// What the gate goes by at a moment.
public struct PolicyInForce: Sendable {
    public let rules: RuleBook
    /// SHA-256 of the policy's file, in hexadecimal digits; nil for a policy that has none.
    public let digest: String?
    public let withdrawal: Withdrawal?

    public init(rules: RuleBook, digest: String?, withdrawal: Withdrawal? = nil) {
        self.rules = rules
        self.digest = digest
        self.withdrawal = withdrawal
    }

    /// What applies before any policy was applied.
    package static let trial = PolicyInForce(rules: RuleBook(.trial), digest: nil)

    /// In the place of a policy that cannot be read any more: it permits nothing.
    package static let unreadable = PolicyInForce(
        rules: RuleBook(Policy(name: "a policy that cannot be read", contact: "the operator")), digest: nil)

    /// Whether no policy was applied yet.
    public var isTrial: Bool { digest == nil && rules.policy.name == Policy.trial.name }

    /// The purpose of a request that says none: the trial's, which knows no other; and for what is no recognition, the one
    /// that the organisation is granted, if it is one alone.
    public func purposeUnsaid(by request: AccessRequest) -> String? {
        isTrial ? "trial" : request.operation.isRecognition ? nil : rules.onlyPurpose(of: request)
    }

    func standing(of organisation: String) -> Standing {
        Standing(
            policyName: rules.policy.name, policy: digest, kind: rules.kind(of: organisation),
            contact: rules.policy.contact)
    }
}
