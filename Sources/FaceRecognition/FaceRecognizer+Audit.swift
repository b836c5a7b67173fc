// Measuring.
extension FaceRecognizer {
    /// Extracts a template from each of many photographs, to measure the system with; nothing is kept. For our own
    /// measurements only: to others no operation gives templates away.
    /// - Parameter progress: called once for each photograph, from any thread.
    /// - Returns: in the photographs' order a template, nil where there is no face, or what was wrong with the photograph.
    package func audit(
        _ photographs: [Photograph], choosing rule: SubjectRule, permit: Permit,
        progress: @escaping @Sendable () -> Void = {}
    ) async throws -> Recorded<[Result<Template?, RecognitionError>]> {
        try await recorder.record(permit, operation: .audit) { record, _ in
            record.model = model.id
            var results: [Result<Template?, RecognitionError>] = []
            try await photographs.mapConcurrently(width: pipeline.photographsAtOnce) { photograph in
                await Result {
                    try await pipeline.subject(of: photograph, choosing: rule).sample?.template
                }
            } each: { _, result in
                progress()
                switch result {
                case .success(let template): results.append(.success(template))
                case .failure(let error as RecognitionError) where error.code != .fault: results.append(.failure(error))
                case .failure(let error): throw error
                }
            }
            record.outcome = "templates-of-\(photographs.count)-photographs"
            return results
        }
    }
}
