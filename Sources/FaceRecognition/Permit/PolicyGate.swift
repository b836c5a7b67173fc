public import Foundation
import Synchronization

/// The gate's leave for one request. Every operation of `FaceRecognizer` takes one, and only `PolicyGate` can make
/// one: there is no other way to a face.
public struct Permit: Sendable {
    public let request: AccessRequest
    /// The rule that permits it.
    public let rule: String
    public let terms: PermitTerms
    public let standing: Standing
    public let issued: Date
    /// When the gate was asked, by a clock that only goes on: what is measured begins here.
    package let beginning: ContinuousClock.Instant
    private let inForce: PolicyInForce
    /// The request's.
    public var requestID: UUID { request.id }

    /// In this file's reach only, so that the gate beside it is the one door.
    fileprivate init(
        request: AccessRequest, rule: String, terms: PermitTerms, standing: Standing, issued: Date,
        beginning: ContinuousClock.Instant, inForce: PolicyInForce
    ) {
        self.request = request
        self.rule = rule
        self.terms = terms
        self.standing = standing
        self.issued = issued
        self.beginning = beginning
        self.inForce = inForce
    }

    /// Whether whoever has this permit, which is for no gallery in particular, would have one for this gallery, or one to
    /// delete it: others are not named to them. Cost: one or two decisions.
    package func reaches(_ gallery: GalleryName) -> Bool {
        [request.operation, .forget].contains { operation in
            let there = AccessRequest(
                organisation: request.organisation, purpose: request.purpose, caseReference: request.caseReference,
                operation: operation, gallery: gallery, key: request.key, id: request.id)
            return inForce.rules.decision(on: there, at: issued, withdrawal: inForce.withdrawal).isPermitted
        }
    }
}

/// The gate's no: which rule, why, until when, and whom to ask. Nothing was decoded, compared or kept.
public struct Refusal: Error, Sendable, Hashable, CustomStringConvertible {
    public let request: AccessRequest
    public let rule: String
    public let reason: String
    /// nil where the rule has no end of its own.
    public let until: Date?
    public let standing: Standing

    init(request: AccessRequest, rule: String, reason: String, until: Date?, standing: Standing) {
        self.request = request
        self.rule = rule
        self.reason = reason
        self.until = until
        self.standing = standing
    }

    public var description: String {
        "Refused by the rule '\(rule)': \(reason)\(until.map { "; it holds until \($0.day)" } ?? ""). Ask \(standing.contact)."
    }
}

/// Decides, records a refusal before it is told, and makes permits.
///
/// - Note: the record of what was permitted is written with the outcome, by `FaceRecognizer`.
public struct PolicyGate: Sendable {
    private let rules: @Sendable () async throws -> PolicyInForce
    private let records: any RecordLog
    private let use: DailyUse
    private let now: @Sendable () -> Date
    private let clock: MonotonicClock

    /// - Parameters:
    ///   - rules: what applies; asked at each request, so that a policy that is applied holds at once.
    ///   - lastEntry: when the record's last entry was made; the clock may not lie before it.
    ///   - searches: how many searches and comparisons an organisation was permitted for a purpose since a moment.
    ///   - now: the clock by which the policy is read; tests bring their own.
    package init(
        rules: @escaping @Sendable () async throws -> PolicyInForce, records: any RecordLog, lastEntry: Date? = nil,
        searches: @escaping DailyUse.Count = { _, _, _ in 0 }, now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.rules = rules
        self.records = records
        self.now = now
        use = DailyUse(count: searches)
        clock = MonotonicClock(lastEntry)
    }

    /// A gate by a policy that does not change.
    package init(policy: Policy, records: any RecordLog, now: @escaping @Sendable () -> Date = { Date() }) {
        let inForce = PolicyInForce(rules: RuleBook(policy), digest: nil)
        self.init(rules: { inForce }, records: records, now: now)
    }

    /// - Returns: the permit for one operation.
    /// - Throws: `Refusal`, after the refusal was recorded; `RecognitionError` when it could not be; `.clockWentBack` when
    ///   the clock lies before the record's last entry.
    public func permit(_ request: AccessRequest) async throws -> Permit {
        let time = now(), beginning = ContinuousClock.now
        try clock.check(time)
        let inForce = try await inForce(for: request)
        var request = request
        let standing = inForce.standing(of: request.organisation)
        // As the policy spells it: to Swift, texts are equal that differ in their bytes, and limits count bytes.
        request.purpose = (request.purpose ?? inForce.purposeUnsaid(by: request)).map(inForce.rules.spelling)
        var decision = inForce.rules.decision(on: request, at: time, withdrawal: inForce.withdrawal)
        if case .permitted = decision, let limit = inForce.rules.dailyLimit(on: request), let purpose = request.purpose,
            try await !use.take(one: request.organisation, for: purpose, of: limit, at: time)
        {
            decision = .refused(
                rule: "purpose:\(purpose)",
                RefusalReason(
                    text: "'\(request.organisation)' has had its \(limit) searches of this day for the purpose '\(purpose)'",
                    until: DailyUse.end(ofDayOf: time)))
        }
        switch decision {
        case .permitted(let rule, let terms):
            return Permit(
                request: request, rule: rule, terms: terms, standing: standing, issued: time, beginning: beginning,
                inForce: inForce)
        case .refused(let rule, let reason):
            let refusal = Refusal(
                request: request, rule: rule, reason: reason.text, until: reason.until, standing: standing)
            _ = try await records.append(Record(refusing: refusal, at: time))
            throw refusal
        }
    }

    /// Whoever governs may put a policy in the place of one that cannot be read any more.
    private func inForce(for request: AccessRequest) async throws -> PolicyInForce {
        do { return try await rules() } catch let error as RecognitionError
            where request.operation == .govern && [.storageCorrupt, .policyRefused].contains(error.code)
        {
            return .unreadable
        }
    }
}

/// Moratoria and the record's order rest on time: a clock that goes back is no clock to go by.
private final class MonotonicClock: Sendable {
    private let latest: Mutex<Date>

    init(_ lastEntry: Date?) { latest = Mutex(lastEntry ?? .distantPast) }

    /// Entries have whole seconds, and requests that run at once overtake each other by a little.
    private static let tolerance: TimeInterval = 1

    func check(_ time: Date) throws {
        try latest.withLock { latest in
            guard time > latest.addingTimeInterval(-Self.tolerance) else {
                throw RecognitionError(
                    .clockWentBack,
                    "This machine's clock says \(time.moment), before the record's last entry of \(latest.moment); set the clock, and nothing is done until then."
                )
            }
            latest = max(latest, time)
        }
    }
}
