package import FaceRecognition
import Foundation

/// MediaPipe's face mesh: Kartynnik et al., "Real-time Facial Surface Geometry from Monocular Video on Mobile GPUs", 2019.
///
/// It looks at an upright crop of 192 x 192 pixels around a face, and gives 468 points in that crop and how sure it is
/// that a face lies there.
package struct FaceMeshNetwork: Sendable {
    static let side = 192
    /// The crop's side in units of the face box's longer side, as MediaPipe crops (face_detection_front_detection_to_roi).
    static let margin = 1.5
    /// Below this the points mean nothing.
    static let presenceThreshold = 0.5

    private let network: CompiledNetwork

    package init(_ runtime: OpenVINORuntime, file: ModelFile) throws {
        network = try runtime.compile(file, shape: [1, Self.side, Self.side, 3])
    }

    /// - Returns: the mesh in the image's pixels; nil where the network is not sure of a face.
    package func mesh(of face: DetectedFace, in image: PixelImage) throws -> FaceMesh? {
        let toCrop = Self.crop(around: face)
        let crop = image.cropped(by: toCrop, size: PixelSize(width: Self.side, height: Self.side))
        let toImage = toCrop.inverse
        return try network.run(
            fill: { input in
                for i in input.indices { input[i] = Float(crop.pixels[i]) / 255 }
            },
            read: { outputs in
                let presence = try outputs.withOutput(.number(1), count: 1) { 1 / (1 + exp(-Double($0[0]))) }
                guard presence >= Self.presenceThreshold else { return nil }
                return try outputs.withOutput(.number(0), count: 3 * 468) { numbers in
                    guard numbers.allSatisfy(\.isFinite) else { return nil }
                    let points = (0..<468).map { i in
                        let p = toImage(Point(x: Double(numbers[3 * i]), y: Double(numbers[3 * i + 1])))
                        return MeshPoint(x: p.x, y: p.y, z: Double(numbers[3 * i + 2]) * toImage.scale)
                    }
                    return FaceMesh(points: points, presence: presence)
                }
            })
    }

    /// A square about the box's centre, turned so that the eyes lie level.
    static func crop(around face: DetectedFace) -> SimilarityTransform {
        let eyes = face.landmarks.leftEye - face.landmarks.rightEye
        let longer = max(face.box.width, face.box.height, 1)
        let scale = Double(side) / (margin * longer)
        let length = max(eyes.length, 1e-9)
        let a = eyes.length < 1e-6 ? scale : scale * eyes.x / length
        let b = eyes.length < 1e-6 ? 0 : -scale * eyes.y / length
        let turn = SimilarityTransform(a: a, b: b, tx: 0, ty: 0)
        // The landmark frame's constants (LandmarkRefinement) were found with the box's centre on this very pixel.
        let centre = turn(face.box.centre), middle = Double(side) / 2
        return SimilarityTransform(a: a, b: b, tx: middle - centre.x, ty: middle - centre.y)
    }
}
