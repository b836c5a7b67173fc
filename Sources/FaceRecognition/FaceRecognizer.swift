package import Foundation

/// The map of the whole: request -> permit -> image -> faces -> templates -> gallery -> record.
///
/// Each operation takes a permit, reads from top to bottom, one call a stage, and gives its outcome away only once the
/// record holds it. What fails after the permit is recorded as well, with the error's code.
public struct FaceRecognizer: Sendable {
    private let pipeline: FacePipeline
    private let galleries: any GalleryStore
    private let recorder: Recorder
    private let now: @Sendable () -> Date

    package init(
        pipeline: FacePipeline, galleries: any GalleryStore, records: any RecordLog,
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.pipeline = pipeline
        self.galleries = galleries
        self.recorder = Recorder(galleries: galleries, records: records)
        self.now = now
    }

    /// The model that templates are extracted with.
    public var model: TemplateModel { pipeline.extractor.model }

    /// Finds the faces of a photograph; compares nothing and keeps nothing.
    public func detect(_ photograph: Photograph, permit: Permit) async throws -> Recorded<Detection> {
        try await recorder.record(permit, operation: .detect) { record, _ in
            let view = try await pipeline.look(at: photograph)
            record.photographs = [galleries.digest(of: view.bytes)]
            record.outcome = view.faces.isEmpty ? "no-face" : "found"
            return Detection(
                photographSize: view.image.photographSize, faces: view.described(for: model), times: view.times)
        }
    }

    /// Verification: how close the largest face of one photograph is to the largest of another.
    /// - Parameter threshold: the similarity from which the two count as a match; nil takes 80.
    /// - Throws: `.noFace` when either has none: nothing is compared then.
    public func compare(
        _ probe: Photograph, with reference: Photograph, at threshold: Similarity? = nil, permit: Permit
    ) async throws -> Recorded<Verification> {
        try await recorder.record(permit, operation: .compare) { record, _ in
            let calibration = try model.calibrated()
            let applied = threshold ?? .eighty
            record.model = model.id
            record.thresholdAsked = threshold
            record.thresholdApplied = applied
            async let first = pipeline.subject(of: probe)
            async let second = pipeline.subject(of: reference)
            let (a, b) = try await (first, second)
            record.photographs = [galleries.digest(of: a.view.bytes), galleries.digest(of: b.view.bytes)]
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

    /// Adds the largest face of a photograph to a gallery, which is made when it is not there.
    ///
    /// A photograph that is enrolled already is found out by its bytes and not enrolled again, by others at the same
    /// moment neither.
    /// - Parameters:
    ///   - externalID: the caller's own key for the photograph.
    ///   - defaultExternalID: what a new face is called where the caller has no key.
    /// - Throws: `.noFace`; `.enrolledOtherwise` when the photograph is there under another person or another external id;
    ///   `.modelMismatch` when the gallery belongs to another model.
    public func enrol(
        _ photograph: Photograph, as person: String?, externalID: String?, defaultExternalID: String? = nil,
        in name: GalleryName, permit: Permit
    ) async throws -> Recorded<Enrolment> {
        try await recorder.record(permit, operation: .enrol, gallery: name) { record, change in
            record.model = model.id
            let bytes = try await pipeline.read(photograph)
            let digest = galleries.digest(of: bytes)
            record.photographs = [digest]
            if let earlier = try await galleries.faces(from: digest, in: name).first {
                // To name no person, or no external id, asks for nothing that the earlier enrolment does not give.
                guard person == nil || earlier.description.person == person else {
                    throw RecognitionError(
                        .enrolledOtherwise,
                        "\(photograph.label): The photograph is enrolled already, without a person or under another one, as the face \(earlier.id); forget that face first."
                    )
                }
                guard externalID == nil || earlier.description.externalID == externalID else {
                    throw RecognitionError(
                        .enrolledOtherwise,
                        "\(photograph.label): The photograph is enrolled already, under another external id, as the face \(earlier.id); forget that face first."
                    )
                }
                record.outcome = "enrolled-already"
                return Enrolment(face: earlier.description, isNew: false, subject: nil, times: StageTimes())
            }
            let found = try await pipeline.subject(of: Photograph(label: photograph.label) { bytes })
            guard let sample = found.sample else { throw RecognitionError.noFace(in: photograph) }
            let subject = sample.subject(in: found.view)
            let face = EnrolledFaceDescription(
                person: person, externalID: externalID ?? defaultExternalID, photograph: digest, box: subject.face.box,
                confidence: subject.face.confidence, enrolled: now())
            record.outcome = "enrolled"
            record.enrolled = [face.id]
            change = .enrol(
                [EnrolledFace(description: face, template: sample.template)],
                in: GalleryDescription(name: name, model: model.id, dimension: model.dimension, created: face.enrolled))
            return Enrolment(face: face, isNew: true, subject: subject, times: found.view.times)
        }
    }

    /// Identification: the enrolled faces that the largest face of a photograph comes closest to.
    /// - Parameters:
    ///   - operatingPoint: nil takes the one that the gallery's size recommends.
    ///   - limit: the most candidates, 1...4,096.
    /// - Throws: `.noFace`, `.galleryNotFound`, `.modelMismatch`, `.notCalibrated`.
    public func identify(
        _ probe: Photograph, in name: GalleryName, at operatingPoint: OperatingPoint? = nil, limit: Int = 5,
        permit: Permit
    ) async throws -> Recorded<Identification> {
        try await recorder.record(permit, operation: .identify, gallery: name) { record, _ in
            let calibration = try model.calibrated()
            let gallery = try await galleries.gallery(name)
            let point = operatingPoint ?? .recommended(gallerySize: gallery.count)
            record.model = model.id
            record.thresholdAsked = operatingPoint?.similarity
            record.thresholdApplied = point.similarity
            record.expectedFalseCandidates = point.expectedFalseCandidates(gallerySize: gallery.count)
            let found = try await pipeline.subject(of: probe)
            record.photographs = [galleries.digest(of: found.view.bytes)]
            guard let sample = found.sample else { throw RecognitionError.noFace(in: probe) }
            var times = found.view.times
            let start = ContinuousClock.now
            let candidates = try await galleries.search(
                gallery, for: sample.template, limit: limit, atLeast: calibration.score(at: point.similarity),
                on: pipeline.workers)
            times.add(ContinuousClock.now - start, to: .gallery)
            let answers = candidates.map {
                Identification.Answer(candidate: $0, similarity: calibration.similarity(of: $0.score))
            }
            record.candidates = answers.map { .init(face: $0.candidate.face.id, similarity: $0.similarity) }
            record.outcome = candidates.isEmpty ? "no-candidate" : "candidates"
            return Identification(
                probe: sample.subject(in: found.view), answers: answers, operatingPoint: point,
                gallerySize: gallery.count, times: times)
        }
    }

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
