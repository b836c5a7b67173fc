import FaceRecognition
import FaceTestSupport
import Testing

@Suite struct AlignedCropTests {
    private func image(_ width: Int, _ height: Int, _ pixel: (Int, Int) -> UInt8) -> PixelImage {
        var pixels: [UInt8] = []
        for y in 0..<height { for x in 0..<width { pixels += [UInt8](repeating: pixel(x, y), count: 3) } }
        return PixelImage(size: PixelSize(width: width, height: height), pixels: pixels)
    }
    private let identity = SimilarityTransform(a: 1, b: 0, tx: 0, ty: 0)

    @Test("A crop without turn or scale is the pixels themselves")
    func same() {
        var random = SeededGenerator(seed: 1)
        let pixels = (0..<(3 * 7 * 5)).map { _ in UInt8.random(in: 0...255, using: &random) }
        let image = PixelImage(size: PixelSize(width: 7, height: 5), pixels: pixels)
        #expect(image.cropped(by: identity, size: image.size).pixels == pixels)
        // Two pixels to the right and one down, and black beyond the edges.
        let shifted = image.cropped(by: SimilarityTransform(a: 1, b: 0, tx: 2, ty: 1), size: PixelSize(width: 9, height: 6))
        #expect(Array(shifted.pixels[(3 * 11)..<(3 * 18)]) == Array(pixels[0..<21]))
        #expect(shifted.pixels[0..<27].allSatisfy { $0 == 0 } && shifted.pixels[27..<33].allSatisfy { $0 == 0 })
    }

    @Test("A dot lands where the transform says", arguments: [0.3, 1, 2.5, 5])
    func dot(reduction: Double) throws {
        // A disc of white, so large that it covers some pixels of the crop; its centre of gravity must be its place.
        let centre = Point(x: 130, y: 90), radius = 6 * max(1, reduction)
        let photograph = image(256, 256) { x, y in
            (Point(x: Double(x), y: Double(y)) - centre).length <= radius ? 255 : 0
        }
        let a = 0.8 / reduction, b = 0.6 / reduction
        // Shifted so that the dot comes to (40, 55).
        let transform = SimilarityTransform(a: a, b: b, tx: 40 - (a * 130 - b * 90), ty: 55 - (b * 130 + a * 90))
        let crop = photograph.cropped(by: transform, size: PixelSize(width: 96, height: 96))
        var sum = 0.0, x = 0.0, y = 0.0
        for row in 0..<96 {
            for column in 0..<96 {
                let value = Double(crop.pixels[3 * (row * 96 + column)])
                sum += value
                x += value * Double(column)
                y += value * Double(row)
            }
        }
        #expect(abs(x / sum - 40) < 0.05 && abs(y / sum - 55) < 0.05, "\(x / sum), \(y / sum)")
    }

    @Test("A checkerboard four times finer than the crop becomes grey")
    func noAliasing() {
        let board = image(256, 256) { x, y in (x + y) % 2 == 0 ? 255 : 0 }
        let quarter = SimilarityTransform(a: 0.25, b: 0, tx: -0.375, ty: -0.375)
        let crop = board.cropped(by: quarter, size: PixelSize(width: 64, height: 64))
        for y in 2..<62 {
            for x in 2..<62 { #expect((127...128).contains(crop.pixels[3 * (y * 64 + x)]), "\(x), \(y)") }
        }
    }

    @Test(
        "Made smaller by a whole number, each pixel is its block's mean",
        arguments: [(60, 40, 2), (96, 33, 3), (320, 7, 64), (7, 320, 64), (10, 514, 257)])
    func means(width: Int, height: Int, factor: Int) {
        var random = SeededGenerator(seed: 7)
        let pixels = (0..<(3 * width * height)).map { _ in UInt8.random(in: 200...255, using: &random) }
        let small = PixelImage(size: PixelSize(width: width, height: height), pixels: pixels)
            .shrunk(toFit: max(width, height) / factor)
        func rounded(_ side: Int) -> Int { max(1, Int((Double(side) / Double(factor)).rounded())) }
        #expect(small.size == PixelSize(width: rounded(width), height: rounded(height)))
        // The last block may be cut.
        func block(_ i: Int, of side: Int) -> Range<Int> { (i * factor)..<min((i + 1) * factor, side) }
        for y in 0..<small.height {
            for x in 0..<small.width {
                let rows = block(y, of: height), columns = block(x, of: width), area = rows.count * columns.count
                for c in 0..<3 {
                    var sum = 0
                    for row in rows { for column in columns { sum += Int(pixels[3 * (row * width + column) + c]) } }
                    let mean = (sum + area / 2) / area
                    #expect(Int(small.pixels[3 * (y * small.width + x) + c]) == mean, "\(x), \(y), \(c)")
                }
            }
        }
    }

    @Test("Mirrored twice is the same, and once exchanges the columns")
    func mirrored() {
        let crop = AlignedCrop(
            size: PixelSize(width: 3, height: 1), pixels: [1, 2, 3, 4, 5, 6, 7, 8, 9], transform: identity)
        #expect(crop.mirrored.pixels == [7, 8, 9, 4, 5, 6, 1, 2, 3])
        #expect(crop.mirrored.mirrored == crop)
    }

    @Test(
        "Extreme transforms give a crop all the same",
        arguments: [
            (1.0, 1e6), (1.0, -1e6), (1.0, 1e15), (1e-4, 0), (1e-4, 1e9), (1e-6, 0), (1e4, 0), (1e4, -1e9), (1e12, 1e300),
            (0.3, 1e18), (1e-6, -1e300),
        ])
    func extreme(scale: Double, shift: Double) {
        let photograph = image(40, 30) { _, _ in 200 }
        let size = PixelSize(width: 16, height: 16)
        for (a, b) in [(scale, 0), (0, scale), (-scale, scale)] {
            let crop = photograph.cropped(by: SimilarityTransform(a: a, b: b, tx: shift, ty: -shift), size: size)
            #expect(crop.pixels.count == 3 * 16 * 16)
            if abs(shift) >= 1e6 && scale <= 1 { #expect(crop.pixels.allSatisfy { $0 == 0 }, "a face far outside") }
        }
    }

    @Test("Landmarks that coincide give no crop")
    func degenerate() {
        let landmarks = [Point](repeating: Point(x: 3, y: 3), count: 5)
        let targets = (0..<5).map { Point(x: Double($0), y: 1) }
        #expect(image(8, 8) { _, _ in 1 }.aligned(landmarks, to: targets, size: PixelSize(width: 8, height: 8)) == nil)
    }
}
