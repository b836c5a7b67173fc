package import Foundation

/// A change to the galleries. It is applied wholly or not at all, together with its entry in the record.
package enum GalleryChange: Sendable {
    case create(GalleryDescription, tags: [String: String] = [:])
    case delete(GalleryName)
    /// Adds faces to the gallery, and first forgets those that they replace. It is made when it is not there; one that
    /// `mustExist` is the one that was described, not another that has been given its name (one that was restored from a
    /// backup is the same). `beside` are the faces of the same photographs that the request knows of: any other one
    /// there, and the change is overtaken; nil when that is not asked (an import).
    case enrol(
        [EnrolledFace], in: GalleryDescription, replacing: [FaceID] = [], beside: [FaceID]? = nil,
        mustExist: Bool = false)
    /// Forgets faces, and with them a person who may have been made without any.
    case forget([FaceID], in: GalleryName, person: String? = nil)
    /// Makes these faces the person's, who is new when the gallery does not know them, unless they `mustExist`.
    case join([FaceID], person: String, in: GalleryName, mustExist: Bool = false)
    /// Makes these faces nobody's; `of` says whose they are, when the request has seen that.
    case leave([FaceID], in: GalleryName, of: String? = nil)
    /// Makes a person, who stays without faces.
    case createPerson(String, in: GalleryName)
    /// Takes a person out; the faces stay, nobody's.
    case deletePerson(String, in: GalleryName)
    case tag(GalleryName, adding: [String: String], removing: [String])
    /// Changes nothing: for a request that had nothing to change, and whose token is kept all the same.
    case nothing(in: GalleryName)
    /// Puts the galleries of a backup in the place of what is here under their names; `from` is in the store's own terms.
    case restore(from: String)

    /// The galleries that it touches; nil for any.
    package var gallery: GalleryName? {
        switch self {
        case .create(let description, _), .enrol(_, in: let description, _, _, _): description.name
        case .delete(let name), .forget(_, in: let name, _), .join(_, _, in: let name, _), .leave(_, in: let name, _),
            .createPerson(_, in: let name), .deletePerson(_, in: let name), .tag(let name, _, _), .nothing(in: let name):
            name
        case .restore: nil
        }
    }
}

/// Where galleries are kept.
///
/// Every change that returned is durable; one that threw changed nothing. A person whom an enrolment or a joining made is there
/// as long as a face is theirs; one who was made by themselves, until they are deleted or forgotten.
package protocol GalleryStore: Sendable {
    /// All galleries, by name.
    func galleries() async throws -> [GalleryDescription]

    /// What a gallery is. Cost: a look-up.
    /// - Throws: `.galleryNotFound`.
    func description(of name: GalleryName) async throws -> GalleryDescription

    /// How a gallery is kept.
    /// - Throws: `.galleryNotFound`.
    func upkeep(of name: GalleryName) async throws -> GalleryUpkeep

    /// The gallery as it is now, for any number of searches.
    /// - Parameter people: whether it is to be searched for people: then it knows their mean templates.
    /// - Throws: `.galleryNotFound`.
    func gallery(_ name: GalleryName, people: Bool) async throws -> Gallery

    /// A gallery's faces, or some of them, in the order of their enrolment; expired ones that are not purged yet as well.
    /// - Parameter which: nil for all.
    /// - Throws: `.galleryNotFound`.
    func faces(in name: GalleryName, _ which: FaceSelection?) async throws -> [EnrolledFaceDescription]

    /// At most `count` of a gallery's faces after a row, in the order of their enrolment. Cost: that of the page.
    /// - Parameters:
    ///   - person: only this person's; none for somebody who is not there.
    ///   - among: only these.
    ///   - now: without those that have expired by then.
    /// - Throws: `.galleryNotFound`.
    func faces(
        in name: GalleryName, of person: String?, among: [FaceID]?, after row: Int64?, count: Int, now: Date
    ) async throws -> FacePage

    /// A gallery's faces with their templates from a row on, at most `count`, and the row to go on from; nil when there
    /// are no more.
    /// - Throws: `.galleryNotFound`.
    func templates(
        in name: GalleryName, from row: Int64, count: Int
    ) async throws -> (faces: [EnrolledFace], next: Int64?)

    /// Those of these faces that are there, with their templates, in the order asked; expired ones as well. Cost: a
    /// look-up for each.
    /// - Throws: `.galleryNotFound`.
    func enrolled(_ faces: [FaceID], in name: GalleryName) async throws -> [EnrolledFace]

    /// A person's faces with their templates, in the order of their enrolment; expired ones as well.
    /// - Throws: `.galleryNotFound`, `.personNotFound`.
    func enrolled(ofPerson person: String, in name: GalleryName) async throws -> [EnrolledFace]

    /// The faces enrolled from a photograph, to enrol nothing twice. Cost: an index look-up.
    func faces(from photograph: PhotographDigest, in name: GalleryName) async throws -> [EnrolledFaceDescription]

    /// Some faces that expired at or before a moment, at most `count`, by gallery.
    func expired(at now: Date, count: Int) async throws -> [GalleryName: [FaceID]]

    /// A gallery's people, by name.
    /// - Throws: `.galleryNotFound`.
    func people(in name: GalleryName) async throws -> [PersonDescription]

    /// At most `count` of a gallery's people after a row, in the order in which they were made. Cost: that of the page.
    /// - Throws: `.galleryNotFound`.
    func people(in name: GalleryName, after row: Int64?, count: Int) async throws -> PersonPage

    /// One person; nil for somebody who is not there. Cost: a look-up.
    /// - Throws: `.galleryNotFound`.
    func person(_ person: String, in name: GalleryName) async throws -> PersonDescription?

    /// A gallery's tags.
    /// - Throws: `.galleryNotFound`.
    func tags(of name: GalleryName) async throws -> [String: String]

    /// The entry of the request that was done under this token; nil when none was within the last 24 hours.
    /// - Throws: `.tokenMismatch` when that was another request.
    func entry(of token: RequestToken) async throws -> Record?

    /// The picture that was kept of a face; nil for none, and when there is no such face.
    func crop(of face: FaceID, in name: GalleryName) async throws -> FaceCrop?

    /// The installation's own digest of a photograph.
    /// - Throws: `.keyMissing`.
    func digest(of photograph: Data) throws -> PhotographDigest

    /// - Parameter token: is kept with the change; nil for a request without one.
    /// - Throws: `.galleryExists` (create), `.galleryNotFound`, `.modelMismatch` (a template of another model),
    ///   `.overtaken` (a photograph that was enrolled meanwhile, a face that was forgotten or became another's, a token
    ///   that was used meanwhile), `.personFull`, `.faceTaken` (join: a face of somebody else), `.personExists`,
    ///   `.personNotFound`, `.limitExceeded` (tags), `.diskFull`, `.storageUnavailable`, `.storageCorrupt`, `.keyMissing`;
    ///   nothing is changed or recorded then.
    func apply(_ change: GalleryChange, once token: RequestToken?, recordedAs record: Record) async throws
        -> RecordReceipt
}

extension GalleryStore {
    package func apply(_ change: GalleryChange, recordedAs record: Record) async throws -> RecordReceipt {
        try await apply(change, once: nil, recordedAs: record)
    }

    /// nil for a gallery that is not there.
    package func descriptionIfThere(of name: GalleryName) async throws -> GalleryDescription? {
        do { return try await description(of: name) } catch let error as RecognitionError
            where error.code == .galleryNotFound
        { return nil }
    }
}

/// What a search reads of the faces behind the codes. May block.
package protocol GalleryRows: Sendable {
    /// The faces of these rows, in their order; nil for one that is gone.
    func faces(_ rows: [Int64]) throws -> [EnrolledFace?]
    /// The number that stands for a person in the codes; nil for somebody who is not there.
    func number(ofPerson name: String) throws -> Int32?
    /// A person's faces by their number, in the order of their enrolment; none for somebody who is gone.
    func faces(ofPerson number: Int32) throws -> [EnrolledFace]
    /// The faces whose external id begins so. Cost: every face is read the first time.
    func rows(externalIDPrefix: String) throws -> Set<Int64>
}

extension RecognitionError {
    /// A gallery that a request had begun with is gone, and another one has its name.
    package static func replaced(_ gallery: GalleryName) -> RecognitionError {
        RecognitionError(
            .galleryNotFound,
            "The gallery \(gallery) was deleted while this request was on its way, and another one has its name now; nothing was changed."
        )
    }
}
