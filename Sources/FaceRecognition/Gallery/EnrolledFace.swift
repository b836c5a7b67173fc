public import Foundation

/// What is known of an enrolled face besides its template.
public struct EnrolledFaceDescription: Sendable, Hashable {
    public package(set) var id: FaceID
    /// The person's name or number in the operator's own words. Personal data: never in a log or an error's text.
    public package(set) var person: String?
    /// The operator's own key for the photograph. Personal data as well.
    public let externalID: String?
    /// The photograph that it came from; nil for a face that was imported without one.
    public let photograph: PhotographDigest?
    /// In the upright photograph's pixels; nil when the face was imported without it.
    public let box: BoundingBox?
    /// The upright photograph's size, which the box is a part of; nil for a face from before sizes were kept, or one that
    /// was imported without it.
    public let photographSize: PixelSize?
    /// The detector's score, 0...1; nil when the face was imported without it.
    public let confidence: Double?
    public let enrolled: Date
    /// From then on the face is never found, and the next purge removes it; nil for never.
    public package(set) var expires: Date?

    public init(
        id: FaceID = FaceID(), person: String?, externalID: String?, photograph: PhotographDigest?, box: BoundingBox?,
        photographSize: PixelSize? = nil, confidence: Double?, enrolled: Date, expires: Date? = nil
    ) {
        self.id = id
        self.person = person
        self.externalID = externalID
        self.photograph = photograph
        self.box = box
        self.photographSize = photographSize
        self.confidence = confidence
        self.enrolled = enrolled
        self.expires = expires
    }

    package func hasExpired(at now: Date) -> Bool { expires.map { $0 <= now } ?? false }
}

/// A reference: an enrolled face with its template.
public struct EnrolledFace: Sendable, Hashable {
    public package(set) var description: EnrolledFaceDescription
    public let template: Template
    /// Kept only in a gallery that keeps crops, and not read with the face again.
    public let crop: FaceCrop?

    public init(description: EnrolledFaceDescription, template: Template, crop: FaceCrop? = nil) {
        self.description = description
        self.template = template
        self.crop = crop
    }

    public var id: FaceID { description.id }
}

/// The picture of an enrolled face, for people to look at: the aligned crop that the network saw.
public struct FaceCrop: Sendable, Hashable {
    public let image: PixelImage

    public init(_ crop: AlignedCrop) { image = PixelImage(size: crop.size, pixels: crop.pixels) }

    /// - Returns: nil when the bytes are no crop.
    package init?(encoded: Data) {
        guard encoded.count > 4 else { return nil }
        let sides = encoded.prefix(4).map(Int.init)
        let size = PixelSize(width: sides[0] << 8 | sides[1], height: sides[2] << 8 | sides[3])
        guard size.width > 0, size.height > 0, encoded.count == 4 + 3 * size.width * size.height else { return nil }
        image = PixelImage(size: size, pixels: Array(encoded.dropFirst(4)))
    }

    /// Width and height, two bytes each, high byte first; then red, green, blue.
    package var encoded: Data {
        let sides = [image.width, image.height]
        return Data(sides.flatMap { [UInt8(truncatingIfNeeded: $0 >> 8), UInt8(truncatingIfNeeded: $0)] })
            + Data(image.pixels)
    }
}
