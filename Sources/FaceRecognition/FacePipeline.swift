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

    /// A photograph, opened: its image and the faces in it, in the image's pixels, largest first.
    package struct View: Sendable {
        package let bytes: Data
        package let image: PixelImage
        package var faces: [DetectedFace]
        package var times: StageTimes
    }

    /// A face with its crop and its template, in the image's pixels.
    package struct Sample: Sendable {
        package let face: DetectedFace
        package let crop: AlignedCrop
        package let template: Template
    }

    func read(_ photograph: Photograph) async throws -> Data {
        try await workers.run { try photograph.labelling(photograph.bytes) }
    }

    /// The faces with their meshes, without templates.
    func look(at photograph: Photograph) async throws -> View {
        try await workers.run {
            var view = try view(of: photograph)
            let image = view.image
            view.faces = try view.times.measure(.faces) { [faces = view.faces] in
                try faces.map { try withMesh($0, in: image) }
            }
            return view
        }
    }

    /// One face with its template; `sample` is nil when there is no face.
    func subject(
        of photograph: Photograph, choosing rule: SubjectRule = .largest
    ) async throws -> (view: View, sample: Sample?) {
        await batcher.expectOne()
        let found = await Result { try await workers.run { try seen(photograph, choosing: rule) } }
        guard case .success((var view, let (face, crop)?)) = found else {
            await batcher.expectNoMore()
            return (try found.get().view, nil)
        }
        let start = ContinuousClock.now
        let template = try await batcher.template(of: crop)
        view.times.add(ContinuousClock.now - start, to: .templates)
        return (view, Sample(face: face, crop: crop, template: template))
    }

    /// A photograph's view and, where there is a face, the one that is meant with its crop.
    private typealias Seen = (view: View, subject: (face: DetectedFace, crop: AlignedCrop)?)

    private func seen(_ photograph: Photograph, choosing rule: SubjectRule) throws -> Seen {
        var view = try view(of: photograph)
        let image = view.image
        guard let chosen = rule.choose(among: view.faces, in: image) else { return (view, nil) }
        let face = try view.times.measure(.faces) { try withMesh(chosen, in: image) }
        guard let crop = view.times.measure(.templates, { extractor.model.crop(of: face, in: image) }) else {
            throw RecognitionError(.fault, "The detector gave landmarks that coincide, so the face cannot be aligned.")
        }
        return (view, (face, crop))
    }

    private func view(of photograph: Photograph) throws -> View {
        var times = StageTimes()
        let bytes = try times.measure(.image) { try photograph.labelling(photograph.bytes) }
        let image = try times.measure(.image) { try photograph.labelling { try decode(bytes) } }
        let faces = try times.measure(.faces) { try detector.faces(in: image) }
        return View(bytes: bytes, image: image, faces: faces, times: times)
    }

    private func withMesh(_ face: DetectedFace, in image: PixelImage) throws -> DetectedFace {
        var face = face
        face.mesh = try detector.mesh(of: face, in: image)
        return face
    }
}

/// Which face of a photograph is meant where one is needed.
public enum SubjectRule: String, Sendable, Hashable, CaseIterable {
    /// The one with the largest box, as Rekognition has it: the rule of every operation on people's photographs.
    case largest
    /// The one closest to the photograph's centre: the convention of data sets that were cut around their subject (LFW).
    case central

    func choose(among faces: [DetectedFace], in image: PixelImage) -> DetectedFace? {
        switch self {
        case .largest: return faces.first
        case .central:
            let centre = Point(x: Double(image.width - 1) / 2, y: Double(image.height - 1) / 2)
            return faces.min { ($0.box.centre - centre).length < ($1.box.centre - centre).length }
        }
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
        Subject(
            face: DescribedFace(face, in: crop, of: view.image), facesInPhotograph: view.faces.count)
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
}
