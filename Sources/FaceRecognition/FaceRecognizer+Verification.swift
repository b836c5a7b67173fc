// Photographs with each other; no gallery.
extension FaceRecognizer {
    /// Verification: how close the largest face of one photograph is to the largest of another.
    /// - Parameter threshold: the similarity from which the two count as a match; nil takes 80. Where the permit has a
    ///   floor, nothing below it matches.
    /// - Throws: `.noFace` when either has none: nothing is compared then.
    public func compare(
        _ probe: Photograph, with reference: Photograph, at threshold: Similarity? = nil, permit: Permit
    ) async throws -> Recorded<Verification> {
        try await recorder.record(permit, operation: .compare) { record, _ in
            let calibration = try model.calibrated()
            let applied = permit.terms.threshold(asked: threshold, else: .eighty)
            record.model = model.id
            record.thresholdAsked = threshold
            record.thresholdApplied = applied
            async let first = pipeline.subject(of: probe, digest: galleries.digest)
            async let second = pipeline.subject(of: reference, digest: galleries.digest)
            let (a, b) = try await (first, second)
            record.photographs = [a.view.digest, b.view.digest]
            guard let one = a.sample else { throw RecognitionError.noFace(in: probe) }
            guard let other = b.sample else { throw RecognitionError.noFace(in: reference) }
            let score = try one.template.compared(with: other.template)
            let verification = Verification(
                probe: one.subject(in: a.view), reference: other.subject(in: b.view), score: score,
                similarity: calibration.similarity(of: score), threshold: applied, times: a.view.times + b.view.times)
            record.similarity = verification.similarity
            record.outcome = verification.isMatch ? "match" : "no-match"
            return verification
        }
    }

    /// Verification, one to many: how close the largest face of a photograph is to each face of another.
    /// - Parameters:
    ///   - threshold: the similarity from which a face counts as a match; nil takes 80. Where the permit has a floor,
    ///     nothing below it matches.
    ///   - quality: faces that do not pass are not compared, on either side.
    /// - Throws: `.noFace` when either photograph has none, or the probe none that passes. That none of the target's
    ///   passes is an answer.
    public func compare(
        _ probe: Photograph, withAllIn target: Photograph, at threshold: Similarity? = nil,
        quality: QualityBar = .none, permit: Permit
    ) async throws -> Recorded<GroupVerification> {
        try await recorder.record(permit, operation: .compare) { record, _ in
            let calibration = try model.calibrated()
            let applied = permit.terms.threshold(asked: threshold, else: .eighty)
            record.model = model.id
            record.thresholdAsked = threshold
            record.thresholdApplied = applied
            async let first = pipeline.study(
                probe, choosing: FaceChoice(quality: quality, limit: 1), digest: galleries.digest)
            async let second = pipeline.study(
                target, choosing: FaceChoice(quality: quality, limit: Self.maximumFaces), digest: galleries.digest)
            let (a, b) = try await (first, second)
            record.photographs = [a.view.digest, b.view.digest]
            let one = try a.chosen(in: probe)
            guard !b.view.faces.isEmpty else { throw RecognitionError.noFace(in: target) }
            let answers = try b.samples.map { sample in
                GroupVerification.Answer(
                    face: sample.described,
                    similarity: calibration.similarity(of: try one.template.compared(with: sample.template)))
            }
            // By similarity, and as they came, largest first, among equals.
            let order = answers.indices.sorted {
                (answers[$1].similarity, $0) < (answers[$0].similarity, $1)
            }
            let verification = GroupVerification(
                probe: one.subject(in: a.view), probeSize: a.view.image.photographSize,
                targetSize: b.view.image.photographSize, answers: order.map { answers[$0] }, threshold: applied,
                times: a.view.times + b.view.times)
            record.similarity = verification.answers.first?.similarity
            record.outcome = verification.matches.isEmpty ? "no-match" : "match"
            return verification
        }
    }

    /// The largest of a photograph's faces that are compared, as Rekognition has it: each costs two networks' runs.
    private static let maximumFaces = 100
}
