/// How well a face can be seen, measured on the photograph, not guessed: whoever reads a comparison can judge by it how
/// much the comparison is worth.
public struct SampleQuality: Sendable, Hashable, Codable {
    /// The distance between the eyes, in the photograph's pixels: the size that matters for recognition.
    public let eyeDistance: Double
    /// 0...100, from the aligned crop: `100 v / (v + 100)` with v the variance of the luma's Laplacian, so that 50 stands
    /// for v = 100, a usual line between sharp and blurred (Pech-Pacheco et al., ICPR 2000).
    public let sharpness: Double
    /// 0...100: the mean luma (ITU-R BT.601) of the aligned crop.
    public let brightness: Double
    /// nil where there is no mesh to read it from.
    public let pose: HeadPose?
    /// How far the two landmark networks disagree on the five points: root mean square, in eye distances. It grows where
    /// a hand, a mask or the frame's edge hides part of the face. nil without a mesh.
    public let landmarkDisagreement: Double?

    public init(
        eyeDistance: Double, sharpness: Double, brightness: Double, pose: HeadPose?, landmarkDisagreement: Double?
    ) {
        self.eyeDistance = eyeDistance
        self.sharpness = sharpness
        self.brightness = brightness
        self.pose = pose
        self.landmarkDisagreement = landmarkDisagreement
    }

    /// - Parameters:
    ///   - face: in the pixels of the image that the crop was cut from.
    ///   - scale: the photograph's pixels for each of that image's pixels.
    public init(of face: DetectedFace, in crop: AlignedCrop, scale: Double) {
        let eyes = (face.landmarks.leftEye - face.landmarks.rightEye).length
        let luma = crop.luma
        var sum = 0.0, count = 0.0, laplacianSum = 0.0, laplacianSquares = 0.0
        let w = crop.size.width, h = crop.size.height
        for y in 1..<(h - 1) {
            for x in 1..<(w - 1) {
                let i = y * w + x
                let laplacian = Double(luma[i - 1] + luma[i + 1] + luma[i - w] + luma[i + w] - 4 * luma[i])
                laplacianSum += laplacian
                laplacianSquares += laplacian * laplacian
                sum += Double(luma[i])
                count += 1
            }
        }
        let variance = max(0, laplacianSquares / count - (laplacianSum / count) * (laplacianSum / count))
        self.init(
            eyeDistance: eyes * scale, sharpness: 100 * variance / (variance + 100), brightness: sum / count / 2.55,
            pose: face.mesh.map(HeadPose.init),
            landmarkDisagreement: face.mesh.map { mesh in
                let squares = zip(face.landmarks.points, mesh.landmarks.points).map { a, b in
                    (a - b).length * (a - b).length
                }
                return (squares.reduce(0, +) / Double(squares.count)).squareRoot() / max(eyes, 1e-9)
            })
    }
}

extension AlignedCrop {
    /// One value of 0...255 for each pixel: ITU-R BT.601.
    fileprivate var luma: [Float] {
        (0..<(size.width * size.height)).map { i in
            0.299 * Float(pixels[3 * i]) + 0.587 * Float(pixels[3 * i + 1]) + 0.114 * Float(pixels[3 * i + 2])
        }
    }
}
