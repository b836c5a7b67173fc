import FaceTestSupport
import Foundation
import Synchronization

@testable import FaceRecognition

/// The core with photographs that show what a script says: a photograph's first letter names its faces, and how close two
/// faces are follows from where they stand.
struct GroupBench {
    let store: InMemoryStore
    let reads = ReadCounter()
    let clock = TestClock()
    let model: TemplateModel
    let recognizer: FaceRecognizer
    let keeper: GalleryKeeper
    let name: GalleryName

    init(_ script: [Character: [DetectedFace]], calibrated: Bool = true) throws {
        store = InMemoryStore(now: { [clock] in clock.now })
        model = try TemplateModel.test(calibrated: calibrated)
        name = try GalleryName("people")
        let pipeline = FacePipeline(
            decode: { bytes in
                PixelImage(
                    size: PixelSize(width: 100, height: 50),
                    // The first is the letter; the others are a pattern, so that nothing is too blurred.
                    pixels: (0..<(3 * 100 * 50)).map { i in
                        let byte = bytes[bytes.startIndex + i % bytes.count]
                        return i == 0 ? byte : UInt8((Int(byte) + i / 3 * 97) % 251)
                    })
            },
            detector: ScriptedDetector(script: script), extractor: PlaceExtractor(model: model),
            workers: Workers(count: 2))
        recognizer = FaceRecognizer(
            pipeline: pipeline, galleries: store, records: store, now: { [clock] in clock.now })
        keeper = GalleryKeeper(galleries: store, records: store, now: { [clock] in clock.now })
    }

    /// A photograph with the faces of its first letter.
    func photograph(_ text: String) -> Photograph { reads.photograph(text) }

    func permit(_ operation: GatedOperation, elsewhere: Bool = false) async throws -> Permit {
        try await PolicyGate(policy: .lasting, records: store).permit(
            AccessRequest(
                organisation: "local-operator", purpose: "trial", operation: operation, gallery: elsewhere ? nil : name))
    }

    func createGallery(retention: TimeInterval? = nil) async throws {
        _ = try await keeper.create(name, for: model, retention: retention, permit: permit(.manage))
    }

    /// A face that is not from a photograph, enrolled where `place` says.
    @discardableResult
    func hold(_ place: Double, person: String? = nil, expires: Date? = nil) async throws -> FaceID {
        let face = EnrolledFace(
            description: EnrolledFaceDescription(
                person: person, externalID: nil, photograph: nil, box: nil, confidence: nil, enrolled: clock.now,
                expires: expires), template: try PlaceExtractor.template(at: place, model))
        let gallery = GalleryDescription(name: name, model: model.id, dimension: model.dimension, created: clock.now)
        _ = try await keeper.enrol([face], in: gallery, permit: permit(.enrol))
        return face.id
    }

    func enrolFaces(
        _ text: String, as externalID: String? = nil, limit: Int? = nil, quality: QualityBar = .none
    ) async throws -> GroupEnrolment {
        try await recognizer.enrolFaces(
            of: photograph(text), externalID: externalID, limit: limit, quality: quality, in: name,
            permit: permit(.enrol)
        ).outcome
    }

    var faces: [EnrolledFaceDescription] {
        get async throws { try await store.faces(in: name, nil) }
    }
    var lastRecord: Record { store.records[store.records.count - 1] }
}

/// A clock that stands still until it is set.
final class TestClock: Sendable {
    private let time = Mutex(Date(timeIntervalSince1970: 7))
    var now: Date {
        get { time.withLock { $0 } }
        set { time.withLock { $0 = newValue } }
    }
}

/// Finds in an image what the script has for the first byte.
private struct ScriptedDetector: FaceDetector {
    let script: [Character: [DetectedFace]]
    func faces(in image: PixelImage) throws -> [DetectedFace] {
        (script[Character(UnicodeScalar(image.pixels[0]))] ?? []).sorted { $0.box.area > $1.box.area }
            .map { DetectedFace(box: $0.box, confidence: $0.confidence, landmarks: $0.landmarks) }
    }
    func mesh(of face: DetectedFace, in image: PixelImage) throws -> FaceMesh? {
        script.values.joined().first { $0.box == face.box && $0.landmarks == face.landmarks }?.mesh
    }
}

/// A template that says where in its image the face stands: two faces are as close as the cosine of a tenth of the pixels
/// between them.
private struct PlaceExtractor: TemplateExtractor {
    let model: TemplateModel
    func templates(of crops: [AlignedCrop]) throws -> [Template] {
        // With a mesh the landmarks move by less than a pixel.
        try crops.map { try Self.template(at: -$0.transform.tx.rounded(), model) }
    }
    static func template(at place: Double, _ model: TemplateModel) throws -> Template {
        let angle = Float(place) / 10
        return try Template(
            model: model.id, normalising: [cos(angle), sin(angle)] + [Float](repeating: 0, count: model.dimension - 2))
    }
}

extension DetectedFace {
    /// A face so many pixels to the right of where the test model wants it, in a box of this side.
    static func at(_ place: Double, size: Double, confidence: Double = 0.9, mesh: Bool = false) -> DetectedFace {
        let landmarks = DetectedFace.preset.landmarks.map { $0 + Point(x: place, y: 0) }
        return DetectedFace(
            box: BoundingBox(x: place + 15 - size / 2, y: 17 - size / 2, width: size, height: size),
            confidence: confidence, landmarks: landmarks, mesh: mesh ? .test(landmarks) : nil)
    }
}

extension FaceMesh {
    /// A face that looks into the camera, with eyes and mouth as they are said to be.
    static func test(
        _ five: Landmarks = DetectedFace.preset.landmarks, eyes: Double = 0.25, mouth: Double = 0.01, turned: Double = 0
    ) -> FaceMesh {
        var points = [MeshPoint](repeating: MeshPoint(x: 0, y: 0, z: 0), count: 468)
        func put(_ index: Int, _ at: Point, _ dx: Double, _ dy: Double, z: Double = 0) {
            points[index] = MeshPoint(x: at.x + dx, y: at.y + dy, z: z)
        }
        let width = 6.0, lid = width * eyes / 2
        for (eye, corners, upper, lower, middle) in [
            (five.rightEye, (33, 133), [160, 158], [144, 153], (159, 145)),
            (five.leftEye, (362, 263), [385, 387], [380, 373], (386, 374)),
        ] {
            put(corners.0, eye, -width / 2, 0)
            put(corners.1, eye, width / 2, 0)
            for i in upper { put(i, eye, 0, -lid) }
            for i in lower { put(i, eye, 0, lid) }
            put(middle.0, eye, 0, -lid)
            put(middle.1, eye, 0, lid)
        }
        // The left eye's outer corner goes away from the camera as the head turns.
        let across = five.leftEye.x - five.rightEye.x + width
        points[263].z = across * tan(turned * .pi / 180)
        put(1, five.noseTip, 0, 0)
        put(61, five.rightMouthCorner, 0, 0)
        put(291, five.leftMouthCorner, 0, 0)
        put(78, five.rightMouthCorner, 0, 0)
        put(308, five.leftMouthCorner, 0, 0)
        let gap = mouth * (five.leftMouthCorner.x - five.rightMouthCorner.x) / 2
        let middle = (five.rightMouthCorner + five.leftMouthCorner) * 0.5
        for i in [82, 13, 312] { put(i, middle, 0, -gap) }
        for i in [87, 14, 317] { put(i, middle, 0, gap) }
        put(10, five.noseTip, 0, -20)
        put(152, five.noseTip, 0, 20)
        return FaceMesh(points: points, presence: 1)
    }
}

func code(_ expected: RecognitionError.Code) -> @Sendable (any Error) throws -> Bool {
    { ($0 as? RecognitionError)?.code == expected }
}
