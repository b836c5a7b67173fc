package import Foundation

/// The map of the whole: request -> permit -> image -> faces -> templates -> gallery -> record.
///
/// Each operation takes a permit, reads from top to bottom, one call a stage, and gives its outcome away only once the
/// record holds it. What fails after the permit is recorded as well, with the error's code.
///
/// `detect` stands here as the pattern. The others, by what they are about: comparing photographs with each other in
/// `FaceRecognizer+Verification.swift`, adding to a gallery in `+Enrolment`, searching one in `+Identification`, gathering
/// faces under people in `+Association`, measuring in `+Audit`.
public struct FaceRecognizer: Sendable {
    let pipeline: FacePipeline
    let galleries: any GalleryStore
    let recorder: Recorder
    let now: @Sendable () -> Date

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
            let view = try await pipeline.look(at: photograph, digest: galleries.digest)
            record.photographs = [view.digest]
            record.outcome = view.faces.isEmpty ? "no-face" : "found"
            return Detection(
                photographSize: view.image.photographSize, faces: view.described(for: model), times: view.times)
        }
    }
}
