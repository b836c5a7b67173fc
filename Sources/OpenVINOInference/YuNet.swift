package import FaceRecognition
import Foundation

/// YuNet, the face detector: Wu, Peng and Yu, "YuNet: A Tiny Millisecond-level Face Detector", Machine Intelligence
/// Research 20, 2023; the file of the OpenCV Zoo.
///
/// It looks at a square canvas in which the image lies in the upper left corner, the rest black, and gives for each cell
/// of three grids (8, 16 and 32 pixels apart) a score, a box and five landmarks.
package struct YuNet: Sendable {
    /// Faces below this score are not reported. The networks' authors use 0.3 to measure recall and OpenCV's samples 0.9
    /// to avoid false alarms; between them lies what the sample photographs' partly hidden faces still reach.
    package static let scoreThreshold = 0.6
    /// Of two boxes that share more than this of their union, the one with the lower score goes.
    package static let overlapThreshold = 0.3

    private let network: CompiledNetwork
    /// The canvas's side in pixels.
    package let side: Int

    /// - Parameter side: a multiple of 32.
    package init(_ runtime: OpenVINORuntime, file: ModelFile, side: Int) throws {
        precondition(side > 0 && side % 32 == 0, "YuNet's grids need a side that 32 divides")
        self.side = side
        network = try runtime.compile(file, shape: [1, 3, side, side])
    }

    /// - Parameter image: at most `side` pixels wide and high.
    /// - Returns: the faces in the image's pixels, highest score first.
    package func faces(in image: PixelImage) throws -> [DetectedFace] {
        precondition(image.width <= side && image.height <= side, "The image fits the canvas")
        return try network.run(fill: { image.fill(blueGreenRed: $0, side: side) }) { outputs in
            var faces: [DetectedFace] = []
            for stride in [8, 16, 32] { faces += try decode(outputs, stride: stride) }
            return faces.withoutOverlaps(threshold: Self.overlapThreshold)
        }
    }

    /// Reads one grid. A cell's score is the geometric mean of "is a face" and "is an object"; the box's centre and the
    /// landmarks are offsets from the cell's corner in units of the stride, the box's sides logarithms.
    private func decode(_ outputs: CompiledNetwork.Outputs, stride: Int) throws -> [DetectedFace] {
        let columns = side / stride, cells = columns * columns, s = Double(stride)
        var found: [DetectedFace] = []
        try outputs.withOutput(.named("cls_\(stride)"), count: cells) { classes in
            try outputs.withOutput(.named("obj_\(stride)"), count: cells) { objects in
                try outputs.withOutput(.named("bbox_\(stride)"), count: 4 * cells) { boxes in
                    try outputs.withOutput(.named("kps_\(stride)"), count: 10 * cells) { points in
                        for cell in 0..<cells {
                            let score = (unit(classes[cell]) * unit(objects[cell])).squareRoot()
                            guard score >= Self.scoreThreshold else { continue }
                            let column = Double(cell % columns), row = Double(cell / columns)
                            let width = exp(Double(boxes[4 * cell + 2])) * s,
                                height = exp(Double(boxes[4 * cell + 3])) * s
                            let centre = Point(
                                x: (column + Double(boxes[4 * cell])) * s, y: (row + Double(boxes[4 * cell + 1])) * s)
                            let landmarks = (0..<5).map { i in
                                Point(
                                    x: (column + Double(points[10 * cell + 2 * i])) * s,
                                    y: (row + Double(points[10 * cell + 2 * i + 1])) * s)
                            }
                            let numbers = landmarks.flatMap { [$0.x, $0.y] } + [centre.x, centre.y, width, height]
                            // A face can be larger than the canvas, but not by much: a network that says so has broken down.
                            guard numbers.allSatisfy({ $0.magnitude < Double(8 * side) }) else { continue }
                            found.append(
                                DetectedFace(
                                    box: BoundingBox(
                                        x: centre.x - width / 2, y: centre.y - height / 2, width: width, height: height),
                                    confidence: score, landmarks: Landmarks(landmarks)))
                        }
                    }
                }
            }
        }
        return found
    }

    /// The network's scores overshoot 0...1 by a rounding.
    private func unit(_ value: Float) -> Double { Double(max(0, min(1, value))) }
}

extension [DetectedFace] {
    /// Greedy non-maximum suppression: highest score first, and no face that overlaps one taken before. Overlaps are
    /// reckoned on boxes cut to whole pixels, as OpenCV's FaceDetectorYN does, so that the same faces stay.
    func withoutOverlaps(threshold: Double) -> [DetectedFace] {
        var kept: [DetectedFace] = []
        for face in sorted(by: { $0.confidence > $1.confidence })
        where !kept.contains(where: { $0.box.wholePixels.intersectionOverUnion(face.box.wholePixels) > threshold }) {
            kept.append(face)
        }
        return kept
    }
}

extension BoundingBox {
    fileprivate var wholePixels: BoundingBox {
        BoundingBox(
            x: x.rounded(.towardZero), y: y.rounded(.towardZero), width: width.rounded(.towardZero),
            height: height.rounded(.towardZero))
    }
}

extension PixelImage {
    /// Writes the image into the upper left of a black square canvas: blue, green and red planes, 0...255.
    fileprivate func fill(blueGreenRed planes: UnsafeMutableBufferPointer<Float>, side: Int) {
        let area = side * side
        pixels.withUnsafeBufferPointer { source in
            for y in 0..<side {
                let row = y * side
                guard y < height else {
                    for plane in 0..<3 {
                        planes[(plane * area + row)..<(plane * area + row + side)].update(repeating: 0)
                    }
                    continue
                }
                for x in 0..<width {
                    let from = 3 * (y * width + x)
                    planes[row + x] = Float(source[from + 2])
                    planes[area + row + x] = Float(source[from + 1])
                    planes[2 * area + row + x] = Float(source[from])
                }
                for plane in 0..<3 where width < side {
                    planes[(plane * area + row + width)..<(plane * area + row + side)].update(repeating: 0)
                }
            }
        }
    }
}
