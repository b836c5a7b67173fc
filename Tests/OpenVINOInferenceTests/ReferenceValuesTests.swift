import FaceRecognition
import Foundation
import OpenVINOInference
import Testing

/// A file that Vectors/make_vectors.py wrote.
private struct Vectors: Decodable {
    struct Entry: Decodable {
        struct Crop: Decodable {
            let x, y, factor: Int
            let crc32: UInt32
        }
        let file: String
        let canvas: Int
        let region: [Int]
        let crc32: UInt32
        /// Box, five landmarks, score: fifteen numbers.
        let faces: [[Double]]
        let crop: Crop
        let feature: [Float]?
    }
    let photographs: [Entry]
    let cosines: [[Double]]?

    init(_ name: String) throws {
        let url = Bundle.module.bundleURL.appendingPathComponent("Vectors/\(name)")
        self = try JSONDecoder().decode(Vectors.self, from: Data(contentsOf: url))
    }
}

@Suite("OpenCV's reference values", .enabled(if: Parts.areThere, Parts.missing))
struct ReferenceValuesTests {
    @Test("The sample photographs' faces and templates are OpenCV's")
    func samples() throws {
        let vectors = try Vectors("samples.json")
        #expect(vectors.photographs.count >= 14)
        for entry in vectors.photographs {
            let template = try check(entry, at: Parts.sample(entry.file))
            let reference = try Template(model: template.model, normalising: try #require(entry.feature))
            #expect(try template.compared(with: reference).value >= 0.99999, "\(entry.file) on \(entry.canvas)")
        }
    }

    @Test(
        "The data sets' faces, and the cosines between their templates, are OpenCV's",
        .enabled(if: Datasets.areThere, Datasets.missing))
    func datasets() throws {
        let vectors = try Vectors("datasets.json")
        #expect(vectors.photographs.count >= 30)
        let cosines = try #require(vectors.cosines)
        let templates = try vectors.photographs.map { try check($0, at: Datasets.file($0.file)) }
        var largest = 0.0
        for (i, one) in templates.enumerated() {
            for (j, other) in templates.enumerated() {
                largest = max(largest, abs(try one.compared(with: other).value - cosines[i][j]))
            }
        }
        #expect(largest <= 1e-4, "of \(templates.count * templates.count) cosines")
    }

    /// Demands OpenCV's faces, box and landmarks within 0.01 pixels.
    /// - Returns: the template of the entry's crop.
    private func check(_ entry: Vectors.Entry, at url: URL) throws -> Template {
        let networks = try Networks.loadedOnce(), region = entry.region
        let view = try image(url).cut(x: region[0], y: region[1], width: region[2], height: region[3])
        try #require(view.checksum == entry.crc32, "\(entry.file): the decoder's pixels are not OpenCV's")

        let detector = try detector(entry.canvas, networks)
        let found = try detector.faces(in: view).sorted { $0.box.x < $1.box.x }
        let expected = entry.faces.sorted { $0[0] < $1[0] }
        try #require(found.count == expected.count, "\(entry.file) on \(entry.canvas)")
        for (face, numbers) in zip(found, expected) {
            let box = face.box
            let own = [box.x, box.y, box.width, box.height] + face.landmarks.points.flatMap { [$0.x, $0.y] }
            let furthest = zip(own, numbers).map { abs($0 - $1) }.max() ?? .infinity
            #expect(furthest <= 0.01, "\(entry.file) on \(entry.canvas), in pixels")
            #expect(abs(face.confidence - numbers[14]) <= 1e-4, "\(entry.file) on \(entry.canvas)")
        }

        let side = 112 * entry.crop.factor
        let crop = view.cut(x: entry.crop.x, y: entry.crop.y, width: side, height: side).blockMeans(entry.crop.factor)
        try #require(crop.checksum == entry.crop.crc32, "\(entry.file): the crop's pixels are not OpenCV's")
        return try networks.extractor.templates(of: [AlignedCrop(crop)])[0]
    }

    private func detector(_ side: Int, _ networks: Networks) throws -> YuNet {
        try YuNet(networks.runtime, file: networks.detectorFile, side: side)
    }
}
