import Crypto
package import FaceRecognition
import Foundation

/// Who asks, once the signature is verified.
package struct Caller: Sendable, Hashable {
    /// Whom the gate knows.
    let organisation: String
    let key: AccessRequest.Key
    /// As the request's signed headers say; nil where they say none.
    let purpose: String?
    let caseReference: String?
    /// Names this request in the answer, the record and the log.
    let requestID: UUID
}

/// What an operation answers.
struct Answer: Sendable {
    let body: any Encodable & Sendable
    /// What permitted it: its headers say which policy, rule and purpose.
    let permit: Permit
    /// Which threshold was applied, and how many false candidates are to be expected in a gallery of that size.
    var bounds: Bounds?
    var times = StageTimes()

    /// Of a search or a comparison.
    struct Bounds: Sendable {
        let threshold: Similarity
        /// nil for a comparison, which has no gallery.
        var expectedFalseCandidates: Double?
    }
}

/// Rekognition's operations, each a translation: members in, one call of the core, shapes out. Knows no HTTP.
package struct RekognitionService: Sendable {
    let recognizer: FaceRecognizer
    let keeper: GalleryKeeper
    let gate: PolicyGate
    let buckets: Buckets
    let pages: PageTokens
    let names: ResourceNames

    package init(
        recognizer: FaceRecognizer, keeper: GalleryKeeper, gate: PolicyGate, buckets: Buckets, pages: PageTokens,
        region: String
    ) {
        self.recognizer = recognizer
        self.keeper = keeper
        self.gate = gate
        self.buckets = buckets
        self.pages = pages
        names = ResourceNames(region: region)
    }

    var model: TemplateModelID { recognizer.model.id }

    /// - Throws: `ServiceError`, `RecognitionError`, `Refusal`.
    func answer(_ operation: Operation, _ body: Data, from caller: Caller) async throws -> Answer {
        let members = try Members(body: body)
        return switch operation {
        case .createCollection: try await createCollection(members, caller)
        case .describeCollection: try await describeCollection(members, caller)
        case .listCollections: try await listCollections(members, caller)
        case .deleteCollection: try await deleteCollection(members, caller)
        case .tagResource: try await tagResource(members, caller)
        case .untagResource: try await untagResource(members, caller)
        case .listTagsForResource: try await listTagsForResource(members, caller)
        case .detectFaces: try await detectFaces(members, caller)
        case .compareFaces: try await compareFaces(members, caller)
        case .indexFaces: try await indexFaces(members, caller)
        case .listFaces: try await listFaces(members, caller)
        case .deleteFaces: try await deleteFaces(members, caller)
        case .searchFaces: try await searchFaces(members, caller)
        case .searchFacesByImage: try await searchFacesByImage(members, caller)
        case .createUser: try await createUser(members, caller, body)
        case .deleteUser: try await deleteUser(members, caller, body)
        case .listUsers: try await listUsers(members, caller)
        case .associateFaces: try await associateFaces(members, caller, body)
        case .disassociateFaces: try await disassociateFaces(members, caller, body)
        case .searchUsers: try await searchUsers(members, caller)
        case .searchUsersByImage: try await searchUsersByImage(members, caller)
        }
    }

    func permit(
        _ operation: GatedOperation, _ gallery: GalleryName? = nil, threshold: Similarity? = nil,
        candidates: Int? = nil, for caller: Caller
    ) async throws -> Permit {
        try await gate.permit(
            AccessRequest(
                organisation: caller.organisation, purpose: caller.purpose, caseReference: caller.caseReference,
                operation: operation, gallery: gallery, threshold: threshold, candidates: candidates, key: caller.key,
                id: caller.requestID))
    }

    /// A permit to search.
    func permit(_ bounds: SearchBounds, in gallery: GalleryName, for caller: Caller) async throws -> Permit {
        try await permit(.identify, gallery, threshold: bounds.threshold, candidates: bounds.asked, for: caller)
    }
}

extension Answer.Bounds {
    init(_ search: GallerySearch) {
        self.init(
            threshold: search.operatingPoint.similarity, expectedFalseCandidates: search.expectedFalseCandidates)
    }
}

struct SearchBounds {
    let point: OperatingPoint
    let limit: Int
    /// nil where the request leaves it to us.
    let asked: Int?
    var threshold: Similarity? { point.isRecommended ? nil : point.similarity }
}

// Members that many operations have.
extension Members {
    func collection(_ name: String = "CollectionId") throws -> GalleryName {
        try GalleryName(required(name, text(name, .collectionID)))
    }

    func faceID(_ name: String = "FaceId") throws -> FaceID? { try text(name, .faceID).flatMap { FaceID($0) } }

    func faceIDs(_ name: String = "FaceIds", atMost count: Int) throws -> [FaceID]? {
        try texts(name, 1...count, each: .faceID)?.compactMap { FaceID($0) }
    }

    func userID() throws -> String? { try text("UserId", .userID) }

    func quality(else standard: QualityFilter = .none) throws -> QualityBar {
        (try choice("QualityFilter", QualityFilter.self) ?? standard).bar
    }

    func attributes(_ name: String) throws -> Set<FaceAttribute> {
        let offered = FaceAttribute.allCases.filter { $0.refusal == nil }
        return try FaceAttribute.check(choices(name, offered: offered) ?? [], name)
    }

    /// Rekognition's default is 80, which is ours too: one false match in 10,000 comparisons.
    func operatingPoint(_ name: String) throws -> OperatingPoint {
        try percent(name).map { OperatingPoint(similarity: $0) } ?? OperatingPoint(similarity: .eighty, isRecommended: true)
    }

    /// A search's operating point and its most candidates.
    /// - Returns: `limit` is `standard` where it is left out.
    func searchBounds(
        limit name: String, _ range: ClosedRange<Int>, standard: Int, threshold: String
    ) throws -> SearchBounds {
        let asked = try integer(name, range)
        return SearchBounds(point: try operatingPoint(threshold), limit: asked ?? standard, asked: asked)
    }

    /// - Parameter standard: what applies when it is left out or, as Rekognition allows, 0.
    func pageSize(_ range: ClosedRange<Int>, standard: Int) throws -> Int {
        let size = try integer("MaxResults", range) ?? 0
        return size == 0 ? standard : size
    }
}
