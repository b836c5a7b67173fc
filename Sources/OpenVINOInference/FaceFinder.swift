package import FaceRecognition
import Synchronization

/// The detector: YuNet on a few canvas sizes, and the face mesh for the landmarks.
///
/// It looks coarsely first: most photographs that are enrolled or searched with show one large face, which needs no fine
/// look. Where a look finds no face, or one so small that smaller ones are likely to have been missed, a finer look
/// follows, as long as the photograph has more to show.
package final class FaceFinder: FaceDetector {
    /// A look at the photograph, shrunk to a canvas of this side where it is larger.
    private struct Look {
        /// Every side costs a compilation, so there are few.
        let side: Int
        /// A face of fewer of the look's pixels than this calls for the next one: YuNet finds faces from about 10 pixels
        /// on, and reliably from about 20. After a coarse look the bound is higher, for its faces' landmarks gain as well.
        let smallFace: Double
    }
    private static let looks = [
        Look(side: 256, smallFace: 80), Look(side: 640, smallFace: 40), Look(side: 1_280, smallFace: 0),
    ]

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
        var faces: [DetectedFace] = []
        for look in Self.looks {
            faces = (faces + (try self.look(at: image, side: look.side))).withoutOverlaps(
                threshold: YuNet.overlapThreshold)
            let shrinkage = min(1, Double(look.side) / Double(longSide))
            let smallest = faces.map { min($0.box.width, $0.box.height) * shrinkage }.min() ?? 0
            if longSide <= look.side || smallest >= look.smallFace { break }
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
