import FaceRecognition
import Foundation

// The forms that `--json` prints: a contract with scripts, described in Documentation/JSON.md. Coordinates are in the
// upright photograph's pixels, from the centre of the upper left pixel; members are added, never renamed.

struct JSONPoint: Encodable {
    let x: Double
    let y: Double
    init(_ p: Point) {
        x = p.x.toHundredths
        y = p.y.toHundredths
    }
}

struct JSONFace: Encodable {
    struct Landmarks: Encodable {
        let rightEye, leftEye, noseTip, rightMouthCorner, leftMouthCorner: JSONPoint
    }
    struct Quality: Encodable {
        struct Pose: Encodable { let yaw, pitch, roll: Double }
        let eyeDistance, sharpness, brightness: Double
        let pose: Pose?
        let landmarkDisagreement: Double?
    }
    struct Attributes: Encodable {
        struct Finding: Encodable {
            let value: Bool
            let confidence: Double
            init(_ finding: FaceAttributes.Finding) {
                value = finding.value
                confidence = finding.confidence.toTenThousandths
            }
        }
        let eyesOpen, mouthOpen, occluded: Finding?
    }
    let box: BoundingBox
    let confidence: Double
    let landmarks: Landmarks
    let quality: Quality
    let attributes: Attributes

    init(_ described: DescribedFace) {
        let face = described.face, five = face.landmarks, quality = described.quality
        box = face.box.toHundredths
        confidence = face.confidence.toTenThousandths
        landmarks = Landmarks(
            rightEye: JSONPoint(five.rightEye), leftEye: JSONPoint(five.leftEye), noseTip: JSONPoint(five.noseTip),
            rightMouthCorner: JSONPoint(five.rightMouthCorner), leftMouthCorner: JSONPoint(five.leftMouthCorner))
        self.quality = Quality(
            eyeDistance: quality.eyeDistance.toHundredths, sharpness: quality.sharpness.toHundredths,
            brightness: quality.brightness.toHundredths,
            pose: quality.pose.map {
                .init(yaw: $0.yaw.toHundredths, pitch: $0.pitch.toHundredths, roll: $0.roll.toHundredths)
            }, landmarkDisagreement: quality.landmarkDisagreement?.toTenThousandths)
        let found = described.attributes
        attributes = Attributes(
            eyesOpen: found.eyesOpen.map(Attributes.Finding.init), mouthOpen: found.mouthOpen.map(Attributes.Finding.init),
            occluded: found.isOccluded.map(Attributes.Finding.init))
    }
}

struct JSONSubject: Encodable {
    let face: JSONFace
    let facesInPhotograph: Int
    init(_ subject: Subject) {
        face = JSONFace(subject.described)
        facesInPhotograph = subject.facesInPhotograph
    }
}

struct JSONTimes: Encodable {
    let milliseconds: [String: Double]
    init(_ times: StageTimes) {
        milliseconds = Dictionary(
            uniqueKeysWithValues: times.durations.map { ($0.key.rawValue, $0.value.milliseconds.toHundredths) })
    }
    func encode(to encoder: any Encoder) throws { try milliseconds.encode(to: encoder) }
}

/// A photograph that gave no answer.
struct JSONFailure: Encodable {
    let photograph: String
    let error: String
    let message: String
    init(_ path: String, _ error: RecognitionError) {
        photograph = path
        self.error = error.code.rawValue
        message = error.message
    }
}

struct JSONDetection: Encodable {
    let photograph: String
    let size: PixelSize
    let faces: [JSONFace]
    let record: Int
    let milliseconds: JSONTimes
}

struct JSONVerification: Encodable {
    let probe: String
    let reference: String
    let model: String
    let similarity: Double
    let falseMatchRate: Double
    let score: Double
    let threshold: Double
    let match: Bool
    let probeFace: JSONSubject
    let referenceFace: JSONSubject
    let record: Int
    let milliseconds: JSONTimes
}

struct JSONEnrolment: Encodable {
    let photograph: String
    let gallery: String
    let face: String
    let person: String?
    let externalID: String?
    let new: Bool
    let subject: JSONSubject?
    let record: Int
}

struct JSONCandidate: Encodable {
    let face: String
    let person: String?
    let externalID: String?
    let similarity: Double
    let falseMatchRate: Double
    let score: Double
    /// In a search for people: of the closest face, and of the mean of all.
    let bestFaceSimilarity: Double?
    let meanSimilarity: Double?
    let faces: Int?
    init(_ answer: Identification.Answer) {
        bestFaceSimilarity = answer.person?.best.value
        meanSimilarity = answer.person?.mean?.value
        faces = answer.person?.faces
        face = answer.candidate.face.id.rawValue
        person = answer.candidate.face.person
        externalID = answer.candidate.face.externalID
        similarity = answer.similarity.value
        falseMatchRate = answer.similarity.falseMatchRate.value
        score = answer.candidate.score.value
    }
}

struct JSONIdentification: Encodable {
    let photograph: String
    let gallery: String
    let gallerySize: Int
    let model: String
    let threshold: Double
    let thresholdRecommended: Bool
    let expectedFalseCandidates: Double
    let candidates: [JSONCandidate]
    let probe: JSONSubject
    let record: Int
    let milliseconds: JSONTimes
}

struct JSONGallery: Encodable {
    let name: String
    let model: String
    let dimension: Int
    let faces: Int
    let people: Int
    let created: Date
    /// Seconds.
    let retention: Double?
    let keepsCrops: Bool
    let key: String?
    let bytes: Int?
    let checked: Date?
    init(_ gallery: GalleryDescription, _ upkeep: GalleryUpkeep? = nil) {
        retention = gallery.retention
        keepsCrops = gallery.keepsCrops
        key = upkeep?.key
        bytes = upkeep?.bytes
        checked = upkeep?.checked
        name = gallery.name.rawValue
        model = gallery.model.rawValue
        dimension = gallery.dimension
        faces = gallery.faces
        people = gallery.people
        created = gallery.created
    }
}

struct JSONEnrolledFace: Encodable {
    let face: String
    let person: String?
    let externalID: String?
    let box: BoundingBox?
    let photographSize: PixelSize?
    let confidence: Double?
    let enrolled: Date
    let expires: Date?
    init(_ description: EnrolledFaceDescription) {
        face = description.id.rawValue
        person = description.person
        externalID = description.externalID
        box = description.box?.toHundredths
        photographSize = description.photographSize
        confidence = description.confidence?.toTenThousandths
        enrolled = description.enrolled
        expires = description.expires
    }
}

/// A template extractor's manifest entry.
struct JSONTemplateModel: Encodable {
    let model: TemplateModel

    private enum Keys: String, CodingKey { case kind }

    func encode(to encoder: any Encoder) throws {
        try model.encode(to: encoder)
        var container = encoder.container(keyedBy: Keys.self)
        try container.encode(ModelCatalogue.Kind.templateExtractor, forKey: .kind)
    }
}

extension Double {
    /// Enough for a pixel or a degree; shorter to read.
    var toHundredths: Double { (self * 100).rounded() / 100 }
    var toTenThousandths: Double { (self * 10_000).rounded() / 10_000 }
}

extension BoundingBox {
    var toHundredths: BoundingBox {
        BoundingBox(x: x.toHundredths, y: y.toHundredths, width: width.toHundredths, height: height.toHundredths)
    }
}
