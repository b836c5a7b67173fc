public import Foundation

/// A gallery's name: 1 to 255 letters, digits, '.', '_' or '-', as Rekognition allows for a collection.
public struct GalleryName: Sendable, Hashable, Codable, Comparable, CustomStringConvertible {
    public let rawValue: String

    /// - Throws: `.invalidValue`.
    public init(_ rawValue: String) throws {
        guard rawValue.utf8.count <= 255, rawValue.wholeMatch(of: /[A-Za-z0-9_.-]+/) != nil else {
            throw RecognitionError(
                .invalidValue, "A gallery's name is 1 to 255 letters, digits, '.', '_' or '-'; choose another.")
        }
        self.rawValue = rawValue
    }
    public init(from decoder: any Decoder) throws { try self.init(String(from: decoder)) }
    public func encode(to encoder: any Encoder) throws { try rawValue.encode(to: encoder) }
    public static func < (a: GalleryName, b: GalleryName) -> Bool { a.rawValue < b.rawValue }
    public var description: String { rawValue }
}

/// An enrolled face's id: a random UUID in lower case.
public struct FaceID: Sendable, Hashable, Codable, Comparable, CustomStringConvertible {
    public let rawValue: String

    /// A new one, from the system's random numbers.
    public init() { rawValue = UUID().uuidString.lowercased() }

    /// - Returns: nil when it is no UUID.
    public init?(_ text: String) {
        guard let uuid = UUID(uuidString: text) else { return nil }
        rawValue = uuid.uuidString.lowercased()
    }
    public init(from decoder: any Decoder) throws {
        let text = try String(from: decoder)
        guard let id = FaceID(text) else {
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "no face id"))
        }
        self = id
    }
    public func encode(to encoder: any Encoder) throws { try rawValue.encode(to: encoder) }
    public static func < (a: FaceID, b: FaceID) -> Bool { a.rawValue < b.rawValue }
    public var description: String { rawValue }
}

/// What is known of an enrolled face besides its template.
public struct EnrolledFaceDescription: Sendable, Hashable {
    public let id: FaceID
    /// The person's name or number in the operator's own words. Personal data: never in a log or an error's text.
    public let person: String?
    /// The operator's own key for the photograph. Personal data as well.
    public let externalID: String?
    /// The photograph that it came from.
    public let photograph: PhotographDigest
    /// In the upright photograph's pixels.
    public let box: BoundingBox
    /// The detector's score, 0...1.
    public let confidence: Double
    public let enrolled: Date

    public init(
        id: FaceID = FaceID(), person: String?, externalID: String?, photograph: PhotographDigest, box: BoundingBox,
        confidence: Double, enrolled: Date
    ) {
        self.id = id
        self.person = person
        self.externalID = externalID
        self.photograph = photograph
        self.box = box
        self.confidence = confidence
        self.enrolled = enrolled
    }
}

/// A reference: an enrolled face with its template.
public struct EnrolledFace: Sendable, Hashable {
    public let description: EnrolledFaceDescription
    public let template: Template

    public init(description: EnrolledFaceDescription, template: Template) {
        self.description = description
        self.template = template
    }

    public var id: FaceID { description.id }
}

/// What a gallery is.
public struct GalleryDescription: Sendable, Hashable, Codable {
    public let name: GalleryName
    /// For life.
    public let model: TemplateModelID
    public let dimension: Int
    public let created: Date
    public let faces: Int
    public let people: Int

    public init(
        name: GalleryName, model: TemplateModelID, dimension: Int, created: Date, faces: Int = 0, people: Int = 0
    ) {
        self.name = name
        self.model = model
        self.dimension = dimension
        self.created = created
        self.faces = faces
        self.people = people
    }
}
