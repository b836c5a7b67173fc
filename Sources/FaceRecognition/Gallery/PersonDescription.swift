/// What is known of a person in a gallery.
public struct PersonDescription: Sendable, Hashable {
    /// The most faces that one person gathers, as Rekognition has it for its users.
    public static let maximumFaces = 100
    /// The longest name, in bytes of UTF-8.
    public static let longestName = 255

    public enum Status: String, Sendable, Hashable, Codable {
        /// Made by itself, and never had a face.
        case created
        case active
    }

    /// In the operator's own words, 1 to 255 bytes. Personal data: never in a log or an error's text.
    public let name: String
    public let faces: Int
    public let status: Status

    package init(name: String, faces: Int, status: Status = .active) {
        self.name = name
        self.faces = faces
        self.status = status
    }

    /// - Throws: `.invalidValue`, without the name.
    package static func check(name: String) throws {
        guard (1...longestName).contains(name.utf8.count) else {
            throw RecognitionError(
                .invalidValue, "A person's name has 1 to \(longestName) bytes, not \(name.utf8.count); shorten it.")
        }
    }
}

/// Some of a gallery's people, in the order in which they were made.
public struct PersonPage: Sendable, Hashable {
    public let people: [PersonDescription]
    /// What the next page comes after; nil when there is none.
    public let next: Int64?

    package init(people: [PersonDescription], next: Int64?) {
        self.people = people
        self.next = next
    }
}

/// Some of a gallery's faces, in the order of their enrolment.
public struct FacePage: Sendable, Hashable {
    /// The model that the gallery belongs to.
    public let model: TemplateModelID
    public let faces: [EnrolledFaceDescription]
    /// What the next page comes after; nil when there is none.
    public let next: Int64?

    package init(model: TemplateModelID, faces: [EnrolledFaceDescription], next: Int64?) {
        self.model = model
        self.faces = faces
        self.next = next
    }
}

/// What came of making faces nobody's, face by face.
public struct Dissociation: Sendable, Hashable {
    public enum Reason: Sendable, Hashable {
        case notFound
        /// The face is that person's; nil for nobody's.
        case ofAnother(String?)
    }
    public struct Refused: Sendable, Hashable {
        public let face: FaceID
        public let reason: Reason

        package init(face: FaceID, reason: Reason) {
            self.face = face
            self.reason = reason
        }
    }

    /// These are nobody's now.
    public let left: [FaceID]
    public let refused: [Refused]
    public let status: PersonDescription.Status

    package init(left: [FaceID], refused: [Refused], status: PersonDescription.Status = .active) {
        self.left = left
        self.refused = refused
        self.status = status
    }
}
