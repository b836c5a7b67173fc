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

    public var description: String { bytes.map { String(format: "%02x", $0) }.joined() }
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
    public var caller: String
    public var purpose: String
    public var operation: GatedOperation
    public var gallery: GalleryName?
    public var decision: Decision
    public var rule: String
    /// What came of it, in a word or an error's code.
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
    /// Counted from 1, of `parts`: where a request's lists are too long for one entry, each has a piece of them, and all
    /// else is repeated.
    public var part: Int?
    public var parts: Int?

    init(permitted permit: Permit, outcome: String) {
        time = permit.issued
        requestID = permit.requestID
        caller = permit.request.caller
        purpose = permit.request.purpose
        operation = permit.request.operation
        gallery = permit.request.gallery
        decision = .permitted
        rule = permit.rule
        self.outcome = outcome
    }

    init(refusing request: AccessRequest, rule: String, reason: String, at time: Date) {
        self.time = time
        requestID = request.id
        caller = request.caller
        purpose = request.purpose
        operation = request.operation
        gallery = request.gallery
        decision = .refused
        self.rule = rule
        outcome = reason
    }

    /// The bytes that are kept and hashed: JSON, keys sorted, times in ISO 8601 (UTC, whole seconds).
    package func encoded() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        return try encoder.encode(self)
    }

    package init(encoded: Data) throws {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        self = try decoder.decode(Record.self, from: encoded)
    }
}
