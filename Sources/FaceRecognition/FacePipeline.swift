package import Foundation

/// photograph -> image -> faces -> templates: the stages that need no gallery.
///
/// One worker takes a photograph to its crop, so that as many photographs are on their way as there are workers; crops of
/// different photographs then go through the extractor in pairs.
package struct FacePipeline: Sendable {
    let decode: ImageDecoder
    package let detector: any FaceDetector
    package let extractor: any TemplateExtractor
    package let workers: Workers
    private let batcher: TemplateBatcher

    package init(
        decode: @escaping ImageDecoder, detector: any FaceDetector, extractor: any TemplateExtractor, workers: Workers
    ) {
        self.decode = decode
        self.detector = detector
        self.extractor = extractor
        self.workers = workers
        batcher = TemplateBatcher(extractor: extractor, workers: workers)
    }

    /// How many photographs should be on their way to keep every worker busy: besides those that are worked on, some wait
    /// for a second crop to go through the extractor with, and some for the disk. Four for each worker were 15% faster
    /// than two (590 of LFW's photographs, two cores).
    package var photographsAtOnce: Int { 4 * workers.count }

    /// What the record calls a photograph by. It is reckoned on the worker that reads the photograph: the largest take
    /// milliseconds.
    typealias Digest = @Sendable (Data) throws -> PhotographDigest

    /// A photograph, opened: its image and the faces in it, in the image's pixels, largest first.
    package struct View: Sendable {
        package let digest: PhotographDigest
        package let image: PixelImage
        package var faces: [DetectedFace]
        package var times: StageTimes
    }

    /// A face with its crop and its template, in the image's pixels.
    package struct Sample: Sendable {
        package let face: DetectedFace
        package let crop: AlignedCrop
        package let template: Template
        /// In the photograph's pixels.
        let described: DescribedFace
    }

    /// A photograph with the templates of those faces that were chosen. Both lists are in the order of the choice.
    struct Study: Sendable {
        let view: View
        let samples: [Sample]
        let left: [FaceChoice.Left]
    }

    func read(_ photograph: Photograph, digest: @escaping Digest) async throws -> (bytes: Data, digest: PhotographDigest) {
        try await workers.run {
            let bytes = try photograph.labelling(photograph.bytes)
            return (bytes, try digest(bytes))
        }
    }

    /// The faces with their meshes, without templates.
    func look(at photograph: Photograph, digest: @escaping Digest) async throws -> View {
        try await workers.run {
            var view = try view(of: photograph, digest)
            let image = view.image
            view.faces = try view.times.measure(.faces) { [faces = view.faces] in
                try faces.map { try withMesh($0, in: image) }
            }
            return view
        }
    }

    /// One face with its template; `sample` is nil when there is no face.
    func subject(
        of photograph: Photograph, choosing rule: SubjectRule = .largest, digest: @escaping Digest
    ) async throws -> (view: View, sample: Sample?) {
        let study = try await study(photograph, choosing: FaceChoice(rule: rule, limit: 1), digest: digest)
        return (study.view, study.samples.first)
    }

    /// The faces that are meant, with their templates.
    func study(
        _ photograph: Photograph, choosing choice: FaceChoice, digest: @escaping Digest
    ) async throws -> Study {
        await batcher.expectOne()
        let found = await Result { try await workers.run { try seen(photograph, choosing: choice, digest) } }
        guard case .success(let seen) = found, !seen.chosen.isEmpty else {
            await batcher.expectNoMore()
            let seen = try found.get()
            return Study(view: seen.view, samples: [], left: seen.left)
        }
        let start = ContinuousClock.now
        let templates = try await batcher.templates(of: seen.chosen.map(\.crop))
        var view = seen.view
        view.times.add(ContinuousClock.now - start, to: .templates)
        let samples = zip(seen.chosen, templates).map {
            Sample(face: $0.face, crop: $0.crop, template: $1, described: $0.described)
        }
        return Study(view: view, samples: samples, left: seen.left)
    }

    /// A photograph before templates are made.
    private struct Seen: Sendable {
        var view: View
        var chosen: [(face: DetectedFace, crop: AlignedCrop, described: DescribedFace)] = []
        var left: [FaceChoice.Left] = []
    }

    private func seen(_ photograph: Photograph, choosing choice: FaceChoice, _ digest: Digest) throws -> Seen {
        var seen = Seen(view: try view(of: photograph, digest))
        let image = seen.view.image, faces = choice.rule.order(seen.view.faces, in: image)
        for found in faces {
            let isFull = seen.chosen.count == choice.limit
            if isFull, choice.rest == .unseen { break }
            let isJudged = !isFull || choice.rest == .judged
            let face = isJudged ? try seen.view.times.measure(.faces) { try withMesh(found, in: image) } : found
            guard let crop = seen.view.times.measure(.templates, { extractor.model.crop(of: face, in: image) }) else {
                continue
            }
            let described = DescribedFace(face, in: crop, of: image)
            let shortcomings = isJudged ? choice.quality.shortcomings(of: described, in: image.photographSize) : []
            if isFull || !shortcomings.isEmpty {
                seen.left.append(
                    .init(face: described, exceedsLimit: isFull && shortcomings.isEmpty, shortcomings: shortcomings))
            } else {
                seen.chosen.append((face, crop, described))
            }
        }
        guard faces.isEmpty || !seen.chosen.isEmpty || !seen.left.isEmpty else {
            throw RecognitionError(.fault, "The detector gave landmarks that coincide, so the face cannot be aligned.")
        }
        return seen
    }

    private func view(of photograph: Photograph, _ digest: Digest) throws -> View {
        var times = StageTimes()
        let bytes = try times.measure(.image) { try photograph.labelling(photograph.bytes) }
        let image = try times.measure(.image) { try photograph.labelling { try decode(bytes) } }
        let faces = try times.measure(.faces) { try detector.faces(in: image) }
        return View(digest: try digest(bytes), image: image, faces: faces, times: times)
    }

    private func withMesh(_ face: DetectedFace, in image: PixelImage) throws -> DetectedFace {
        var face = face
        face.mesh = try detector.mesh(of: face, in: image)
        return face
    }
}

extension TemplateModel {
    /// The face as this model wants to see it; nil when its landmarks coincide.
    package func crop(of face: DetectedFace, in image: PixelImage) -> AlignedCrop? {
        image.aligned(
            face.alignmentLandmarks.points, to: alignment, size: PixelSize(width: input.width, height: input.height))
    }
}

extension FacePipeline.Sample {
    func subject(in view: FacePipeline.View) -> Subject {
        Subject(face: described, facesInPhotograph: view.faces.count)
    }
}

extension FacePipeline.Study {
    /// The one that was chosen.
    /// - Throws: `.noFace`.
    func chosen(in photograph: Photograph) throws -> FacePipeline.Sample {
        guard let sample = samples.first else {
            throw left.isEmpty ? RecognitionError.noFace(in: photograph) : .noneGoodEnough(in: photograph)
        }
        return sample
    }
}

extension FacePipeline.View {
    /// The faces in the photograph's pixels, each with its quality.
    func described(for model: TemplateModel) -> [DescribedFace] {
        faces.compactMap { face in model.crop(of: face, in: image).map { DescribedFace(face, in: $0, of: image) } }
    }
}

extension RecognitionError {
    static func noFace(in photograph: Photograph) -> RecognitionError {
        RecognitionError(.noFace, "\(photograph.label): There is no face in this photograph, so nothing was compared.")
    }

    static func noneGoodEnough(in photograph: Photograph) -> RecognitionError {
        RecognitionError(
            .noFace,
            "\(photograph.label): No face in this photograph is good enough, so nothing was compared; lower the quality that is asked for, or take a better photograph."
        )
    }
}
