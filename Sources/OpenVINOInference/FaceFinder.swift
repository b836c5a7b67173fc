package import FaceRecognition
import Synchronization

/// The detector: YuNet on a few canvas sizes, and the face mesh for the landmarks.
///
/// A photograph of up to 320 pixels is looked at as it is; a larger one is shrunk to 640. Where that finds no face, or
/// one so small that smaller ones are likely to have been missed, a second, finer look at up to 1,280 pixels follows.
package final class FaceFinder: FaceDetector {
    /// Every size costs a compilation, so there are three.
    static let sides = [320, 640, 1_280]
    /// A face of fewer pixels than this in the first look calls for a second one: YuNet finds faces from about 10 pixels
    /// on, and reliably from about 20.
    static let smallFace = 40.0

    private let runtime: OpenVINORuntime
    private let file: ModelFile
    private let meshNetwork: FaceMeshNetwork
    /// Compiled when first needed: most runs need one or two sizes.
    private let detectors = Mutex<[Int: YuNet]>([:])

    package init(_ runtime: OpenVINORuntime, detector: ModelFile, mesh: ModelFile) throws {
        self.runtime = runtime
        file = detector
        meshNetwork = try FaceMeshNetwork(runtime, file: mesh)
    }

    package func faces(in image: PixelImage) throws -> [DetectedFace] {
        let longSide = max(image.width, image.height)
        let side = longSide <= Self.sides[0] ? Self.sides[0] : Self.sides[1]
        var faces = try look(at: image, side: side)
        let finest = Self.sides[Self.sides.count - 1]
        let shrinkage = min(1, Double(side) / Double(longSide))
        let smallest = faces.map { min($0.box.width, $0.box.height) * shrinkage }.min() ?? 0
        if longSide > side, smallest < Self.smallFace {
            faces = (faces + (try look(at: image, side: finest))).withoutOverlaps(threshold: YuNet.overlapThreshold)
        }
        return faces.sorted { $0.box.area > $1.box.area }
    }

    package func mesh(of face: DetectedFace, in image: PixelImage) throws -> FaceMesh? {
        try meshNetwork.mesh(of: face, in: image)
    }

    private func look(at image: PixelImage, side: Int) throws -> [DetectedFace] {
        let view = image.shrunk(toFit: side)
        let toImage = AxisScaling(
            x: Double(image.width) / Double(view.width), y: Double(image.height) / Double(view.height))
        return try detector(side).faces(in: view).map { $0.scaled(by: toImage) }
    }

    private func detector(_ side: Int) throws -> YuNet {
        try detectors.withLock { detectors in
            if let detector = detectors[side] { return detector }
            let detector = try YuNet(runtime, file: file, side: side)
            detectors[side] = detector
            return detector
        }
    }
}
