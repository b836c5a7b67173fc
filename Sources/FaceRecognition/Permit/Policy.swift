public import Foundation

/// Who may do what, for which purpose, until when. What nothing permits is refused.
///
/// Prohibition beats moratorium, moratorium beats grant. Documentation/Policy.md has every field and the order in which
/// rules are asked; `RuleBook` decides by it.
public struct Policy: Sendable, Hashable {
    public struct Organisation: Sendable, Hashable {
        public var id: String
        public var name: String
        /// `law-enforcement`, `missing-persons`, or the operator's own word.
        public var kind: String

        public init(id: String, name: String, kind: String) {
            self.id = id
            self.name = name
            self.kind = kind
        }
    }

    /// What somebody asks for, and what that demands.
    public struct Purpose: Sendable, Hashable {
        public var id: String
        /// A request must say a case that fits, from its first character to its last.
        public var caseReference: CasePattern?
        /// No search or comparison answers below it.
        public var minimumSimilarity: Similarity?
        /// No search gives more.
        public var maximumCandidates: Int?
        /// The most searches and comparisons of one organisation for this purpose in a day (UTC).
        public var dailyLimit: Int?
        /// The only galleries it may touch; nil for any.
        public var galleries: Set<GalleryName>?
        /// How many people must review what was found.
        public var reviewers: Int
        /// Nobody is enrolled for it.
        public var onlySearches: Bool

        public init(
            id: String, caseReference: CasePattern? = nil, minimumSimilarity: Similarity? = nil,
            maximumCandidates: Int? = nil, dailyLimit: Int? = nil, galleries: Set<GalleryName>? = nil,
            reviewers: Int = 0, onlySearches: Bool = false
        ) {
            self.id = id
            self.caseReference = caseReference
            self.minimumSimilarity = minimumSimilarity
            self.maximumCandidates = maximumCandidates
            self.dailyLimit = dailyLimit
            self.galleries = galleries
            self.reviewers = reviewers
            self.onlySearches = onlySearches
        }
    }

    /// On what terms a gallery may be kept at all.
    public struct GalleryTerms: Sendable, Hashable {
        public var owner: String
        public var legalBasis: String
        /// The longest that a face stays, in seconds from its enrolment.
        public var retention: TimeInterval
        /// Those that may search it.
        public var purposes: Set<String>

        public init(owner: String, legalBasis: String, retention: TimeInterval, purposes: Set<String>) {
            self.owner = owner
            self.legalBasis = legalBasis
            self.retention = retention
            self.purposes = purposes
        }
    }

    /// From its first moment until before its last; nil on either side for no bound.
    public struct Span: Sendable, Hashable {
        public var from: Date?
        public var until: Date?

        public init(from: Date? = nil, until: Date? = nil) {
            self.from = from
            self.until = until
        }

        public func contains(_ time: Date) -> Bool { (from.map { $0 <= time } ?? true) && (until.map { time < $0 } ?? true) }
    }

    /// One organisation's leave.
    public struct Grant: Sendable, Hashable {
        public var id: String
        public var organisation: String
        public var purposes: Set<String>
        public var operations: Set<GatedOperation>
        /// nil for every gallery that the policy has terms for.
        public var galleries: Set<GalleryName>?
        public var span: Span

        public init(
            id: String, organisation: String, purposes: Set<String>, operations: Set<GatedOperation>,
            galleries: Set<GalleryName>? = nil, span: Span = Span()
        ) {
            self.id = id
            self.organisation = organisation
            self.purposes = purposes
            self.operations = operations
            self.galleries = galleries
            self.span = span
        }
    }

    /// Operations that stop for a time, whatever is granted.
    public struct Moratorium: Sendable, Hashable {
        /// Whom it spares.
        public struct Exception: Sendable, Hashable {
            public var organisation: String
            /// nil for all.
            public var purposes: Set<String>?

            public init(organisation: String, purposes: Set<String>? = nil) {
                self.organisation = organisation
                self.purposes = purposes
            }
        }

        public var id: String
        public var operations: Set<GatedOperation>
        /// The kinds of organisation that it stops; nil for all.
        public var kinds: Set<String>?
        /// The purposes that it stops; nil for all.
        public var purposes: Set<String>?
        /// Without an end it lasts until a policy without it is applied.
        public var span: Span
        public var exceptions: [Exception]
        public var reason: String
        public var decidedBy: String
        /// When it is to be looked at again.
        public var review: Date?

        public init(
            id: String, operations: Set<GatedOperation>, kinds: Set<String>? = nil, purposes: Set<String>? = nil,
            span: Span, exceptions: [Exception] = [], reason: String, decidedBy: String, review: Date? = nil
        ) {
            self.id = id
            self.operations = operations
            self.kinds = kinds
            self.purposes = purposes
            self.span = span
            self.exceptions = exceptions
            self.reason = reason
            self.decidedBy = decidedBy
            self.review = review
        }

        func spares(_ organisation: String, for purpose: String) -> Bool {
            exceptions.contains { $0.organisation == organisation && $0.purposes?.contains(purpose) ?? true }
        }
    }

    /// What no grant can permit. It concerns a request that fits every one of its sets; nil fits all.
    public struct Prohibition: Sendable, Hashable {
        public var id: String
        public var operations: Set<GatedOperation>
        public var organisations: Set<String>?
        public var kinds: Set<String>?
        public var purposes: Set<String>?
        public var galleries: Set<GalleryName>?
        public var reason: String

        public init(
            id: String, operations: Set<GatedOperation>, organisations: Set<String>? = nil, kinds: Set<String>? = nil,
            purposes: Set<String>? = nil, galleries: Set<GalleryName>? = nil, reason: String
        ) {
            self.id = id
            self.operations = operations
            self.organisations = organisations
            self.kinds = kinds
            self.purposes = purposes
            self.galleries = galleries
            self.reason = reason
        }

        func concerns(_ request: AccessRequest, kind: String?, purpose: String) -> Bool {
            operations.contains(request.operation) && organisations?.contains(request.organisation) ?? true
                && kinds.map { kind.map($0.contains) ?? false } ?? true && purposes?.contains(purpose) ?? true
                && galleries.map { request.gallery.map($0.contains) ?? false } ?? true
        }
    }

    public var name: String
    /// Whom to ask about a refusal.
    public var contact: String
    public var organisations: [Organisation]
    public var purposes: [Purpose]
    public var galleries: [GalleryName: GalleryTerms]
    public var grants: [Grant]
    public var moratoria: [Moratorium]
    public var prohibitions: [Prohibition]
    /// The terms of galleries that the policy does not name. No file can set them: only the trial has them.
    package var otherGalleries: GalleryTerms?

    public init(
        name: String, contact: String, organisations: [Organisation] = [], purposes: [Purpose] = [],
        galleries: [GalleryName: GalleryTerms] = [:], grants: [Grant] = [], moratoria: [Moratorium] = [],
        prohibitions: [Prohibition] = []
    ) {
        self.name = name
        self.contact = contact
        self.organisations = organisations
        self.purposes = purposes
        self.galleries = galleries
        self.grants = grants
        self.moratoria = moratoria
        self.prohibitions = prohibitions
    }

    /// How long the trial keeps a face, in seconds: 30 days.
    package static let trialRetention: TimeInterval = 30 * 86_400

    /// What applies until the operator applies a policy: the local operator may try everything on this machine.
    package static let trial: Policy = {
        var trial = Policy(
            name: "trial", contact: "the operator of this installation",
            organisations: [
                Organisation(
                    id: AccessRequest.localOperator, name: "The operator of this machine", kind: "operator")
            ],
            purposes: [Purpose(id: "trial")],
            grants: [
                Grant(
                    id: "trial", organisation: AccessRequest.localOperator, purposes: ["trial"],
                    operations: Set(GatedOperation.granted))
            ])
        trial.otherGalleries = GalleryTerms(
            owner: "the operator of this machine", legalBasis: "trial", retention: trialRetention, purposes: ["trial"])
        return trial
    }()

    /// Permits nothing to anybody.
    package static let nothing = Policy(name: "nothing", contact: "the operator of this installation")
}
