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

    /// At most `count` of a gallery's people, in the order in which they were made; none is an answer.
    /// - Parameters:
    ///   - row: where the page before ended (`PersonPage.next`); nil for the first.
    ///   - count: 1...4,096.
    /// - Throws: `.galleryNotFound`; `.invalidValue` for the count.
    public func people(
        in name: GalleryName, after row: Int64?, count: Int, permit: Permit
    ) async throws -> Recorded<PersonPage> {
        try await recorder.record(permit, operation: .manage, gallery: name) { record, _ in
            record.outcome = "listed"
            return try await galleries.people(in: name, after: row, count: Self.checked(pageSize: count))
        }
    }

    /// Makes a person without faces, who stays until they are deleted or forgotten.
    /// - Parameter token: names the request: done before, it changes nothing.
    /// - Throws: `.galleryNotFound`; `.personExists`; `.invalidValue` for the name; `.tokenMismatch`.
    public func createPerson(
        _ person: String, in name: GalleryName, token: RequestToken? = nil, permit: Permit
    ) async throws -> Recorded<PersonDescription> {
        try await recorder.record(permit, operation: .manage, gallery: name, once: token) { record, change, _ in
            try PersonDescription.check(name: person)
            record.outcome = "person-created"
            change = .createPerson(person, in: name)
            return PersonDescription(name: person, faces: 0, status: .created)
        }
    }

    /// Takes a person out of a gallery; their faces stay, nobody's.
    /// - Parameter token: names the request: done before, it changes nothing.
    /// - Throws: `.galleryNotFound`; `.personNotFound`; `.tokenMismatch`.
    public func deletePerson(
        _ person: String, in name: GalleryName, token: RequestToken? = nil, permit: Permit
    ) async throws -> Recorded<Void> {
        try await recorder.record(permit, operation: .manage, gallery: name, once: token) { record, change, earlier in
            guard earlier == nil else { return }
            record.outcome = "person-deleted"
            record.left = try await galleries.faces(in: name, .person(person)).map(\.id)
            change = .deletePerson(person, in: name)
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
            change = .leave(faces, in: name, of: person)
        }
    }

    /// Makes those of these faces nobody's that are the person's, and says which are not; all stay in the gallery.
    /// - Parameter token: names the request: done before, it changes nothing, and the answer has the faces that left then.
    /// - Throws: `.galleryNotFound`; `.personNotFound`; `.tokenMismatch`.
    public func leave(
        _ faces: [FaceID], from person: String, in name: GalleryName, token: RequestToken?, permit: Permit
    ) async throws -> Recorded<Dissociation> {
        try await recorder.record(permit, operation: .manage, gallery: name, once: token) { record, change, earlier in
            let known = try await galleries.person(person, in: name)
            if earlier == nil, known == nil { throw RecognitionError.noSuchPerson(in: name) }
            let there = try await galleries.described(faces, in: name)
            let leftBefore = Set(earlier?.left ?? [])
            var left: [FaceID] = [], refused: [Dissociation.Refused] = []
            for face in faces.uniqued {
                switch there[face]?.person {
                case _ where leftBefore.contains(face): left.append(face)
                case person where earlier == nil: left.append(face)
                case let other:
                    refused.append(.init(face: face, reason: there[face] == nil ? .notFound : .ofAnother(other)))
                }
            }
            record.outcome = left.isEmpty ? "not-found" : "left"
            record.left = left
            if !left.isEmpty { change = .leave(left, in: name, of: person) }
            return Dissociation(left: left, refused: refused, status: known?.status ?? .active)
        }
    }
}

extension RecognitionError {
    package static func notTheirs(_ face: FaceID, _ gallery: GalleryName) -> RecognitionError {
        RecognitionError(
            .faceNotFound, "The face \(face) is not this person's in the gallery \(gallery); nothing was changed.")
    }

    package static func noSuchPerson(in gallery: GalleryName) -> RecognitionError {
        RecognitionError(.personNotFound, "There is no such person in the gallery \(gallery); list its people to see their names.")
    }

    package static func noFace(_ face: FaceID, in gallery: GalleryName) -> RecognitionError {
        RecognitionError(.faceNotFound, "There is no face \(face) in the gallery \(gallery); nothing was changed.")
    }
}
