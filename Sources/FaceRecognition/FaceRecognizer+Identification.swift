import Foundation

// Searching a gallery.
extension FaceRecognizer {
    /// Identification: the enrolled faces that the largest face of a photograph comes closest to.
    /// - Parameters:
    ///   - filter: which enrolled faces may be found.
    ///   - operatingPoint: nil takes the one that the gallery's size recommends; the permit's floor may be higher.
    ///   - limit: the most candidates, 1...4,096; the permit's ceiling may be lower.
    ///   - quality: faces that do not pass are not searched with: the largest of the others is.
    /// - Throws: `.noFace` (also when none passes), `.galleryNotFound`, `.modelMismatch`, `.notCalibrated`.
    public func identify(
        _ probe: Photograph, in name: GalleryName, where filter: CandidateFilter = .none,
        at operatingPoint: OperatingPoint? = nil, limit: Int = 5, quality: QualityBar = .none, permit: Permit
    ) async throws -> Recorded<Identification> {
        try await recorder.record(permit, operation: .identify, gallery: name) { record, _ in
            let limit = permit.terms.limit(asked: limit)
            var search = try await begin(name, people: false, at: operatingPoint, permit, &record)
            let (sample, photograph) = try await subject(of: probe, quality, &record, &search.times)
            let found = try await search.run(galleries, pipeline.workers) { [now] gallery, threads, floor in
                try gallery.candidates(
                    for: [sample.template], limit: limit, atLeast: floor, where: filter, now: now(), threads: threads
                )[0]
            }
            return Identification(photograph: photograph, search: search.outcome(found, &record))
        }
    }

    /// Identification of an enrolled face: the others that it comes closest to.
    /// - Parameters: as `identify`.
    /// - Throws: `.faceNotFound`, and as `identify`.
    public func identify(
        like face: FaceID, in name: GalleryName, at operatingPoint: OperatingPoint? = nil, limit: Int = 5,
        permit: Permit
    ) async throws -> Recorded<GallerySearch> {
        try await recorder.record(permit, operation: .identify, gallery: name) { record, _ in
            let limit = permit.terms.limit(asked: limit)
            var search = try await begin(name, people: false, at: operatingPoint, without: 1, permit, &record)
            let probe = try await search.measure { try await enrolled(face, in: name) }
            let found = try await search.run(galleries, pipeline.workers) { [now] gallery, threads, floor in
                try gallery.candidates(
                    for: [probe.template], limit: limit, atLeast: floor, excluding: face, now: now(), threads: threads
                )[0]
            }
            return search.outcome(found, &record)
        }
    }

    /// Identification among people: those whose closest face, or the mean template of whose faces, the probe comes closest
    /// to. Faces that are nobody's are not found.
    /// - Parameters: as `identify`.
    /// - Throws: `.noFace`, `.faceNotFound` or `.personNotFound`, by the probe; `.galleryNotFound`, `.modelMismatch`,
    ///   `.notCalibrated`. A person without faces resembles nobody: that is an answer.
    public func identifyPeople(
        _ probe: PeopleProbe, in name: GalleryName, at operatingPoint: OperatingPoint? = nil, limit: Int = 5,
        permit: Permit
    ) async throws -> Recorded<PeopleSearch> {
        try await recorder.record(permit, operation: .identify, gallery: name) { record, _ in
            let limit = permit.terms.limit(asked: limit)
            var faces: [Template] = [], own: String?
            if case .person(let person) = probe {
                own = person
                faces = try await galleries.enrolled(ofPerson: person, in: name)
                    .filter { !$0.description.hasExpired(at: now()) }.map(\.template)
            }
            var search = try await begin(
                name, people: true, at: operatingPoint, without: faces.count + (faces.count > 1 ? 1 : 0), permit, &record)
            var photograph: ProbePhotograph?
            let template: Template?
            switch probe {
            case .photograph(let it, let quality):
                let (sample, seen) = try await subject(of: it, quality, &record, &search.times)
                (template, photograph) = (sample.template, seen)
            case .face(let face): template = try await search.measure { try await enrolled(face, in: name).template }
            case .person: template = faces.isEmpty ? nil : try? Template.mean(of: faces)
            }
            guard let template else {
                return PeopleSearch(photograph: nil, search: search.outcome([PersonCandidate](), &record))
            }
            let found = try await search.run(galleries, pipeline.workers) { [now, own] gallery, threads, floor in
                try gallery.people(
                    for: template, limit: limit, atLeast: floor, excluding: own, now: now(), threads: threads)
            }
            return PeopleSearch(photograph: photograph, search: search.outcome(found, &record))
        }
    }

    /// An enrolled face that has not expired.
    private func enrolled(_ face: FaceID, in name: GalleryName) async throws -> EnrolledFace {
        guard let found = try await galleries.enrolled([face], in: name).first, !found.description.hasExpired(at: now())
        else { throw RecognitionError(.faceNotFound, "There is no face \(face) in the gallery \(name).") }
        return found
    }

    /// The face of a photograph that is searched with.
    private func subject(
        of probe: Photograph, _ quality: QualityBar, _ record: inout Record, _ times: inout StageTimes
    ) async throws -> (FacePipeline.Sample, ProbePhotograph) {
        let study = try await pipeline.study(
            probe, choosing: FaceChoice(quality: quality, limit: 1, rest: .sketched), digest: galleries.digest)
        record.photographs = [study.view.digest]
        let sample = try study.chosen(in: probe)
        times = times + study.view.times
        return (
            sample,
            ProbePhotograph(
                subject: sample.subject(in: study.view), size: study.view.image.photographSize,
                others: study.left.map { .init(face: $0.face, shortcomings: $0.shortcomings) })
        )
    }

    /// Opens the gallery, and notes at which threshold it is searched.
    /// - Parameter left: how many of its templates are not compared.
    private func begin(
        _ name: GalleryName, people: Bool, at point: OperatingPoint?, without left: Int = 0, _ permit: Permit,
        _ record: inout Record
    ) async throws -> SearchRun {
        let calibration = try model.calibrated()
        let start = ContinuousClock.now
        let gallery = try await galleries.gallery(name, people: people)
        // An enrolled face's template is of the gallery's model anyway, but the calibration is of ours.
        try gallery.mustMatch(model)
        let search = SearchRun(
            gallery: gallery, people: people, calibration: calibration, asked: point, without: left, by: permit.terms, since: start)
        record.model = model.id
        record.thresholdAsked = point.flatMap { $0.isRecommended ? nil : $0.similarity }
        record.thresholdApplied = search.operatingPoint.similarity
        record.expectedFalseCandidates = search.operatingPoint.expectedFalseCandidates(gallerySize: search.comparisons)
        return search
    }
}

/// A search on its way: what applies to it, and how long it has taken.
private struct SearchRun {
    let gallery: Gallery
    let people: Bool
    let calibration: Calibration
    let operatingPoint: OperatingPoint
    let comparisons: Int
    var times = StageTimes()

    init(
        gallery: Gallery, people: Bool, calibration: Calibration, asked: OperatingPoint?, without left: Int,
        by terms: PermitTerms, since start: ContinuousClock.Instant
    ) {
        self.gallery = gallery
        self.people = people
        self.calibration = calibration
        comparisons = max(0, (people ? gallery.countWithMeans : gallery.count) - left)
        operatingPoint = terms.operatingPoint(asked: asked, else: .recommended(gallerySize: comparisons))
        times.add(ContinuousClock.now - start, to: .gallery)
    }

    /// As many as a search may use.
    private static let threads = ProcessInfo.processInfo.activeProcessorCount

    mutating func measure<Result>(_ body: () async throws -> Result) async throws -> Result {
        let start = ContinuousClock.now
        defer { times.add(ContinuousClock.now - start, to: .gallery) }
        return try await body()
    }

    mutating func run<Found: Sendable>(
        _ galleries: any GalleryStore, _ workers: Workers,
        _ body: @escaping @Sendable (Gallery, _ threads: Int, _ floor: ComparisonScore) throws -> Found
    ) async throws -> Found {
        let floor = calibration.score(at: operatingPoint.similarity)
        let gallery = gallery, people = people
        return try await measure {
            try await galleries.search(gallery, people: people, on: workers) { try body($0, Self.threads, floor) }
        }
    }

    func outcome(_ candidates: [Candidate], _ record: inout Record) -> GallerySearch {
        outcome(
            candidates.map { .init(candidate: $0, similarity: calibration.similarity(of: $0.score), person: nil) },
            &record)
    }

    func outcome(_ people: [PersonCandidate], _ record: inout Record) -> GallerySearch {
        outcome(
            people.map {
                .init(
                    candidate: $0.best, similarity: calibration.similarity(of: $0.score),
                    person: .init(
                        best: calibration.similarity(of: $0.best.score), mean: $0.mean.map(calibration.similarity),
                        faces: $0.faces))
            }, &record)
    }

    private func outcome(_ answers: [GallerySearch.Answer], _ record: inout Record) -> GallerySearch {
        record.candidates = answers.map { .init(face: $0.candidate.face.id, similarity: $0.similarity) }
        record.outcome = answers.isEmpty ? "no-candidate" : "candidates"
        return GallerySearch(
            answers: answers, operatingPoint: operatingPoint, gallerySize: gallery.count, comparisons: comparisons,
            times: times)
    }
}
