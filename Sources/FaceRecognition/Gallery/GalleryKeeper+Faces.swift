import Foundation

// Faces.
extension GalleryKeeper {
    /// A gallery's faces, in the order of their enrolment, or one person's; not their templates, since whoever may look
    /// after a gallery may not search it. None is an answer.
    /// - Throws: `.galleryNotFound`.
    public func faces(
        in name: GalleryName, of person: String? = nil, permit: Permit
    ) async throws -> Recorded<[EnrolledFaceDescription]> {
        try await recorder.record(permit, operation: .manage, gallery: name) { record, _ in
            record.outcome = "shown"
            return try await galleries.faces(in: name, person.map(FaceSelection.person)).filter {
                !$0.hasExpired(at: now())
            }
        }
    }

    /// At most `count` of a gallery's faces, in the order of their enrolment; none is an answer.
    /// - Parameters:
    ///   - person: only this person's.
    ///   - among: only these.
    ///   - row: where the page before ended (`FacePage.next`); nil for the first.
    ///   - count: 1...4,096.
    /// - Throws: `.galleryNotFound`; `.invalidValue` for the count.
    public func faces(
        in name: GalleryName, of person: String? = nil, among: [FaceID]? = nil, after row: Int64?, count: Int,
        permit: Permit
    ) async throws -> Recorded<FacePage> {
        try await recorder.record(permit, operation: .manage, gallery: name) { record, _ in
            record.outcome = "shown"
            return try await galleries.faces(
                in: name, of: person, among: among, after: row, count: Self.checked(pageSize: count), now: now())
        }
    }

    /// Removes a face, or a person with all their faces, from a gallery, for good.
    /// - Returns: the faces that were there and are gone; none is an answer.
    /// - Throws: `.galleryNotFound`.
    public func forget(_ which: FaceSelection, in name: GalleryName, permit: Permit) async throws -> Recorded<[FaceID]>
    {
        try await recorder.record(permit, operation: .forget, gallery: name) { record, change in
            let ids = try await galleries.faces(in: name, which).map(\.id)
            var person: String?
            if case .person(let whom) = which, try await galleries.person(whom, in: name) != nil { person = whom }
            let isThere = !ids.isEmpty || person != nil
            record.outcome = isThere ? "forgotten" : "not-found"
            record.forgotten = ids
            if isThere { change = .forget(ids, in: name, person: person) }
            return ids
        }
    }

    /// How many faces go in one change, and in one entry of the record.
    private static let facesAtOnce = 1_000

    /// Removes faces that have expired, at most 1,000 of them: nothing else is held up by more than that. Call it until
    /// none is left.
    ///
    /// They are found by no search already, from the moment they expire.
    /// - Parameter permit: for each gallery, a permit to forget in it.
    /// - Returns: how many were removed from each gallery.
    public func purge(
        permit: (GalleryName) async throws -> Permit
    ) async throws -> [(gallery: GalleryName, purged: Recorded<[FaceID]>)] {
        var purged: [(GalleryName, Recorded<[FaceID]>)] = []
        for (name, ids) in try await galleries.expired(at: now(), count: Self.facesAtOnce).sorted(by: {
            $0.key < $1.key
        }) {
            let permit = try await permit(name)
            let done = try await recorder.record(permit, operation: .forget, gallery: name) { record, change in
                record.outcome = "purged"
                record.forgotten = ids
                record.faces = ids.count
                change = .forget(ids, in: name)
                return ids
            }
            purged.append((name, done))
        }
        return purged
    }

    /// Adds faces that have templates already, those of an import for instance. All or none.
    /// - Parameter gallery: is made when it is not there.
    /// - Throws: `.modelMismatch`, `.overtaken` when one is there already, `.personFull`, `.invalidValue` for a name.
    package func enrol(
        _ faces: [EnrolledFace], in gallery: GalleryDescription, permit: Permit
    ) async throws -> Recorded<Void> {
        try await recorder.record(permit, operation: .enrol, gallery: gallery.name) { record, change in
            record.model = gallery.model
            record.outcome = "imported"
            record.enrolled = faces.map(\.id)
            record.faces = faces.count
            let time = now()
            var faces = faces
            for i in faces.indices {
                // They come into this gallery now, whenever they were enrolled elsewhere.
                faces[i].description.expires = permit.terms.expiry(
                    asked: faces[i].description.expires, enrolled: time, in: gallery)
            }
            for face in faces {
                try face.description.person.map(PersonDescription.check)
                try gallery.mustMatch(face.template)
            }
            change = .enrol(faces, in: gallery)
        }
    }

    /// Reads a gallery with its templates, some of its faces at a time.
    /// - Parameter each: takes some faces, in the order of their enrolment.
    /// - Returns: how many there were.
    /// - Throws: `.galleryNotFound`; what `each` throws.
    package func export(
        _ name: GalleryName, permit: Permit, each: ([EnrolledFace]) async throws -> Void
    ) async throws -> Recorded<Int> {
        try await recorder.record(permit, operation: .manage, gallery: name) { record, _ in
            record.outcome = "exported"
            record.model = try await galleries.description(of: name).model
            var count = 0
            var row: Int64? = 0
            while let from = row {
                let some = try await galleries.templates(in: name, from: from, count: 4_096)
                let valid = some.faces.filter { !$0.description.hasExpired(at: now()) }
                if !valid.isEmpty { try await each(valid) }
                count += valid.count
                row = some.next
            }
            record.faces = count
            return count
        }
    }

    /// The picture that was kept of a face.
    /// - Throws: `.galleryNotFound`; `.faceNotFound` when there is none.
    public func crop(of face: FaceID, in name: GalleryName, permit: Permit) async throws -> Recorded<FaceCrop> {
        try await recorder.record(permit, operation: .manage, gallery: name) { record, _ in
            record.outcome = "shown"
            _ = try await galleries.description(of: name)
            guard let crop = try await galleries.crop(of: face, in: name) else {
                throw RecognitionError(
                    .faceNotFound,
                    "The gallery \(name) has no crop of the face \(face); crops are kept when a gallery is created with --keep-crops."
                )
            }
            return crop
        }
    }
}

/// Which of a gallery's faces are meant.
public enum FaceSelection: Sendable, Hashable {
    case face(FaceID)
    case person(String)

    package func includes(_ face: EnrolledFaceDescription) -> Bool {
        switch self {
        case .face(let id): face.id == id
        case .person(let person): face.person == person
        }
    }
}

extension GalleryStore {
    /// Those of these faces that are there, expired ones as well.
    func described(_ faces: [FaceID], in name: GalleryName) async throws -> [FaceID: EnrolledFaceDescription] {
        let page = try await self.faces(
            in: name, of: nil, among: faces, after: nil, count: max(1, faces.count), now: .distantPast)
        return Dictionary(uniqueKeysWithValues: page.faces.map { ($0.id, $0) })
    }
}

extension [FaceID] {
    /// Each once, where it came first.
    var uniqued: [FaceID] {
        var seen: Set<FaceID> = []
        return filter { seen.insert($0).inserted }
    }
}
