public import Foundation

/// A gallery's name: 1 to 255 letters, digits, '.', '_' or '-', as Rekognition allows for a collection.
public struct GalleryName: Sendable, Hashable, Codable, Comparable, CustomStringConvertible {
    public let rawValue: String

    /// - Throws: `.invalidValue`.
    public init(_ rawValue: String) throws {
        guard (1...255).contains(rawValue.utf8.count), rawValue.utf8.allSatisfy(Self.isAllowed) else {
            throw RecognitionError(
                .invalidValue, "A gallery's name is 1 to 255 letters, digits, '.', '_' or '-'; choose another.")
        }
        self.rawValue = rawValue
    }

    /// By hand: each request reads a few names, and a regular expression takes a tenth of a millisecond for each.
    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    public init(from decoder: any Decoder) throws { try self.init(String(from: decoder)) }
    public func encode(to encoder: any Encoder) throws { try rawValue.encode(to: encoder) }
    public static func < (a: GalleryName, b: GalleryName) -> Bool { a.rawValue < b.rawValue }
    public var description: String { rawValue }
}

/// What a gallery is.
public struct GalleryDescription: Sendable, Hashable {
    public let name: GalleryName
    /// For life.
    public let model: TemplateModelID
    public let dimension: Int
    public let created: Date
    /// How long a face stays, in seconds from its enrolment; nil for ever.
    public let retention: TimeInterval?
    /// Whether the aligned crop of each face is kept, for people to look at.
    public let keepsCrops: Bool
    public let faces: Int
    public let people: Int

    public init(
        name: GalleryName, model: TemplateModelID, dimension: Int, created: Date, retention: TimeInterval? = nil,
        keepsCrops: Bool = false, faces: Int = 0, people: Int = 0
    ) {
        self.name = name
        self.model = model
        self.dimension = dimension
        self.created = created
        self.retention = retention
        self.keepsCrops = keepsCrops
        self.faces = faces
        self.people = people
    }

    /// When a face leaves this gallery: as its enrolment asks, or by the gallery's retention, whichever is earlier.
    package func expiry(asked: Date?, enrolled: Date) -> Date? {
        [asked, retention.map(enrolled.addingTimeInterval)].compactMap { $0 }.min()
    }

    func mustMatch(_ model: TemplateModel) throws {
        guard model.id == self.model, model.dimension == dimension else {
            throw RecognitionError(
                .modelMismatch,
                "The gallery \(name) belongs to the model \(self.model) with \(dimension) components, and this recogniser has \(model.id) with \(model.dimension); use the gallery's own model."
            )
        }
    }

    package func mustMatch(_ template: Template) throws {
        guard template.model == model, template.components.count == dimension else {
            throw RecognitionError(
                .modelMismatch,
                "The gallery \(name) belongs to the model \(model) with \(dimension) components, the template to \(template.model) with \(template.components.count); use the gallery's own model."
            )
        }
    }
}

/// How a gallery is kept.
public struct GalleryUpkeep: Sendable, Hashable {
    /// Names the gallery's data key; not the key.
    public let key: String
    /// Of sealed faces, names and crops, and of the search's snapshot.
    public let bytes: Int
    /// When `check` last found nothing wrong.
    public let checked: Date?

    package init(key: String, bytes: Int, checked: Date?) {
        self.key = key
        self.bytes = bytes
        self.checked = checked
    }
}
