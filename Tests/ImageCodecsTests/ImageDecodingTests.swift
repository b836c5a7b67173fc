import FaceRecognition
import Foundation
import Testing

@testable import ImageCodecs

@Suite("Decoding")
struct ImageDecodingTests {
    let decoding = ImageDecoding()
    let picture = Samples.picture()

    private func refusal(_ data: Data, _ decoding: ImageDecoding = ImageDecoding()) -> RecognitionError? {
        do {
            _ = try decoding.decode(data)
            return nil
        } catch {
            return error as? RecognitionError
        }
    }

    // MARK: Formats

    @Test(
        "A lossless format gives back every pixel",
        arguments: [
            ("pngsave_buffer", [:]), ("pngsave_buffer", ["interlace": "true"]), ("tiffsave_buffer", [:]),
            ("tiffsave_buffer", ["compression": "lzw"]), ("tiffsave_buffer", ["tile": "true"]),
            ("webpsave_buffer", ["lossless": "true"]),
        ] as [(String, [String: String])])
    func lossless(saver: String, options: [String: String]) throws {
        #expect(try decoding.decode(Samples.encoded(picture, by: saver, options)) == picture)
    }

    @Test(
        "A lossy format gives back nearly the same pixels",
        arguments: [
            ("jpegsave_buffer", ["Q": "95"]), ("jpegsave_buffer", ["Q": "95", "interlace": "true"]),
            ("webpsave_buffer", ["Q": "95"]), ("heifsave_buffer", ["Q": "95", "compression": "hevc"]),
            ("heifsave_buffer", ["Q": "95", "compression": "av1"]), ("gifsave_buffer", ["dither": "0"]),
        ] as [(String, [String: String])])
    func lossy(saver: String, options: [String: String]) throws {
        let decoded = try decoding.decode(Samples.encoded(picture, by: saver, options))
        let difference = try #require(decoded.difference(from: picture))
        #expect(difference <= 24)
    }

    @Test("16 bits a channel become 8", arguments: ["pngsave_buffer", "tiffsave_buffer"])
    func sixteenBits(saver: String) throws {
        let data = try Samples.encoded(picture, by: saver, after: [("colourspace", ["space": "rgb16"])])
        let difference = try #require(try decoding.decode(data).difference(from: picture))
        #expect(difference <= 1)
    }

    @Test("CMYK and Lab become sRGB", arguments: [("cmyk", "jpegsave_buffer"), ("cmyk", "tiffsave_buffer"), ("lab", "tiffsave_buffer")])
    func otherColours(space: String, saver: String) throws {
        // A colour that every press can print; CMYK has no place for saturated ones.
        let colour: [UInt8] = [150, 120, 110]
        let plain = PixelImage(size: PixelSize(width: 16, height: 16), pixels: (0..<256).flatMap { _ in colour })
        let decoded = try decoding.decode(Samples.encoded(plain, by: saver, after: [("colourspace", ["space": space])]))
        let difference = try #require(decoded.difference(from: plain))
        #expect(difference <= 12)
    }

    @Test("Grey becomes three equal channels", arguments: ["pngsave_buffer", "jpegsave_buffer", "tiffsave_buffer"])
    func grey(saver: String) throws {
        let values = (0..<256).map { UInt8($0) }
        let data = try Samples.encoded(values, width: 16, height: 16, channels: 1, by: saver)
        let decoded = try decoding.decode(data)
        #expect(decoded.size == PixelSize(width: 16, height: 16))
        for (i, value) in values.enumerated() {
            let pixel = decoded.pixel(i % 16, i / 16)
            #expect(Set(pixel).count == 1)
            #expect(abs(Int(pixel[0]) - Int(value)) <= 8)
        }
    }

    @Test("Transparent parts are white, half transparent ones half white, in 8 and in 16 bits", arguments: [false, true])
    func transparency(sixteenBits: Bool) throws {
        let data = try Samples.encoded(
            [200, 0, 0, 255, 200, 0, 0, 0, 0, 0, 0, 128], width: 3, height: 1, channels: 4, by: "pngsave_buffer",
            after: sixteenBits ? [("colourspace", ["space": "rgb16"])] : [])
        let decoded = try decoding.decode(data)
        #expect(decoded.pixel(0, 0) == [200, 0, 0])
        #expect(decoded.pixel(1, 0) == [255, 255, 255])
        #expect(decoded.pixel(2, 0).allSatisfy { (125...129).contains($0) })
    }

    @Test("A profile of another colour space is followed")
    func profile() throws {
        let data = try Samples.encoded(
            picture, by: "tiffsave_buffer",
            after: [("icc_transform", ["input-profile": "srgb", "output-profile": "p3"])])
        let decoded = try decoding.decode(data)
        let difference = try #require(decoded.difference(from: picture))
        // Eight bits of the wider space are coarser in the dark: some values are off by a few steps.
        #expect(difference <= 10)
        // Without the profile the same bytes look different, so that the test above means something.
        let bare = try decoding.decode(
            Samples.encoded(
                picture, by: "tiffsave_buffer", ["strip": "true"],
                after: [("icc_transform", ["input-profile": "srgb", "output-profile": "p3"])]))
        #expect(try #require(bare.difference(from: picture)) > 30)
    }

    @Test("An unusable profile is left aside")
    func brokenProfile() throws {
        var data = try Samples.encoded(
            picture, by: "tiffsave_buffer",
            after: [("icc_transform", ["input-profile": "srgb", "output-profile": "p3"])])
        let bare = try decoding.decode(
            Samples.encoded(
                picture, by: "tiffsave_buffer", ["strip": "true"],
                after: [("icc_transform", ["input-profile": "srgb", "output-profile": "p3"])]))
        let signature = try #require(data.range(of: Data("acsp".utf8)))
        data.replaceSubrange(signature, with: Data("xxxx".utf8))
        #expect(try decoding.decode(data) == bare)
    }

    // MARK: Orientation

    @Test("Every EXIF orientation gives the same upright image", arguments: 1...8)
    func orientations(orientation: Int) throws {
        let stored = picture.stored(orientation: orientation)
        let lossless = try Samples.encoded(stored, by: "tiffsave_buffer", orientation: orientation)
        #expect(try decoding.decode(lossless) == picture)
        let jpeg = try decoding.decode(
            Samples.encoded(stored, by: "jpegsave_buffer", ["Q": "95"], orientation: orientation))
        let difference = try #require(jpeg.difference(from: picture))
        #expect(difference <= 24)
        #expect(jpeg.photographSize == picture.size)
    }

    // MARK: Limits

    @Test("The limit on bytes admits a file of that size, and none larger")
    func byteLimit() throws {
        let data = try Samples.encoded(picture, by: "pngsave_buffer")
        func limited(_ bytes: Int) -> ImageDecoding { ImageDecoding(limits: .init(bytes: bytes)) }
        #expect(refusal(data, limited(data.count + 1)) == nil)
        #expect(refusal(data, limited(data.count)) == nil)
        let error = try #require(refusal(data, limited(data.count - 1)))
        #expect(error.code == .imageTooLarge)
        #expect(error.message.contains("\(data.count)") && error.message.contains("\(data.count - 1)"))
    }

    @Test("The limits on pixels admit a photograph of that size, and none larger")
    func pixelLimits() throws {
        let png = try Samples.encoded(picture, by: "pngsave_buffer")
        let webp = try Samples.encoded(picture, by: "webpsave_buffer")
        let pixels = 48 * 32
        for (offset, admitted) in [(1, true), (0, true), (-1, false)] {
            let all = refusal(png, ImageDecoding(limits: .init(pixels: pixels + offset)))
            let atOnce = refusal(webp, ImageDecoding(limits: .init(bytesAtOnce: 4 * (pixels + offset))))
            let side = refusal(png, ImageDecoding(limits: .init(side: 48 + offset)))
            for error in [all, atOnce, side] {
                #expect(error?.code == (admitted ? nil : .imageTooLarge))
                if let error { #expect(error.message.contains("48 x 32")) }
            }
        }
        // A PNG that is not interlaced is read in strips, so that the limit for whole images is not its limit.
        #expect(refusal(png, ImageDecoding(limits: .init(bytesAtOnce: 1))) == nil)
    }

    @Test(
        "Each format has its default limit by the memory that it takes, and what goes over it is told why",
        arguments: [
            ("jpegsave_buffer", [:], "", 100), ("jpegsave_buffer", ["interlace": "true"], "", 100),
            ("pngsave_buffer", [:], "", 100), ("pngsave_buffer", ["interlace": "true"], "", 100),
            ("pngsave_buffer", ["interlace": "true"], "rgb16", 100), ("webpsave_buffer", [:], "", 100),
            ("gifsave_buffer", [:], "", 100), ("tiffsave_buffer", [:], "", 100), ("tiffsave_buffer", [:], "rgb16", 90),
            ("jpegsave_buffer", ["interlace": "true"], "cmyk", 90),
            ("heifsave_buffer", ["compression": "hevc"], "", 100), ("heifsave_buffer", ["compression": "av1"], "", 57),
        ] as [(String, [String: String], String, Int)])
    func memoryLimits(saver: String, options: [String: String], space: String, megapixels: Int) throws {
        let steps = space.isEmpty ? [] : [("colourspace", ["space": space])]
        let data = try Samples.encoded(picture, by: saver, options, after: steps)
        let format = try #require(ImageFormat(firstBytesOf: data))
        let each = try data.withUnsafeBytes { try format.bytesPerPixelAtOnce(format.open($0, shrunkBy: 1)) }
        let defaults = ImageDecoding.Limits()
        let most = each == 0 ? defaults.pixels : min(defaults.pixels, Int(Double(defaults.bytesAtOnce) / each))
        #expect(most / 1_000_000 == megapixels)
        guard each > 0 else { return }
        let budget = Int(Double(48 * 32) * each) - 1
        let error = try #require(refusal(data, ImageDecoding(limits: .init(bytesAtOnce: budget, advice: "set --more"))))
        #expect(error.code == .imageTooLarge)
        #expect(error.message.contains("in memory at once") && error.message.hasSuffix("set --more."), "\(error.message)")
        #expect(refusal(data, ImageDecoding(limits: .init(bytesAtOnce: budget + 2))) == nil)
    }

    @Test("The sample of each format is decoded", arguments: FormatSample.all)
    func formatSamples(sample: FormatSample) throws { try sample.check() }

    @Test("A PNG that claims 60,000 x 60,000 pixels is refused by its header")
    func bomb() throws {
        var data = try Samples.encoded(picture, by: "pngsave_buffer")
        let side = withUnsafeBytes(of: UInt32(60_000).bigEndian) { Data($0) }
        data.replaceSubrange(16..<24, with: side + side)
        data.replaceSubrange(29..<33, with: withUnsafeBytes(of: crc32(data[12..<29]).bigEndian) { Data($0) })
        let error = try #require(refusal(data))
        #expect(error.code == .imageTooLarge)
        #expect(error.message.contains("60000 x 60000"))
    }

    // MARK: Not a photograph, or half of one

    @Test("Empty and random bytes are no image")
    func noImage() {
        #expect(refusal(Data())?.code == .notAnImage)
        var generator = SystemRandomNumberGenerator()
        for count in [1, 2, 3, 12, 1_000] {
            // Zero first, so that chance cannot make a photograph's beginning.
            let bytes = [0] + (0..<count).map { _ in UInt8.random(in: 128...255, using: &generator) }
            #expect(refusal(Data(bytes))?.code == .notAnImage)
        }
    }

    @Test("A known beginning followed by noise is a damaged image", arguments: ImageFormat.allCases)
    func noise(format: ImageFormat) throws {
        let beginnings: [ImageFormat: [UInt8]] = [
            .jpeg: [0xFF, 0xD8, 0xFF, 0xE0], .png: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A],
            .webp: Array("RIFF\u{10}\0\0\0WEBP".utf8), .heif: [0, 0, 0, 24] + Array("ftypheic".utf8),
            .tiff: Array("II*\0".utf8), .gif: Array("GIF89a".utf8),
        ]
        let start = try #require(beginnings[format])
        for length in [0, 1, 100, 5_000] {
            let data = Data(start + (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ $0 >> 3) })
            #expect(refusal(data)?.code == .imageDamaged)
        }
    }

    @Test(
        "What is not read here is refused by its name",
        arguments: [
            ("BM\u{1}\u{2}\0\0\0\0", "BMP"), ("\0\0\u{1}\0\u{1}\0", "ICO"), ("%PDF-1.7\n", "PDF"),
            ("<svg xmlns=\"http://www.w3.org/2000/svg\"/>", "SVG"), ("<?xml version=\"1.0\"?><svg/>", "XML"),
        ])
    func otherFormats(start: String, name: String) throws {
        let error = try #require(refusal(Data(start.utf8)))
        #expect(error.code == .notAnImage)
        #expect(error.message.contains(name))
    }

    @Test(
        "A photograph that ends early is refused, wherever it ends",
        arguments: [
            "jpegsave_buffer", "pngsave_buffer", "webpsave_buffer", "tiffsave_buffer", "heifsave_buffer", "gifsave_buffer",
        ])
    func truncated(saver: String) throws {
        let data = try Samples.encoded(picture, by: saver)
        #expect(refusal(data) == nil)
        // The last bytes may be no more than an end marker.
        let last = data.count * 9 / 10
        for length in stride(from: 12, through: last, by: max(1, last / 60)) {
            let code = refusal(data.prefix(length))?.code
            #expect(code == .imageDamaged, "\(length) of \(data.count) bytes")
        }
    }

    @Test("A JPEG with a mere oddity still loads")
    func oddity() throws {
        let data = try Samples.encoded(picture, by: "jpegsave_buffer")
        let start = try #require(data.range(of: Data([0xFF, 0xDB])))
        var odd = data
        odd.insert(contentsOf: [0, 0, 0, 0], at: start.lowerBound)
        #expect(try decoding.decode(odd) == decoding.decode(data))
    }

    // MARK: Shrinking

    @Test(
        "A large photograph is shrunk, and its coordinates map back",
        arguments: [
            ("jpegsave_buffer", 7_700), ("jpegsave_buffer", 3_839), ("jpegsave_buffer", 3_840), ("pngsave_buffer", 5_761),
            ("webpsave_buffer", 5_760), ("tiffsave_buffer", 4_000),
        ])
    func shrinking(saver: String, width: Int) throws {
        let height = 120, dot = (x: width - 50, y: 64)
        var pixels = [UInt8](repeating: 0, count: 3 * width * height)
        // Centred on the corner between four pixels, where shrinking keeps it centred.
        for y in dot.y - 16..<dot.y + 16 {
            for x in dot.x - 16..<dot.x + 16 { for c in 0..<3 { pixels[3 * (y * width + x) + c] = 255 } }
        }
        let size = PixelSize(width: width, height: height)
        let image = try decoding.decode(Samples.encoded(PixelImage(size: size, pixels: pixels), by: saver, orientation: 1))
        #expect(image.photographSize == size)
        #expect((1_920..<3_840).contains(image.width))
        #expect(image.width < width || width < 3_840)

        var sum = 0.0, x = 0.0, y = 0.0
        for row in 0..<image.height {
            for column in 0..<image.width {
                let weight = image.pixel(column, row)[1] < 64 ? 0 : Double(image.pixel(column, row)[1])
                sum += weight
                x += weight * Double(column)
                y += weight * Double(row)
            }
        }
        try #require(sum > 0)
        let found = image.toPhotograph(Point(x: x / sum, y: y / sum))
        // One pixel of the shrunk image: its last column may stand for fewer of the photograph's than the others.
        let pixel = Double(width) / Double(image.width)
        #expect(abs(found.x - (Double(dot.x) - 0.5)) <= pixel)
        #expect(abs(found.y - (Double(dot.y) - 0.5)) <= pixel)
    }

    @Test("A shrunk photograph on its side has an upright size")
    func shrunkAndTurned() throws {
        let data = try Samples.encoded(Samples.picture(width: 4_000, height: 100), by: "jpegsave_buffer", orientation: 6)
        let image = try decoding.decode(data)
        #expect(image.photographSize == PixelSize(width: 100, height: 4_000))
        #expect(image.size == PixelSize(width: 50, height: 2_000))
    }

    @Test("A line one pixel high and very long is an image too", arguments: ["jpegsave_buffer", "pngsave_buffer", "tiffsave_buffer"])
    func thin(saver: String) throws {
        let image = try decoding.decode(Samples.encoded(Samples.picture(width: 20_000, height: 1), by: saver))
        #expect(image.height == 1)
        #expect(image.photographSize == PixelSize(width: 20_000, height: 1))
    }

    @Test("Many threads may decode at once")
    func threads() async throws {
        let good = try Samples.encoded(picture, by: "pngsave_buffer")
        let expected = picture, decoding = decoding
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for i in 0..<64 {
                group.addTask {
                    if i % 3 > 0 { return try decoding.decode(good) == expected }
                    do { _ = try decoding.decode(good.prefix(60)) } catch let error as RecognitionError {
                        return error.code == .imageDamaged
                    }
                    return false
                }
            }
            for try await right in group { #expect(right) }
        }
    }
}

extension PixelImage {
    /// As a camera stores the picture when it writes `orientation`.
    fileprivate func stored(orientation: Int) -> PixelImage {
        let (w, h) = (width, height)
        let turned = orientation >= 5
        let size = PixelSize(width: turned ? h : w, height: turned ? w : h)
        var stored: [UInt8] = []
        for y in 0..<size.height {
            for x in 0..<size.width {
                let source: [UInt8] = switch orientation {
                case 2: pixel(w - 1 - x, y)
                case 3: pixel(w - 1 - x, h - 1 - y)
                case 4: pixel(x, h - 1 - y)
                case 5: pixel(y, x)
                case 6: pixel(w - 1 - y, x)
                case 7: pixel(w - 1 - y, h - 1 - x)
                case 8: pixel(y, h - 1 - x)
                default: pixel(x, y)
                }
                stored += source
            }
        }
        return PixelImage(size: size, pixels: stored)
    }
}

/// PNG's checksum (ISO/IEC 15948, annex D).
private func crc32(_ data: Data) -> UInt32 {
    ~data.reduce(~0) { crc, byte in
        (0..<8).reduce(crc ^ UInt32(byte)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
    }
}
