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
    /// Create, look into or delete galleries.
    case manage
    /// Measure the system's accuracy.
    case audit
}

/// What a caller asks of the gate, before anything of a photograph is decoded.
public struct AccessRequest: Sendable, Hashable {
    public let caller: String
    public let purpose: String
    public let operation: GatedOperation
    public let gallery: GalleryName?
    /// Names this request in its answer, in the record and in logs.
    public let id: UUID

    public init(
        caller: String, purpose: String, operation: GatedOperation, gallery: GalleryName? = nil, id: UUID? = nil
    ) {
        self.caller = caller
        self.purpose = purpose
        self.operation = operation
        self.gallery = gallery
        self.id = id ?? .random()
    }
}

/// The gate's leave for one request. Every operation of `FaceRecognizer` takes one, and only `PolicyGate` can make
/// one: there is no other way to a face.
public struct Permit: Sendable, Hashable {
    public let request: AccessRequest
    /// The rule that permits it.
    public let rule: String
    public let issued: Date
    /// The request's.
    public var requestID: UUID { request.id }

    /// In this file's reach only, so that the gate beside it is the one door.
    fileprivate init(request: AccessRequest, rule: String, issued: Date) {
        self.request = request
        self.rule = rule
        self.issued = issued
    }
}

/// The gate's no: which rule, and why. Nothing was decoded, compared or kept.
public struct Refusal: Error, Sendable, Hashable, CustomStringConvertible {
    public let request: AccessRequest
    public let rule: String
    public let reason: String

    public var description: String { "Refused by the rule '\(rule)': \(reason)" }
}

/// Decides, records a refusal before it is told, and makes permits.
///
/// - Note: the record of what was permitted is written with the outcome, by `FaceRecognizer`.
public struct PolicyGate: Sendable {
    private let policy: Policy
    private let records: any RecordLog
    private let now: @Sendable () -> Date

    /// - Parameter now: the clock by which the policy is read; tests bring their own.
    package init(policy: Policy, records: any RecordLog, now: @escaping @Sendable () -> Date = { Date() }) {
        self.policy = policy
        self.records = records
        self.now = now
    }

    /// - Returns: the permit for one operation.
    /// - Throws: `Refusal`, after the refusal was recorded; `RecognitionError` when it could not be.
    public func permit(_ request: AccessRequest) async throws -> Permit {
        let time = now()
        switch policy.decision(on: request) {
        case .permitted(let rule):
            return Permit(request: request, rule: rule, issued: time)
        case .refused(let rule, let reason):
            let refusal = Refusal(request: request, rule: rule, reason: reason)
            let record = Record(refusing: request, rule: rule, reason: reason, at: time)
            _ = try await records.append(record)
            throw refusal
        }
    }
}
