import FaceRecognition

// Rekognition's shapes as they are written, member by member, in the order of its service model; names get their capital
// when they are encoded (`ServiceJSON`). nil members are left out.

/// A box in ratios of the photograph's size; it may reach outside 0...1.
struct BoxShape: Encodable {
    let width: Double
    let height: Double
    let left: Double
    let top: Double

    init(_ box: BoundingBox, in size: PixelSize) {
        width = box.width / Double(size.width)
        height = box.height / Double(size.height)
        // Ours count from the centre of the corner's pixel, Rekognition's from the corner.
        left = (box.x + 0.5) / Double(size.width)
        top = (box.y + 0.5) / Double(size.height)
    }

    /// nil for a face that was enrolled without its box, or before the photograph's size was kept.
    init?(_ face: EnrolledFaceDescription) {
        guard let box = face.box, let size = face.photographSize else { return nil }
        self.init(box, in: size)
    }
}

/// A named place in a face, in ratios of the photograph's size.
struct LandmarkShape: Encodable {
    let type: String
    let x: Double
    let y: Double

    /// The five of every face. Rekognition's left is the photograph's left: the subject's right.
    static func five(of face: DetectedFace, in size: PixelSize) -> [LandmarkShape] {
        let points = face.landmarks
        return [
            ("eyeLeft", points.rightEye), ("eyeRight", points.leftEye), ("mouthLeft", points.rightMouthCorner),
            ("mouthRight", points.leftMouthCorner), ("nose", points.noseTip),
        ].map { LandmarkShape($0, $1, in: size) }
    }

    /// Rekognition's thirty, from the mesh; the five where there is none.
    static func thirty(of face: DetectedFace, in size: PixelSize) -> [LandmarkShape] {
        guard let mesh = face.mesh else { return five(of: face, in: size) }
        let eyes = mesh.landmarks
        return five(of: face, in: size)
            + meshPoints.map { LandmarkShape($0, mesh[$1], in: size) }
            // The mesh has no iris: the middle of the eye's corners and lids stands for the pupil.
            + [("leftPupil", eyes.rightEye), ("rightPupil", eyes.leftEye)].map { LandmarkShape($0, $1, in: size) }
    }

    private init(_ type: String, _ point: Point, in size: PixelSize) {
        self.type = type
        x = (point.x + 0.5) / Double(size.width)
        y = (point.y + 0.5) / Double(size.height)
    }

    /// Which of MediaPipe's 468 points (its `canonical_face_model`) stands for which of Rekognition's names.
    private static let meshPoints: [(String, Int)] = [
        ("leftEyeBrowLeft", 70), ("leftEyeBrowRight", 107), ("leftEyeBrowUp", 105),
        ("rightEyeBrowLeft", 336), ("rightEyeBrowRight", 300), ("rightEyeBrowUp", 334),
        ("leftEyeLeft", 33), ("leftEyeRight", 133), ("leftEyeUp", 159), ("leftEyeDown", 145),
        ("rightEyeLeft", 362), ("rightEyeRight", 263), ("rightEyeUp", 386), ("rightEyeDown", 374),
        ("noseLeft", 129), ("noseRight", 358), ("mouthUp", 0), ("mouthDown", 17),
        ("upperJawlineLeft", 234), ("midJawlineLeft", 172), ("chinBottom", 152), ("midJawlineRight", 397),
        ("upperJawlineRight", 454),
    ]
}
