/// Finds the faces of an image, with their landmarks.
///
/// Calls block for as long as the networks run; the recogniser makes them on its own workers, never on Swift's shared
/// thread pool, and from several workers at once.
package protocol FaceDetector: Sendable {
    /// - Returns: the faces, largest box first, in the image's own pixels. No face is an answer: an empty array.
    /// - Throws: `RecognitionError` with `.fault` when a network fails.
    func faces(in image: PixelImage) throws -> [DetectedFace]

    /// The dense landmarks of one face: asked for apart, since most faces of a group photograph are never compared.
    /// - Returns: nil where the network is not sure of a face.
    /// - Throws: `RecognitionError` with `.fault` when a network fails.
    func mesh(of face: DetectedFace, in image: PixelImage) throws -> FaceMesh?
}
