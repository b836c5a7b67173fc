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
        guard permit.request.operation == operation, permit.request.gallery == gallery else {
            throw RecognitionError(
                .fault,
                "A permit to \(permit.request.operation.rawValue) was used to \(operation.rawValue), or elsewhere.")
        }
        do {
            return try await attempt(permit, body)
        } catch let error as RecognitionError where error.code == .overtaken {
            // Somebody else's change came between `body` and its own, so that what it saw is no longer so.
            return try await attempt(permit, body, isLast: true)
        }
    }

    /// - Parameter isLast: otherwise being overtaken is no end, and leaves no entry.
    private func attempt<Outcome: Sendable>(
        _ permit: Permit, _ body: (inout Record, inout GalleryChange?) async throws -> Outcome, isLast: Bool = false
    ) async throws -> Recorded<Outcome> {
        var record = Record(permitted: permit, outcome: "")
        var change: GalleryChange?
        let clock = ContinuousClock()
        do {
            let outcome = try await body(&record, &change)
            let start = clock.now
            let receipt =
                if let change { try await galleries.apply(change, recordedAs: record) } else {
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
