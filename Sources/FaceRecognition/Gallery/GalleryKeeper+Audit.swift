extension GalleryKeeper {
    /// Records that photographs are about to be sent to another system, to measure that; before the first one is.
    package func auditElsewhere(_ photographs: Int, permit: Permit) async throws -> Recorded<Void> {
        try await recorder.record(permit, operation: .audit) { record, _ in
            record.outcome = "another-system-on-\(photographs)-photographs"
        }
    }
}
