import FaceRecognition
import Foundation

/// `manifest.json`: what an export is. Only format, version, model and dimension are needed to import.
struct ExportManifest: Codable {
    static let format = "countenance-gallery"
    static let version = 1

    var format = Self.format
    var version = Self.version
    var model: String
    var dimension: Int
    var gallery: String?
    var faces: Int?
    var created: Date?
    /// Seconds.
    var retention: Double?
    /// Whose photographs' digests the faces have.
    var installation: UUID?
    var encrypted: Bool?
    /// SHA-256 of the other files, in hexadecimal digits.
    var files: [String: String]?
}

/// A line of `faces.jsonl`: what is known of a row of `templates.npy`. Every member may be left out.
struct ExportedFace: Codable {
    var id: String?
    var person: String?
    var externalID: String?
    var photograph: PhotographDigest?
    var box: BoundingBox?
    var photographSize: PixelSize?
    var confidence: Double?
    var enrolled: String?
    var expires: String?

    init(_ face: EnrolledFaceDescription) {
        id = face.id.rawValue
        person = face.person
        externalID = face.externalID
        photograph = face.photograph
        box = face.box
        photographSize = face.photographSize
        confidence = face.confidence
        enrolled = face.enrolled.formatted(Self.time)
        expires = face.expires?.formatted(Self.time)
    }

    /// ISO 8601 in UTC, with milliseconds.
    static let time = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

    /// - Returns: nil when it is no time.
    static func date(_ text: String) -> Date? {
        (try? time.parse(text)) ?? (try? Date.ISO8601FormatStyle().parse(text))
    }
}

/// The names of an export's files.
enum ExportFile {
    static let manifest = "manifest.json"
    static let seal = "manifest.hmac"
    static let templates = "templates.npy"
    static let faces = "faces.jsonl"
    static func sealed(_ name: String) -> String { name + ".sealed" }
}
