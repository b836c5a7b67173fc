import FaceRecognition

/// What may be asked of a face besides what is always answered.
enum FaceAttribute: String, CaseIterable {
    case standard = "DEFAULT"
    case all = "ALL"
    case eyesOpen = "EYES_OPEN"
    case mouthOpen = "MOUTH_OPEN"
    case faceOccluded = "FACE_OCCLUDED"

    // Known to Rekognition, refused here.
    case ageRange = "AGE_RANGE"
    case beard = "BEARD"
    case emotions = "EMOTIONS"
    case eyeDirection = "EYE_DIRECTION"
    case eyeglasses = "EYEGLASSES"
    case gender = "GENDER"
    case mustache = "MUSTACHE"
    case smile = "SMILE"
    case sunglasses = "SUNGLASSES"

    /// Why it is not answered when it is asked for by name; nil for what is.
    var refusal: String? {
        switch self {
        case .standard, .all, .eyesOpen, .mouthOpen, .faceOccluded: nil
        case .ageRange, .gender, .emotions, .smile, .beard, .mustache:
            "Countenance does not guess \(rawValue) from a face, and will not"
        case .eyeDirection: "Countenance does not offer EYE_DIRECTION: its landmarks have no iris to measure it by"
        case .eyeglasses, .sunglasses: "Countenance does not offer \(rawValue)"
        }
    }

    /// - Throws: `InvalidParameterException` for one that is refused.
    static func check(_ asked: [FaceAttribute], _ member: String) throws -> Set<FaceAttribute> {
        if let refusal = asked.lazy.compactMap(\.refusal).first {
            throw ServiceError.invalid(
                "\(member): \(refusal). Ask for DEFAULT, ALL, EYES_OPEN, MOUTH_OPEN or FACE_OCCLUDED.")
        }
        return Set(asked)
    }
}

struct PoseShape: Encodable {
    let roll: Double
    let yaw: Double
    let pitch: Double

    init(_ pose: HeadPose) {
        roll = pose.roll
        yaw = pose.yaw
        pitch = pose.pitch
    }
}

struct QualityShape: Encodable {
    let brightness: Double
    let sharpness: Double

    init(_ quality: SampleQuality) {
        brightness = quality.brightness
        sharpness = quality.sharpness
    }
}

/// A yes or no with how sure it is, 50...100: below 50 the other answer would be the likelier.
struct FindingShape: Encodable {
    let value: Bool
    let confidence: Double

    init(_ finding: FaceAttributes.Finding) {
        value = finding.value
        confidence = 100 * finding.confidence
    }
}

/// `FaceDetail`: of Rekognition's members those that can be measured. Sex, age, emotion and what a person wears are
/// never there.
struct FaceDetailShape: Encodable {
    let boundingBox: BoxShape
    let eyesOpen: FindingShape?
    let mouthOpen: FindingShape?
    let landmarks: [LandmarkShape]
    /// nil where there is no mesh to read it from.
    let pose: PoseShape?
    let quality: QualityShape
    let confidence: Double
    let faceOccluded: FindingShape?

    init(_ face: DescribedFace, in size: PixelSize, _ asked: Set<FaceAttribute>) {
        func finding(_ finding: FaceAttributes.Finding?, _ attribute: FaceAttribute) -> FindingShape? {
            asked.contains(.all) || asked.contains(attribute) ? finding.map(FindingShape.init) : nil
        }
        boundingBox = BoxShape(face.face.box, in: size)
        eyesOpen = finding(face.attributes.eyesOpen, .eyesOpen)
        mouthOpen = finding(face.attributes.mouthOpen, .mouthOpen)
        landmarks =
            asked.contains(.all)
            ? LandmarkShape.thirty(of: face.face, in: size) : LandmarkShape.five(of: face.face, in: size)
        pose = face.quality.pose.map(PoseShape.init)
        quality = QualityShape(face.quality)
        confidence = 100 * face.face.confidence
        faceOccluded = finding(face.attributes.isOccluded, .faceOccluded)
    }
}

/// `ComparedFace`.
struct ComparedFaceShape: Encodable {
    let boundingBox: BoxShape
    let confidence: Double
    let landmarks: [LandmarkShape]
    let pose: PoseShape?
    let quality: QualityShape

    init(_ face: DescribedFace, in size: PixelSize) {
        boundingBox = BoxShape(face.face.box, in: size)
        confidence = 100 * face.face.confidence
        landmarks = LandmarkShape.five(of: face.face, in: size)
        pose = face.quality.pose.map(PoseShape.init)
        quality = QualityShape(face.quality)
    }
}

/// Why a face was not enrolled or not searched with.
enum ReasonShape: String, Encodable {
    case exceedsMaxFaces = "EXCEEDS_MAX_FACES"
    case faceNotLargest = "FACE_NOT_LARGEST"
    case extremePose = "EXTREME_POSE"
    case lowBrightness = "LOW_BRIGHTNESS"
    case lowSharpness = "LOW_SHARPNESS"
    case lowConfidence = "LOW_CONFIDENCE"
    case smallBoundingBox = "SMALL_BOUNDING_BOX"
    case lowFaceQuality = "LOW_FACE_QUALITY"

    init(_ shortcoming: QualityShortcoming) {
        self =
            switch shortcoming {
            case .lowConfidence: .lowConfidence
            case .smallFace: .smallBoundingBox
            case .lowBrightness: .lowBrightness
            case .lowSharpness: .lowSharpness
            case .extremePose: .extremePose
            case .lowFaceQuality: .lowFaceQuality
            }
    }
}

/// Rekognition's bars for a face's quality. AUTO is the lowest: what is certain to do harm is left out, nothing else.
enum QualityFilter: String, CaseIterable {
    case none = "NONE"
    case auto = "AUTO"
    case low = "LOW"
    case medium = "MEDIUM"
    case high = "HIGH"

    var bar: QualityBar {
        switch self {
        case .none: .none
        case .auto, .low: .low
        case .medium: .medium
        case .high: .high
        }
    }
}
