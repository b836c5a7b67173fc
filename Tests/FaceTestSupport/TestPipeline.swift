package import FaceRecognition
import Foundation

/// Finds what it was told to find, in every image.
package struct PresetDetector: FaceDetector {
    private let preset: [DetectedFace]
    package init(_ faces: [DetectedFace]) { preset = faces }
    package func faces(in image: PixelImage) throws -> [DetectedFace] { preset }
    package func mesh(of face: DetectedFace, in image: PixelImage) throws -> FaceMesh? { face.mesh }
}

/// A template that follows the crop's pixels: the sums over a few stripes, so that equal crops have equal templates.
package struct StripeExtractor: TemplateExtractor {
    package let model: TemplateModel
    package init(model: TemplateModel) { self.model = model }

    package func templates(of crops: [AlignedCrop]) throws -> [Template] {
        try crops.map { crop in
            var sums = [Float](repeating: 1, count: model.dimension)
            for (i, value) in crop.pixels.enumerated() { sums[i % model.dimension] += Float(value) }
            return try Template(model: model.id, normalising: sums)
        }
    }
}

extension DetectedFace {
    /// A face whose five points lie where the test model wants them.
    package static let preset = DetectedFace(
        box: BoundingBox(x: 0, y: 0, width: 31, height: 31), confidence: 0.9,
        landmarks: Landmarks(TemplateModel.testAlignment))
}

extension TemplateModel {
    static let testAlignment = [(10, 12), (22, 12), (16, 18), (11, 24), (21, 24)].map { Point(x: $0.0, y: $0.1) }

    /// A model of 32 x 32 pixels and 8 components; calibrated, so that 0 stands for a rate of 0.1.
    package static func test(calibrated: Bool = true, id: TemplateModelID = .test) throws -> TemplateModel {
        try TemplateModel(
            id: id, file: "test.onnx", sha256: String(repeating: "0", count: 64),
            input: .init(width: 32, height: 32, colour: .rgb, mean: [0, 0, 0], scale: [1, 1, 1]),
            alignment: testAlignment, dimension: 8, licence: "none", source: "none",
            calibration: calibrated ? try .test() : nil)
    }
}

extension Calibration {
    package static func test() throws -> Calibration {
        try Calibration(
            dataset: "made up", date: "2026-01-01", photographs: 2, people: 2, comparisons: 1_000,
            points: [(-1, 1), (0, 0.1), (0.5, 0.001)].map {
                Point(score: ComparisonScore($0.0), falseMatchRate: FalseMatchRate($0.1))
            }, tail: Tail(scale: 0.05, shape: -0.1, excesses: 300))
    }
}

extension FacePipeline {
    /// One worker or two; an image of 32 x 32 pixels made of the photograph's bytes, over and over.
    package static func test(
        faces: [DetectedFace] = [.preset], model: TemplateModel
    ) -> FacePipeline {
        test(faces: faces, extractor: StripeExtractor(model: model))
    }

    package static func test(faces: [DetectedFace] = [.preset], extractor: any TemplateExtractor) -> FacePipeline {
        FacePipeline(
            decode: { bytes in
                guard !bytes.isEmpty else { throw RecognitionError(.notAnImage, "The photograph is empty.") }
                return PixelImage(
                    size: PixelSize(width: 32, height: 32),
                    pixels: (0..<(3 * 32 * 32)).map { bytes[bytes.startIndex + $0 % bytes.count] })
            }, detector: PresetDetector(faces), extractor: extractor, workers: Workers(count: 2))
    }
}
