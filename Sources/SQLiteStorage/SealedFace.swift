import FaceRecognition
import Foundation

/// What is sealed of a face: its template and all that is personal, in one piece.
///
/// The form: a version byte; a byte that says which of box, confidence, external id and photograph's size are there;
/// enrolled, confidence, x, y, width and height in double precision; the external id's length in two bytes; the
/// photograph's width and height in four bytes each; the external id's UTF-8; the template's components in single
/// precision. All little-endian. The expiry is authenticated with it. Version 1 has no photograph's size.
enum SealedFace {
    private static let version: UInt8 = 2

    /// Bytes before the external id.
    private static func headLength(_ version: UInt8) -> Int? {
        switch version {
        case 1: 52
        case 2: 60
        default: nil
        }
    }

    static func seal(_ face: EnrolledFace, with key: GalleryKey) throws -> Data {
        let it = face.description
        let text = Data((it.externalID ?? "").utf8)
        guard text.count <= UInt16.max else {
            throw RecognitionError(.invalidValue, "An external id has at most \(UInt16.max) bytes, not \(text.count).")
        }
        var plain = Data(capacity: 72 + text.count + 4 * face.template.components.count)
        plain.append(version)
        plain.append((it.box == nil ? 0 : 1) | (it.confidence == nil ? 0 : 2) | (it.externalID == nil ? 0 : 4)
                | (it.photographSize == nil ? 0 : 8))
        for number in [
            it.enrolled.timeIntervalSinceReferenceDate, it.confidence ?? 0, it.box?.x ?? 0, it.box?.y ?? 0,
            it.box?.width ?? 0, it.box?.height ?? 0,
        ] { withUnsafeBytes(of: number.bitPattern.littleEndian) { plain.append(contentsOf: $0) } }
        withUnsafeBytes(of: UInt16(text.count).littleEndian) { plain.append(contentsOf: $0) }
        for side in [it.photographSize?.width, it.photographSize?.height] {
            withUnsafeBytes(of: UInt32(clamping: side ?? 0).littleEndian) { plain.append(contentsOf: $0) }
        }
        plain.append(text)
        plain.append(Data(littleEndian: face.template.components))
        return try key.seal(plain, .face, of: it.id.bytes, extra: it.expires?.milliseconds ?? .max)
    }

    /// - Returns: nil when it is not what was sealed.
    static func open(
        _ sealed: Data, with key: GalleryKey, id: FaceID, photograph: PhotographDigest?, person: String?,
        expires: Int64?, of gallery: GalleryDescription
    ) -> EnrolledFace? {
        guard let plain = key.open(sealed, .face, of: id.bytes, extra: expires ?? .max), let version = plain.first,
            let head = headLength(version), plain.count >= head
        else { return nil }
        return plain.withUnsafeBytes { bytes in
            let flags = bytes[1]
            func number(_ i: Int) -> Double {
                Double(
                    bitPattern: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 2 + 8 * i, as: UInt64.self)))
            }
            let length = Int(UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: 50, as: UInt16.self)))
            func side(_ i: Int) -> Int {
                Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 52 + 4 * i, as: UInt32.self)))
            }
            guard bytes.count == head + length + 4 * gallery.dimension else { return nil }
            let components = (0..<gallery.dimension).map {
                Float(
                    bitPattern: UInt32(
                        littleEndian: bytes.loadUnaligned(fromByteOffset: head + length + 4 * $0, as: UInt32.self)))
            }
            guard let template = try? Template(model: gallery.model, unitLength: components) else { return nil }
            return EnrolledFace(
                description: EnrolledFaceDescription(
                    id: id, person: person,
                    externalID: flags & 4 == 0 ? nil : String(decoding: bytes[head..<(head + length)], as: UTF8.self),
                    photograph: photograph,
                    box: flags & 1 == 0
                        ? nil : BoundingBox(x: number(2), y: number(3), width: number(4), height: number(5)),
                    photographSize: version < 2 || flags & 8 == 0 ? nil : PixelSize(width: side(0), height: side(1)),
                    confidence: flags & 2 == 0 ? nil : number(1),
                    enrolled: Date(timeIntervalSinceReferenceDate: number(0)),
                    expires: expires.map { Date(timeIntervalSince1970: Double($0) / 1_000) }),
                template: template)
        }
    }
}
