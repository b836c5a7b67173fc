import FaceRecognition
import Foundation
import Testing

@testable import ImageCodecs

@Suite("Encoding and labels")
struct PictureEncoderTests {
    let picture = Samples.picture()

    @Test("A PNG gives back every pixel", arguments: ["png", ".png", "PNG"])
    func png(fileExtension: String) throws {
        let data = try PictureEncoder(fileExtension: fileExtension).encode(picture)
        #expect(try ImageDecoding().decode(data) == picture)
    }

    @Test("A JPEG gives back nearly the same pixels", arguments: ["jpg", ".JPEG"])
    func jpeg(fileExtension: String) throws {
        let data = try PictureEncoder(fileExtension: fileExtension).encode(picture)
        #expect(data.starts(with: [0xFF, 0xD8]))
        let difference = try #require(try ImageDecoding().decode(data).difference(from: picture))
        #expect(difference <= 24)
    }

    @Test("Any other extension is refused by its name", arguments: ["gif", "", "png "])
    func otherExtension(fileExtension: String) {
        let error = #expect(throws: RecognitionError.self) { try PictureEncoder(fileExtension: fileExtension) }
        #expect(error?.code == .invalidValue)
        #expect(error?.message.contains("\"\(fileExtension)\"") == true)
    }

    @Test("A label is as high as asked and has ink")
    func label() throws {
        let (size, coverage) = try TextPicture.textMask("Face 1: Ågot, 97 %", height: 24)
        #expect(size.height == 24)
        #expect(coverage.count == size.width * 24)
        #expect(coverage.max() == 255)
        #expect(size.width > 100)
    }

    @Test("Letters stand on one baseline, whatever their neighbours")
    func baseline() throws {
        func lowestInk(_ text: String) throws -> Int? {
            let (size, coverage) = try TextPicture.textMask(text, height: 40)
            return (0..<40).last { y in coverage[y * size.width..<(y + 1) * size.width].contains { $0 > 128 } }
        }
        #expect(try lowestInk("x") == lowestInk("H"))
        let descender = try #require(try lowestInk("p")), base = try #require(try lowestInk("x"))
        #expect(descender > base)
    }

    @Test("Markup is drawn, not obeyed")
    func markup() throws {
        let plain = try TextPicture.textMask("b", height: 30).size.width
        #expect(try TextPicture.textMask("<b>b</b>", height: 30).size.width > 3 * plain)
        #expect(try TextPicture.textMask("&amp; <", height: 30).size.width > 3 * plain)
    }

    @Test("A text without ink has an empty mask", arguments: ["", " ", "\n\t"])
    func noInk(text: String) throws {
        let (size, coverage) = try TextPicture.textMask(text, height: 12)
        #expect(size == PixelSize(width: 1, height: 12))
        #expect(coverage == [UInt8](repeating: 0, count: 12))
    }

    @Test("A label's height is 8 to 1,000 pixels", arguments: [(7, false), (8, true), (1_000, true), (1_001, false)])
    func heights(height: Int, allowed: Bool) {
        #expect((try? TextPicture.textMask("x", height: height).size.height) == (allowed ? height : nil))
    }
}
