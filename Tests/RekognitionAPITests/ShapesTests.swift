import FaceRecognition
import Foundation
import Testing

@testable import RekognitionAPI

@Suite("Shapes") struct ShapesTests {
    private let size = PixelSize(width: 200, height: 100)

    /// A face whose mesh has its point i at (i, 2 i).
    private var face: DetectedFace {
        DetectedFace(
            box: BoundingBox(x: -20.5, y: 9.5, width: 50, height: 100), confidence: 0.9,
            landmarks: Landmarks((0..<5).map { Point(x: Double($0), y: 0) }),
            mesh: FaceMesh(points: (0..<468).map { MeshPoint(x: Double($0), y: 2 * Double($0), z: 0) }, presence: 1))
    }

    private func json(_ value: some Encodable) throws -> Any {
        try JSONSerialization.jsonObject(with: ServiceJSON.encode(value))
    }

    @Test("A box is in ratios of the photograph, from its corner, and may reach outside")
    func box() throws {
        let box = try #require(json(BoxShape(face.box, in: size)) as? [String: Double])
        #expect(box == ["Width": 0.25, "Height": 1, "Left": -0.1, "Top": 0.1])
    }

    @Test("All of Rekognition's 30 landmarks are there once, left being the photograph's left")
    func landmarks() throws {
        // LandmarkType of botocore's rekognition/2016-06-27.
        let names: Set = [
            "eyeLeft", "eyeRight", "nose", "mouthLeft", "mouthRight", "leftEyeBrowLeft", "leftEyeBrowRight",
            "leftEyeBrowUp", "rightEyeBrowLeft", "rightEyeBrowRight", "rightEyeBrowUp", "leftEyeLeft", "leftEyeRight",
            "leftEyeUp", "leftEyeDown", "rightEyeLeft", "rightEyeRight", "rightEyeUp", "rightEyeDown", "noseLeft",
            "noseRight", "mouthUp", "mouthDown", "leftPupil", "rightPupil", "upperJawlineLeft", "midJawlineLeft",
            "chinBottom", "midJawlineRight", "upperJawlineRight",
        ]
        let thirty = LandmarkShape.thirty(of: face, in: size)
        #expect(thirty.count == 30)
        #expect(Set(thirty.map(\.type)) == names)
        // The subject's right eye is the first of our five points.
        #expect(thirty.first { $0.type == "eyeLeft" }?.x == 0.5 / 200)
        #expect(thirty.first { $0.type == "chinBottom" }?.y == 304.5 / 100)
        var without = face
        without.mesh = nil
        #expect(LandmarkShape.thirty(of: without, in: size).count == 5)
    }

    @Test("Names begin with a capital; the keys of a map are the caller's own; times are seconds")
    func names() throws {
        struct Shape: Encodable {
            let collectionARN = "x"
            let tags = ["lower": "a", "Upper": "b"]
            let creationTimestamp = Date(timeIntervalSince1970: 1_500_000_000.25)
            let nothing: String? = nil
        }
        let shape = try #require(json(Shape()) as? [String: Any])
        #expect(Set(shape.keys) == ["CollectionARN", "Tags", "CreationTimestamp"])
        #expect(shape["Tags"] as? [String: String] == ["lower": "a", "Upper": "b"])
        #expect(shape["CreationTimestamp"] as? Double == 1_500_000_000.25)
    }

    @Test("What Countenance will not guess is refused when it is asked for by name, and left out of ALL")
    func attributes() throws {
        for refused in ["EMOTIONS", "GENDER", "AGE_RANGE", "SMILE", "BEARD", "MUSTACHE", "EYE_DIRECTION", "SUNGLASSES"] {
            let attribute = try #require(FaceAttribute(rawValue: refused))
            let error = #expect(throws: ServiceError.self) { try FaceAttribute.check([.all, attribute], "Attributes") }
            #expect(error?.name == .invalidParameter)
            #expect(error?.message.contains(refused) == true)
        }
        #expect(try FaceAttribute.check([.all, .standard, .eyesOpen], "Attributes") == [.all, .standard, .eyesOpen])
    }

    @Test("Names of resources go to and fro; others' are refused")
    func resourceNames() throws {
        let names = ResourceNames(region: "eu-west-1")
        let gallery = try GalleryName("a.b-c_1")
        #expect(names.name(of: gallery) == "arn:aws:rekognition:eu-west-1:000000000000:collection/a.b-c_1")
        #expect(try names.gallery(names.name(of: gallery)) == gallery)
        for (arn, name) in [
            ("arn:aws:rekognition:us-east-1:000000000000:collection/a", ServiceError.Name.resourceNotFound),
            ("arn:aws:rekognition:eu-west-1:000000000000:collection/", .resourceNotFound),
            ("arn:aws:s3:::bucket-of-somebody", .resourceNotFound), ("not a name of a resource", .invalidParameter),
        ] {
            let error = #expect(throws: ServiceError.self) { try names.gallery(arn) }
            #expect(error?.name == name)
        }
    }
}
