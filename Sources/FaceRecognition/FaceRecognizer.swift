public import Foundation

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
            record.photographs = [try galleries.digest(of: view.bytes)]
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
            record.photographs = [try galleries.digest(of: a.view.bytes), try galleries.digest(of: b.view.bytes)]
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
    /// moment neither. One whose face has expired is enrolled anew in its place.
    /// - Parameters:
    ///   - externalID: the caller's own key for the photograph.
    ///   - defaultExternalID: what a new face is called where the caller has no key.
    ///   - expires: from when the face is never found; the gallery's own retention may be shorter.
    /// - Throws: `.noFace`; `.enrolledOtherwise` when the photograph is there under another person or another external id;
    ///   `.modelMismatch` when the gallery belongs to another model; `.personFull` when the person has 100 faces;
    ///   `.invalidValue` for a name or an expiry that has passed.
    public func enrol(
        _ photograph: Photograph, as person: String?, externalID: String?, defaultExternalID: String? = nil,
        expires: Date? = nil, in name: GalleryName, permit: Permit
    ) async throws -> Recorded<Enrolment> {
        try await recorder.record(permit, operation: .enrol, gallery: name) { record, change in
            record.model = model.id
            let time = now()
            try person.map(PersonDescription.check)
            guard expires.map({ $0 > time }) ?? true else {
                throw RecognitionError(.invalidValue, "A face cannot expire in the past; give a later time.")
            }
            let bytes = try await pipeline.read(photograph)
            let digest = try galleries.digest(of: bytes)
            record.photographs = [digest]
            let earlier = try await galleries.faces(from: digest, in: name)
            if let earlier = earlier.first(where: { !$0.hasExpired(at: time) }) {
                // To name no person, or no external id, asks for nothing that the earlier enrolment does not give.
                guard person == nil || earlier.person == person else {
                    throw RecognitionError(
                        .enrolledOtherwise,
                        "\(photograph.label): The photograph is enrolled already, without a person or under another one, as the face \(earlier.id); forget that face first."
                    )
                }
                guard externalID == nil || earlier.externalID == externalID else {
                    throw RecognitionError(
                        .enrolledOtherwise,
                        "\(photograph.label): The photograph is enrolled already, under another external id, as the face \(earlier.id); forget that face first."
                    )
                }
                record.outcome = "enrolled-already"
                return Enrolment(face: earlier, isNew: false, subject: nil, times: StageTimes())
            }
            let found = try await pipeline.subject(of: Photograph(label: photograph.label) { bytes })
            guard let sample = found.sample else { throw RecognitionError.noFace(in: photograph) }
            let subject = sample.subject(in: found.view)
            let gallery = try await galleries.descriptionIfThere(of: name)
                ?? GalleryDescription(name: name, model: model.id, dimension: model.dimension, created: time)
            let face = EnrolledFaceDescription(
                person: person, externalID: externalID ?? defaultExternalID, photograph: digest, box: subject.face.box,
                confidence: subject.face.confidence, enrolled: time,
                expires: gallery.expiry(asked: expires, enrolled: time))
            record.outcome = "enrolled"
            record.enrolled = [face.id]
            record.forgotten = earlier.isEmpty ? nil : earlier.map(\.id)
            change = .enrol(
                [
                    EnrolledFace(
                        description: face, template: sample.template,
                        crop: gallery.keepsCrops ? FaceCrop(sample.crop) : nil)
                ], in: gallery, replacing: earlier.map(\.id), beside: [])
            return Enrolment(face: face, isNew: true, subject: subject, times: found.view.times)
        }
    }

    /// Identification: the enrolled faces that the largest face of a photograph comes closest to.
    /// - Parameters:
    ///   - filter: which enrolled faces may be found.
    ///   - operatingPoint: nil takes the one that the gallery's size recommends.
    ///   - limit: the most candidates, 1...4,096.
    /// - Throws: `.noFace`, `.galleryNotFound`, `.modelMismatch`, `.notCalibrated`.
    public func identify(
        _ probe: Photograph, in name: GalleryName, where filter: CandidateFilter = .none,
        at operatingPoint: OperatingPoint? = nil, limit: Int = 5, permit: Permit
    ) async throws -> Recorded<Identification> {
        try await identify(probe, in: name, people: false, at: operatingPoint, permit: permit) {
            (gallery, template, calibration, floor) in
            try gallery.candidates(
                for: [template], limit: limit, atLeast: floor, where: filter, now: now(), threads: Self.threads)[0]
                .map {
                    Identification.Answer(
                        candidate: $0, similarity: calibration.similarity(of: $0.score), person: nil)
                }
        }
    }

    /// Identification among people: those whose closest face, or the mean template of whose faces, the largest face of a
    /// photograph comes closest to. Faces that are nobody's are not found.
    /// - Parameters: as `identify`.
    /// - Throws: as `identify`.
    public func identifyPeople(
        _ probe: Photograph, in name: GalleryName, at operatingPoint: OperatingPoint? = nil, limit: Int = 5,
        permit: Permit
    ) async throws -> Recorded<Identification> {
        try await identify(probe, in: name, people: true, at: operatingPoint, permit: permit) {
            (gallery, template, calibration, floor) in
            try gallery.people(for: template, limit: limit, atLeast: floor, now: now(), threads: Self.threads).map {
                Identification.Answer(
                    candidate: $0.best, similarity: calibration.similarity(of: $0.score),
                    person: .init(
                        best: calibration.similarity(of: $0.best.score), mean: $0.mean.map(calibration.similarity),
                        faces: $0.faces))
            }
        }
    }

    /// As many as a search may use.
    private static let threads = ProcessInfo.processInfo.activeProcessorCount

    private func identify(
        _ probe: Photograph, in name: GalleryName, people: Bool, at operatingPoint: OperatingPoint?, permit: Permit,
        _ search: @escaping @Sendable (Gallery, Template, Calibration, ComparisonScore) throws -> [Identification.Answer]
    ) async throws -> Recorded<Identification> {
        try await recorder.record(permit, operation: .identify, gallery: name) { record, _ in
            let calibration = try model.calibrated()
            let beginning = ContinuousClock.now
            let gallery = try await galleries.gallery(name, people: people)
            let loading = ContinuousClock.now - beginning
            let comparisons = people ? gallery.countWithMeans : gallery.count
            let point = operatingPoint ?? .recommended(gallerySize: comparisons)
            record.model = model.id
            record.thresholdAsked = operatingPoint?.similarity
            record.thresholdApplied = point.similarity
            record.expectedFalseCandidates = point.expectedFalseCandidates(gallerySize: comparisons)
            let found = try await pipeline.subject(of: probe)
            record.photographs = [try galleries.digest(of: found.view.bytes)]
            guard let sample = found.sample else { throw RecognitionError.noFace(in: probe) }
            var times = found.view.times
            let start = ContinuousClock.now
            let floor = calibration.score(at: point.similarity)
            let answers = try await galleries.search(gallery, people: people, on: pipeline.workers) {
                try search($0, sample.template, calibration, floor)
            }
            times.add(loading + (ContinuousClock.now - start), to: .gallery)
            record.candidates = answers.map { .init(face: $0.candidate.face.id, similarity: $0.similarity) }
            record.outcome = answers.isEmpty ? "no-candidate" : "candidates"
            return Identification(
                probe: sample.subject(in: found.view), answers: answers, operatingPoint: point,
                gallerySize: gallery.count, comparisons: comparisons, times: times)
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
