internal import Foundation

/// The formats that are read, told apart by their first bytes.
///
/// libvips could sniff too, but it does so by offering the bytes to every loader it was built with, ImageMagick's and
/// Poppler's among them; bytes from a stranger never get that far here.
enum ImageFormat: String, CaseIterable {
    case jpeg = "JPEG"
    case png = "PNG"
    case webp = "WebP"
    /// HEIC and AVIF: one container, two codecs.
    case heif = "HEIC or AVIF"
    case tiff = "TIFF"
    case gif = "GIF"

    /// nil when the bytes are in none of the formats.
    init?(firstBytesOf data: Data) {
        let head = [UInt8](data.prefix(16))
        func at(_ offset: Int, _ text: String) -> Bool { head.dropFirst(offset).starts(with: text.utf8) }
        if head.starts(with: [0xFF, 0xD8, 0xFF]) {
            self = .jpeg
        } else if head.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
            self = .png
        } else if at(0, "RIFF"), at(8, "WEBP") {
            self = .webp
        } else if at(4, "ftyp"), Self.heifBrands.contains(where: { at(8, $0) }) {
            self = .heif
        } else if ["II*\0", "MM\0*", "II+\0", "MM\0+"].contains(where: { at(0, $0) }) {
            self = .tiff
        } else if at(0, "GIF87a") || at(0, "GIF89a") {
            self = .gif
        } else {
            return nil
        }
    }

    /// ISO/IEC 23008-12 (HEIF) annexes B and F, and the AVIF specification: still images and image collections.
    private static let heifBrands = ["heic", "heix", "heim", "heis", "mif1", "avif"]

    /// Formats that are not read but that people do send, so that the refusal can name them.
    static func otherName(firstBytesOf data: Data) -> String? {
        let head = [UInt8](data.prefix(16))
        let others: [(start: [UInt8], name: String)] = [
            (Array("BM".utf8), "a BMP"), ([0, 0, 1, 0], "an ICO"), (Array("%PDF".utf8), "a PDF"),
            (Array("<svg".utf8), "an SVG"), (Array("<?xml".utf8), "an XML file"),
            (Array("8BPS".utf8), "a Photoshop file"),
            ([0, 0, 0, 0x0C, 0x4A, 0x58, 0x4C, 0x20], "a JPEG XL"), ([0xFF, 0x0A], "a JPEG XL"),
            ([0, 0, 0, 0x0C, 0x6A, 0x50, 0x20, 0x20], "a JPEG 2000"), (Array("PK".utf8), "a ZIP archive"),
        ]
        return others.first { head.starts(with: $0.start) }?.name
    }
}
