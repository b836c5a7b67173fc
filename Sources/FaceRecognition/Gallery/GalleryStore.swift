package import Foundation

/// A change to the galleries. It is applied wholly or not at all, together with its entry in the record.
package enum GalleryChange: Sendable {
    case create(GalleryDescription)
    case delete(GalleryName)
    /// Adds faces to the gallery, which is made when it is not there.
    case enrol([EnrolledFace], in: GalleryDescription)
    case forget([FaceID], in: GalleryName)
}

/// Where galleries are kept.
///
/// Every change that returned is durable; one that threw changed nothing.
package protocol GalleryStore: Sendable {
    /// All galleries, by name.
    func galleries() async throws -> [GalleryDescription]

    /// What a gallery is, with its faces and people counted.
    /// - Throws: `.galleryNotFound`.
    func description(of name: GalleryName) async throws -> GalleryDescription

    /// The gallery as it is now, for any number of searches.
    /// - Throws: `.galleryNotFound`.
    func gallery(_ name: GalleryName) async throws -> Gallery

    /// A gallery's faces, or some of them, in the order of their enrolment.
    /// - Parameter which: nil for all.
    /// - Throws: `.galleryNotFound`.
    func faces(in name: GalleryName, _ which: FaceSelection?) async throws -> [EnrolledFaceDescription]

    /// The faces enrolled from a photograph, to enrol nothing twice. Cost: an index look-up.
    func faces(from photograph: PhotographDigest, in name: GalleryName) async throws -> [EnrolledFace]

    /// The installation's own digest of a photograph.
    func digest(of photograph: Data) -> PhotographDigest

    /// - Throws: `.galleryExists` (create), `.galleryNotFound`, `.modelMismatch` (a template of another model),
    ///   `.overtaken` (a photograph that was enrolled meanwhile),
    ///   `.diskFull`, `.storageUnavailable`, `.storageCorrupt`; nothing is changed or recorded then.
    func apply(_ change: GalleryChange, recordedAs record: Record) async throws -> RecordReceipt
}
