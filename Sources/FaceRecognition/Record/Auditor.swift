/// Looks into the record. That is an operation like any other: it needs a permit, and leaves an entry.
public struct Auditor: Sendable {
    private let recorder: Recorder

    package init(galleries: any GalleryStore, records: any RecordLog) {
        recorder = Recorder(galleries: galleries, records: records)
    }

    /// - Parameters:
    ///   - outcome: what was done, for the entry: `listed`, `shown`, `exported`.
    ///   - work: sees the record as it was before this entry.
    package func look<Outcome: Sendable>(
        _ outcome: String, permit: Permit, _ work: () async throws -> Outcome
    ) async throws -> Recorded<Outcome> {
        try await recorder.record(permit, operation: .inspect) { record, _ in
            let result = try await work()
            record.outcome = outcome
            return result
        }
    }
}
