public import Foundation

/// What a caller may be permitted to do.
public enum GatedOperation: String, Sendable, Hashable, Codable, CaseIterable {
    /// Find faces in a photograph; nothing is compared.
    case detect
    /// Compare two photographs with each other.
    case compare
    /// Add faces to a gallery.
    case enrol
    /// Search a gallery for a face.
    case identify
    /// Remove faces from a gallery.
    case forget
    /// Create, look into or delete galleries; keys and backups.
    case manage
    /// Measure the system's accuracy.
    case audit
    /// Read the record: who asked for what, and what came of it.
    case inspect
    /// Apply a policy, withdraw recognition or lift a withdrawal. No policy grants it: it is the local operator's, so that
    /// nobody is locked out by a policy of their own.
    case govern

    /// Those that a policy can grant.
    public static let granted = allCases.filter { $0 != .govern }

    /// Those that look at faces, and stop when recognition is withdrawn.
    public var isRecognition: Bool {
        switch self {
        case .detect, .compare, .enrol, .identify, .audit: true
        case .forget, .manage, .inspect, .govern: false
        }
    }

    /// Those that compare somebody with somebody.
    var isSearch: Bool { self == .identify || self == .compare }
}

/// What a caller asks of the gate, before anything of a photograph is decoded.
public struct AccessRequest: Sendable, Hashable {
    /// The access key that a request was signed with, and what it is bound to.
    public struct Key: Sendable, Hashable {
        public let id: String
        /// From then on it opens nothing; nil as long as it is not disabled.
        public let expires: Date?
        /// The only purpose, case and grant that it may be used for; nil for any.
        public let purpose: String?
        public let caseReference: String?
        public let grant: String?

        public init(
            id: String, expires: Date? = nil, purpose: String? = nil, caseReference: String? = nil, grant: String? = nil
        ) {
            self.id = id
            self.expires = expires
            self.purpose = purpose
            self.caseReference = caseReference
            self.grant = grant
        }
    }

    /// An organisation of the policy, or `local-operator`.
    public let organisation: String
    /// nil for the one that the key is bound to, if any.
    public var purpose: String?
    /// nil for the one that the key is bound to, if any.
    public var caseReference: String?
    public let operation: GatedOperation
    public let gallery: GalleryName?
    /// The similarity from which candidates or a match are asked for; nil where it is left to us.
    public let threshold: Similarity?
    /// The most candidates that are asked for; nil where it is left to us.
    public let candidates: Int?
    public let key: Key?
    /// Names this request in its answer, in the record and in logs.
    public let id: UUID

    public init(
        organisation: String, purpose: String?, caseReference: String? = nil, operation: GatedOperation,
        gallery: GalleryName? = nil, threshold: Similarity? = nil, candidates: Int? = nil, key: Key? = nil,
        id: UUID? = nil
    ) {
        self.organisation = organisation
        self.purpose = purpose ?? key?.purpose
        self.caseReference = caseReference ?? key?.caseReference
        self.operation = operation
        self.gallery = gallery
        self.threshold = threshold
        self.candidates = candidates
        self.key = key
        self.id = id ?? .random()
    }

    /// The longest purpose and case reference, in bytes: what goes into every entry of the record stays short.
    public static let longestReference = 128

    /// The purpose of a purge, which no policy needs to grant: faces leave when their time is over. Nobody else can say it.
    package static let retention = "retention"

    var isRetention: Bool {
        operation == .forget && purpose == Self.retention && organisation == Self.localOperator && key == nil
    }

    /// The operator of this machine, known by having the data directory.
    public static let localOperator = "local-operator"
}
