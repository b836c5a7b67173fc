/// The face of a photograph that was meant, as measuring needs it.
package struct AuditedSample: Sendable {
    package let template: Template
    package let quality: SampleQuality
    package let facesInPhotograph: Int

    package init(template: Template, quality: SampleQuality, facesInPhotograph: Int) {
        self.template = template
        self.quality = quality
        self.facesInPhotograph = facesInPhotograph
    }
}

// Measuring.
extension FaceRecognizer {
    /// Records that templates which earlier measurements left behind are measured with again; before they are.
    package func auditAgain(_ photographs: Int, permit: Permit) async throws -> Recorded<Void> {
        try await recorder.record(permit, operation: .audit) { record, _ in
            record.model = model.id
            record.outcome = "kept-templates-of-\(photographs)-photographs"
        }
    }

    /// Extracts a template from each of many photographs, to measure the system with; nothing is kept. For our own
    /// measurements only: to others no operation gives templates away.
    /// - Parameter progress: called once for each photograph, from any thread.
    /// - Returns: in the photographs' order a template with its face's quality, nil where there is no face, or what was wrong with the photograph.
    package func audit(
        _ photographs: [Photograph], choosing rule: SubjectRule, permit: Permit,
        progress: @escaping @Sendable () -> Void = {}
    ) async throws -> Recorded<[Result<AuditedSample?, RecognitionError>]> {
        try await recorder.record(permit, operation: .audit) { record, _ in
            record.model = model.id
            var results: [Result<AuditedSample?, RecognitionError>] = []
            try await photographs.mapConcurrently(width: pipeline.photographsAtOnce) { photograph in
                await Result {
                    let (view, sample) = try await pipeline.subject(
                        of: photograph, choosing: rule, digest: galleries.digest)
                    return sample.map {
                        AuditedSample(
                            template: $0.template, quality: $0.described.quality, facesInPhotograph: view.faces.count)
                    }
                }
            } each: { _, result in
                progress()
                switch result {
                case .success(let sample): results.append(.success(sample))
                case .failure(let error as RecognitionError) where error.code != .fault: results.append(.failure(error))
                case .failure(let error): throw error
                }
            }
            record.outcome = "templates-of-\(photographs.count)-photographs"
            return results
        }
    }
}
