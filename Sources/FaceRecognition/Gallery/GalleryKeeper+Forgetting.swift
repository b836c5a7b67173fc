// Forgetting face by face.
extension GalleryKeeper {
    /// Removes those of these faces that are nobody's, for good. A face that is a person's stays until it has left the
    /// person: Rekognition has it so, and what the gallery says of a person then never changes unnoticed.
    /// - Returns: what became of each, in the order given; a face that is named twice counts once.
    /// - Throws: `.galleryNotFound`.
    public func forget(
        _ faces: [FaceID], in name: GalleryName, permit: Permit
    ) async throws -> Recorded<Forgetting> {
        try await recorder.record(permit, operation: .forget, gallery: name) { record, change in
            let there = try await galleries.described(faces, in: name)
            var forgotten: [FaceID] = [], refused: [Forgetting.Refused] = []
            for face in faces.uniqued {
                switch there[face] {
                case nil: refused.append(.init(face: face, reason: .notFound))
                case let known?:
                    if let person = known.person {
                        refused.append(.init(face: face, reason: .ofPerson(person)))
                    } else {
                        forgotten.append(face)
                    }
                }
            }
            record.outcome = forgotten.isEmpty ? "not-found" : "forgotten"
            record.forgotten = forgotten
            if !forgotten.isEmpty { change = .forget(forgotten, in: name) }
            return Forgetting(forgotten: forgotten, refused: refused)
        }
    }
}

/// What came of forgetting faces, face by face.
public struct Forgetting: Sendable, Hashable {
    public enum Reason: Sendable, Hashable {
        case notFound
        case ofPerson(String)
    }
    public struct Refused: Sendable, Hashable {
        public let face: FaceID
        public let reason: Reason

        package init(face: FaceID, reason: Reason) {
            self.face = face
            self.reason = reason
        }
    }

    /// These are gone.
    public let forgotten: [FaceID]
    public let refused: [Refused]
}
