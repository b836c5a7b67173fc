package import Crypto
public import Foundation

/// A photograph's keyed digest: tells whether two photographs are the same bytes to those who hold the installation's
/// key, and nothing to anybody else.
public struct PhotographDigest: Sendable, Hashable, Codable, CustomStringConvertible {
    /// 32 bytes: HMAC-SHA256.
    public let bytes: Data
    package init(bytes: Data) { self.bytes = bytes }

    /// From 64 hexadecimal digits.
    public init(from decoder: any Decoder) throws {
        let digits = Array(try String(from: decoder).utf8)
        let bytes = stride(from: 0, to: digits.count - digits.count % 2, by: 2).compactMap {
            UInt8(String(decoding: digits[$0..<($0 + 2)], as: UTF8.self), radix: 16)
        }
        guard digits.count == 64, bytes.count == 32 else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "a digest is 64 hexadecimal digits"))
        }
        self.bytes = Data(bytes)
    }
    public func encode(to encoder: any Encoder) throws { try description.encode(to: encoder) }

    package init(of photograph: Data, key: SymmetricKey) {
        bytes = Data(HMAC<SHA256>.authenticationCode(for: photograph, using: key))
    }

    public var description: String { bytes.hexadecimal }
}

/// One entry of the record: what was asked, what was decided, what came of it. Never a photograph, a template or a name.
///
/// It is kept as JSON with sorted keys; the bytes that are hashed are the bytes that are kept.
public struct Record: Sendable, Hashable, Codable {
    public enum Decision: String, Sendable, Hashable, Codable { case permitted, refused }

    /// A face that was found in a gallery.
    public struct Candidate: Sendable, Hashable, Codable {
        public let face: FaceID
        public let similarity: Similarity
        public init(face: FaceID, similarity: Similarity) {
            self.face = face
            self.similarity = similarity
        }
    }

    public var time: Date
    public var requestID: UUID
    /// Who asked: the id of an organisation of the policy, or `local-operator`.
    public var organisation: String
    /// What kind of organisation the policy says it is.
    public var kind: String?
    /// The access key that the request was signed with.
    public var key: String?
    /// nil where none was said.
    public var purpose: String?
    public var caseReference: String?
    public var operation: GatedOperation
    public var gallery: GalleryName?
    public var decision: Decision
    public var rule: String
    /// SHA-256 of the policy's file, in hexadecimal digits; nil where no file was applied.
    public var policy: String?
    /// How many people must review what was found, by the policy.
    public var reviewers: Int?
    /// What came of it: a word, an error's code, or why it was refused.
    public var outcome: String
    public var model: TemplateModelID?
    public var photographs: [PhotographDigest]?
    public var thresholdAsked: Similarity?
    public var thresholdApplied: Similarity?
    /// How close the two photographs of a comparison were.
    public var similarity: Similarity?
    public var candidates: [Candidate]?
    public var expectedFalseCandidates: Double?
    public var enrolled: [FaceID]?
    public var forgotten: [FaceID]?
    /// Faces that were made a person's, or nobody's. Whose is not said: names are not kept here.
    public var joined: [FaceID]?
    public var left: [FaceID]?
    /// How many faces a deletion, a purge, an import or an export was about.
    public var faces: Int?
    /// Access keys that were made, ended or, to lift a withdrawal, shown.
    public var keys: [String]?
    /// The operator's own words for a policy, a withdrawal or its end.
    public var reason: String?
    /// The digest of the policy that was applied.
    public var applied: String?
    /// What a policy changes, a line for each difference.
    public var changes: [String]?
    /// Counted from 1, of `parts`: where a request's lists are too long for one entry, each has a piece of them, and all
    /// else is repeated.
    public var part: Int?
    public var parts: Int?

    private enum CodingKeys: String, CodingKey {
        case time, requestID, organisation, kind, key, purpose, caseReference = "case", operation, gallery, decision, rule
        case policy, reviewers, outcome, model, photographs, thresholdAsked, thresholdApplied, similarity, candidates
        case expectedFalseCandidates, enrolled, forgotten, joined, left, faces, keys, reason, applied, changes
        case part, parts
    }

    init(permitted permit: Permit, outcome: String) {
        self.init(
            of: permit.request, .permitted, rule: permit.rule, by: permit.standing, outcome, at: permit.issued)
        reviewers = permit.terms.reviewers == 0 ? nil : permit.terms.reviewers
    }

    init(refusing refusal: Refusal, at time: Date) {
        self.init(
            of: refusal.request, .refused, rule: refusal.rule, by: refusal.standing, refusal.reason, at: time)
    }

    private init(
        of request: AccessRequest, _ decision: Decision, rule: String, by standing: Standing, _ outcome: String,
        at time: Date
    ) {
        self.time = time
        requestID = request.id
        organisation = request.organisation
        kind = standing.kind
        key = request.key?.id
        purpose = request.purpose
        caseReference = request.caseReference
        operation = request.operation
        gallery = request.gallery
        thresholdAsked = request.threshold
        self.decision = decision
        self.rule = rule
        policy = standing.policy
        self.outcome = outcome
    }

    /// The bytes that are kept and hashed: JSON, keys sorted, times in ISO 8601 (UTC, whole seconds).
    package func encoded() throws -> Data {
        try JSONLine.object { text in
            text.member("applied", applied)
            try text.member("candidates", candidates) { text, candidate in
                text.member("face", candidate.face.rawValue)
                try text.member("similarity", candidate.similarity.value)
            }
            text.member("case", caseReference)
            text.member("changes", changes)
            text.member("decision", decision.rawValue)
            text.member("enrolled", enrolled?.map(\.rawValue))
            try text.member("expectedFalseCandidates", expectedFalseCandidates)
            text.member("faces", faces)
            text.member("forgotten", forgotten?.map(\.rawValue))
            text.member("gallery", gallery?.rawValue)
            text.member("joined", joined?.map(\.rawValue))
            text.member("key", key)
            text.member("keys", keys)
            text.member("kind", kind)
            text.member("left", left?.map(\.rawValue))
            text.member("model", model?.rawValue)
            text.member("operation", operation.rawValue)
            text.member("organisation", organisation)
            text.member("outcome", outcome)
            text.member("part", part)
            text.member("parts", parts)
            text.member("photographs", photographs?.map(\.description))
            text.member("policy", policy)
            text.member("purpose", purpose)
            text.member("reason", reason)
            text.member("requestID", requestID.uuidString)
            text.member("reviewers", reviewers)
            text.member("rule", rule)
            try text.member("similarity", similarity?.value)
            try text.member("thresholdApplied", thresholdApplied?.value)
            try text.member("thresholdAsked", thresholdAsked?.value)
            text.member("time", time.formatted(.iso8601))
        }
    }

    package init(encoded: Data) throws {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        // Entries from before there were policies say `caller`. To look for it costs less than to ask at every member.
        if encoded.range(of: Data("\"caller\"".utf8)) != nil {
            decoder.keyDecodingStrategy = .custom { path in
                let name = path[path.count - 1]
                return name.stringValue == "caller" ? CodingKeys.organisation : name
            }
        }
        self = try decoder.decode(Record.self, from: encoded)
    }
}
