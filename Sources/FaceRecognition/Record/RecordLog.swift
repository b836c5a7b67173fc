import Crypto
public import Foundation

/// Where an entry lies in the record.
public struct RecordReceipt: Sendable, Hashable, Codable {
    /// Counted from 0, without gaps.
    public let index: Int
    /// SHA-256 over a zero byte and the entry's bytes: a leaf as RFC 6962, section 2.1, hashes it.
    public let leafHash: Data

    package init(index: Int, entry: Data) {
        self.index = index
        leafHash = RecordReceipt.leafHash(of: entry)
    }

    package static func leafHash(of entry: Data) -> Data {
        var hash = SHA256()
        hash.update(data: [0])
        hash.update(data: entry)
        return Data(hash.finalize())
    }
}

/// The append-only record.
package protocol RecordLog: Sendable {
    /// Returns when the entry is durable. An implementation must finish what it began even when the calling task is
    /// cancelled: a client that hangs up must not erase the trace of what it asked.
    /// - Throws: `RecognitionError`; the request fails then, whatever it has found.
    func append(_ record: Record) async throws -> RecordReceipt
}

/// An outcome whose entry is in the record: the only form in which the core gives outcomes away, so that no answer can
/// leave without its entry.
public struct Recorded<Outcome: Sendable>: Sendable {
    public let outcome: Outcome
    public let receipt: RecordReceipt
    /// How long it took to make the entry, and the change that belongs to it, durable.
    public let duration: Duration

    /// In this file's reach only: `Recorder` is the one maker.
    fileprivate init(outcome: Outcome, receipt: RecordReceipt, duration: Duration) {
        self.outcome = outcome
        self.receipt = receipt
        self.duration = duration
    }
}

/// Runs what a permit permits and records what came of it.
struct Recorder: Sendable {
    let galleries: any GalleryStore
    let records: any RecordLog

    /// - Parameter body: does the work, fills in the entry and, where something is to be kept, says which change: the
    ///   change and the entry are then made durable together.
    /// - Throws: what `body` throws, once that is recorded; or why the entry could not be written.
    func record<Outcome: Sendable>(
        _ permit: Permit, operation: GatedOperation, gallery: GalleryName? = nil,
        _ body: (inout Record, inout GalleryChange?) async throws -> Outcome
    ) async throws -> Recorded<Outcome> {
        try await record(permit, operation: operation, gallery: gallery, once: nil) { record, change, _ in
            try await body(&record, &change)
        }
    }

    /// Does a request with a token once: the token is kept with the change. When the same request was done before, nothing
    /// is changed, and the entry says that it was repeated.
    /// - Parameters:
    ///   - token: nil for a request without one.
    ///   - body: as in `record`; it is given the entry of the request that was done before, for its answer.
    /// - Throws: `.tokenMismatch` when the token was another request's; otherwise as `record`.
    func record<Outcome: Sendable>(
        _ permit: Permit, operation: GatedOperation, gallery: GalleryName? = nil, once token: RequestToken?,
        _ body: (inout Record, inout GalleryChange?, _ earlier: Record?) async throws -> Outcome
    ) async throws -> Recorded<Outcome> {
        try check(permit, operation, gallery)
        do {
            return try await attempt(permit, token, body)
        } catch let error as RecognitionError where error.code == .overtaken {
            // Somebody else's change came between `body` and its own, so that what it saw is no longer so.
            return try await attempt(permit, token, body, isLast: true)
        }
    }

    /// Runs work that makes its own entry durable together with what it changes.
    /// - Parameter fill: what the entry says of what was asked; its reason and keys stay in that of a failure.
    func record<Outcome: Sendable>(
        _ permit: Permit, operation: GatedOperation,
        recordedBy work: (Record) async throws -> (Outcome, RecordReceipt), as outcome: String,
        saying fill: (inout Record) -> Void
    ) async throws -> Recorded<Outcome> {
        try check(permit, operation, nil)
        let clock = ContinuousClock(), start = clock.now
        var record = Record(permitted: permit, outcome: outcome)
        fill(&record)
        do {
            let (result, receipt) = try await work(record)
            return Recorded(outcome: result, receipt: receipt, duration: clock.now - start)
        } catch {
            var failure = Record(permitted: permit, outcome: error.outcome)
            failure.reason = record.reason
            failure.keys = record.keys
            _ = try await records.append(failure)
            throw error
        }
    }

    /// A permit is for one operation and one gallery.
    private func check(_ permit: Permit, _ operation: GatedOperation, _ gallery: GalleryName?) throws {
        guard permit.request.operation == operation, permit.request.gallery == gallery else {
            throw RecognitionError(
                .fault,
                "A permit to \(permit.request.operation.rawValue) was used to \(operation.rawValue), or elsewhere.")
        }
    }

    /// - Parameter isLast: otherwise being overtaken is no end, and leaves no entry.
    private func attempt<Outcome: Sendable>(
        _ permit: Permit, _ token: RequestToken?,
        _ body: (inout Record, inout GalleryChange?, _ earlier: Record?) async throws -> Outcome, isLast: Bool = false
    ) async throws -> Recorded<Outcome> {
        var record = Record(permitted: permit, outcome: "")
        var change: GalleryChange?
        let clock = ContinuousClock()
        do {
            let earlier = if let token { try await galleries.entry(of: token) } else { nil as Record? }
            let outcome = try await body(&record, &change, earlier)
            let start = clock.now
            if earlier != nil {
                change = nil
                record = Record(permitted: permit, outcome: "repeated")
            } else if token != nil, change == nil, let gallery = permit.request.gallery {
                change = .nothing(in: gallery)
            }
            let receipt =
                if let change { try await galleries.apply(change, once: token, recordedAs: record) } else {
                    try await records.append(record)
                }
            return Recorded(outcome: outcome, receipt: receipt, duration: clock.now - start)
        } catch let error as RecognitionError where error.code == .overtaken && !isLast {
            throw error
        } catch {
            var failure = Record(permitted: permit, outcome: error.outcome)
            failure.model = record.model
            failure.photographs = record.photographs
            failure.thresholdAsked = record.thresholdAsked
            failure.thresholdApplied = record.thresholdApplied
            _ = try await records.append(failure)
            throw error
        }
    }
}

extension Error {
    /// The word for it in the record.
    fileprivate var outcome: String {
        switch self {
        case let error as RecognitionError: error.code.rawValue
        case is CancellationError: "cancelled"
        default: RecognitionError.Code.fault.rawValue
        }
    }
}
