public import Foundation

/// Looks after galleries: no photograph is needed for it, and so no network is loaded.
public struct GalleryKeeper: Sendable {
    let galleries: any GalleryStore
    let recorder: Recorder
    let now: @Sendable () -> Date

    package init(
        galleries: any GalleryStore, records: any RecordLog, now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.galleries = galleries
        self.recorder = Recorder(galleries: galleries, records: records)
        self.now = now
    }

    /// All galleries, by name.
    public func list(permit: Permit) async throws -> Recorded<[GalleryDescription]> {
        try await recorder.record(permit, operation: .manage) { record, _ in
            let all = try await galleries.galleries()
            record.outcome = "listed"
            return all
        }
    }

    /// One gallery, and how it is kept.
    /// - Throws: `.galleryNotFound`.
    public func show(
        _ name: GalleryName, permit: Permit
    ) async throws -> Recorded<(gallery: GalleryDescription, upkeep: GalleryUpkeep)> {
        try await recorder.record(permit, operation: .manage, gallery: name) { record, _ in
            record.outcome = "shown"
            return (try await galleries.description(of: name), try await galleries.upkeep(of: name))
        }
    }

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

    /// Makes an empty gallery, which belongs to `model` for life.
    /// - Parameters:
    ///   - retention: how long a face stays, in seconds from its enrolment; nil for ever.
    ///   - keepsCrops: whether the aligned crop of each face is kept, for people to look at.
    /// - Throws: `.galleryExists`; `.invalidValue` for a retention that is not positive.
    public func create(
        _ name: GalleryName, for model: TemplateModel, retention: TimeInterval? = nil, keepsCrops: Bool = false,
        permit: Permit
    ) async throws -> Recorded<GalleryDescription> {
        try await recorder.record(permit, operation: .manage, gallery: name) { record, change in
            if let retention, !(retention > 0 && retention.isFinite) {
                throw RecognitionError(
                    .invalidValue, "A gallery's retention is a positive number of seconds; \(retention) is not.")
            }
            let gallery = GalleryDescription(
                name: name, model: model.id, dimension: model.dimension, created: now(), retention: retention,
                keepsCrops: keepsCrops)
            record.model = model.id
            record.outcome = "gallery-created"
            change = .create(gallery)
            return gallery
        }
    }

    /// Deletes a gallery with all its faces, and destroys its key.
    /// - Throws: `.galleryNotFound`.
    public func delete(_ name: GalleryName, permit: Permit) async throws -> Recorded<GalleryDescription> {
        try await recorder.record(permit, operation: .manage, gallery: name) { record, change in
            let gallery = try await galleries.description(of: name)
            record.outcome = "gallery-deleted"
            record.faces = gallery.faces
            change = .delete(name)
            return gallery
        }
    }

    /// Removes faces from a gallery, for good.
    /// - Returns: the faces that were there and are gone; none is an answer.
    /// - Throws: `.galleryNotFound`.
    public func forget(_ which: FaceSelection, in name: GalleryName, permit: Permit) async throws -> Recorded<[FaceID]>
    {
        try await recorder.record(permit, operation: .forget, gallery: name) { record, change in
            let ids = try await galleries.faces(in: name, which).map(\.id)
            record.outcome = ids.isEmpty ? "not-found" : "forgotten"
            record.forgotten = ids
            if !ids.isEmpty { change = .forget(ids, in: name) }
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

    /// Does other work on what is kept, a check for instance, and records it.
    package func maintain<Outcome: Sendable>(
        _ outcome: String, gallery: GalleryName? = nil, permit: Permit, _ work: () async throws -> Outcome
    ) async throws -> Recorded<Outcome> {
        try await recorder.record(permit, operation: .manage, gallery: gallery) { record, _ in
            let result = try await work()
            record.outcome = outcome
            return result
        }
    }

    /// Puts the galleries of a backup in the place of what is here under their names. See `GalleryChange.restore`.
    package func restore(from backup: String, permit: Permit) async throws -> Recorded<Void> {
        try await recorder.record(permit, operation: .manage) { record, change in
            record.outcome = "restored"
            change = .restore(from: backup)
        }
    }
}

// People.
extension GalleryKeeper {
    /// A gallery's people, by name.
    /// - Throws: `.galleryNotFound`.
    public func people(in name: GalleryName, permit: Permit) async throws -> Recorded<[PersonDescription]> {
        try await recorder.record(permit, operation: .manage, gallery: name) { record, _ in
            record.outcome = "listed"
            return try await galleries.people(in: name)
        }
    }

    /// Makes faces a person's, who is new when the gallery does not know them. All or none.
    /// - Throws: `.galleryNotFound`; `.faceNotFound`; `.faceTaken` when one is somebody else's; `.personFull` when the
    ///   person would have more than 100; `.invalidValue` for the name.
    public func join(
        _ faces: [FaceID], to person: String, in name: GalleryName, permit: Permit
    ) async throws -> Recorded<Void> {
        try await recorder.record(permit, operation: .manage, gallery: name) { record, change in
            record.outcome = "joined"
            record.joined = faces
            try PersonDescription.check(name: person)
            change = .join(faces, person: person, in: name)
        }
    }

    /// Makes a person's faces nobody's; they stay in the gallery. All or none.
    /// - Throws: `.galleryNotFound`; `.faceNotFound` for a face that is not this person's.
    public func leave(
        _ faces: [FaceID], from person: String, in name: GalleryName, permit: Permit
    ) async throws -> Recorded<Void> {
        try await recorder.record(permit, operation: .manage, gallery: name) { record, change in
            record.outcome = "left"
            record.left = faces
            let theirs = Set(try await galleries.faces(in: name, .person(person)).map(\.id))
            if let stranger = faces.first(where: { !theirs.contains($0) }) {
                throw RecognitionError.notTheirs(stranger, name)
            }
            change = .leave(faces, in: name)
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

extension RecognitionError {
    package static func notTheirs(_ face: FaceID, _ gallery: GalleryName) -> RecognitionError {
        RecognitionError(
            .faceNotFound, "The face \(face) is not this person's in the gallery \(gallery); nothing was changed.")
    }

    package static func noFace(_ face: FaceID, in gallery: GalleryName) -> RecognitionError {
        RecognitionError(.faceNotFound, "There is no face \(face) in the gallery \(gallery); nothing was changed.")
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
