import FaceRecognition
import FaceTestSupport
import Foundation
import ImageCodecs
import OpenVINOInference
import Testing

@Suite("Finding faces", .enabled(if: Parts.areThere, Parts.missing))
struct FaceFinderTests {
    @Test("A black, a grey and a white image show no face", arguments: [0, 128, 255] as [UInt8])
    func plain(level: UInt8) throws {
        let networks = try Networks.loadedOnce()
        for (width, height) in [(1, 1), (320, 320), (640, 480), (1_400, 900)] {
            #expect(try networks.finder.faces(in: .plain(width, height, level: level)).isEmpty, "\(width) x \(height)")
        }
    }

    @Test("Noise shows no face")
    func noise() throws {
        var random = SeededGenerator(seed: 2)
        let pixels = (0..<(3 * 320 * 320)).map { _ in UInt8.random(in: 0...255, using: &random) }
        let image = PixelImage(size: PixelSize(width: 320, height: 320), pixels: pixels)
        #expect(try Networks.loadedOnce().finder.faces(in: image).isEmpty)
    }

    @Test("Long and thin images are looked at like any other")
    func thin() throws {
        let networks = try Networks.loadedOnce()
        for (width, height) in [(5_000, 1), (1, 5_000), (3_000, 7)] {
            #expect(try networks.finder.faces(in: .plain(width, height, level: 90)).isEmpty, "\(width) x \(height)")
        }
    }

    @Test("Each sample photograph shows one face, and its five points lie in the box where a face has them")
    func samples() throws {
        let networks = try Networks.loadedOnce()
        for name in ["obama.jpg", "obama2.jpg", "obama3.jpg", "biden.jpg", "32bit.png"] {
            let faces = try networks.finder.faces(in: Parts.sampleImage(name))
            try #require(faces.count == 1, "\(name)")
            let points = faces[0].landmarks, box = faces[0].box
            for p in points.points {
                #expect(p.x > box.x && p.x < box.x + box.width && p.y > box.y && p.y < box.y + box.height, "\(name)")
            }
            #expect(points.rightEye.x < points.leftEye.x && points.rightMouthCorner.x < points.leftMouthCorner.x, "\(name)")
            #expect(points.rightEye.y < points.noseTip.y && points.noseTip.y < points.leftMouthCorner.y, "\(name)")
        }
    }

    @Test("Faces come largest first")
    func order() throws {
        let networks = try Networks.loadedOnce()
        let large = try Parts.sampleImage("obama.jpg"), small = try Parts.sampleImage("biden.jpg").shrunk(toFit: 500)
        for pair in [(large, small), (small, large)] {
            let faces = try networks.finder.faces(in: pair.0.beside(pair.1))
            #expect(faces.count == 2)
            #expect(faces.map(\.box.area) == faces.map(\.box.area).sorted(by: >))
        }
    }

    @Test("A small face in a large photograph is found by the second look, and lies where it was put")
    func smallFace() throws {
        let networks = try Networks.loadedOnce()
        let portrait = try Parts.sampleImage("obama.jpg").shrunk(toFit: 150)
        let alone = try #require(try networks.finder.faces(in: portrait).first)
        let image = PixelImage.plain(1_900, 1_200, level: 110).with(portrait, at: (1_500, 900))
        let faces = try networks.finder.faces(in: image)
        try #require(faces.count == 1)
        let expected = BoundingBox(
            x: alone.box.x + 1_500, y: alone.box.y + 900, width: alone.box.width, height: alone.box.height)
        #expect(faces[0].box.intersectionOverUnion(expected) >= 0.7)
    }

    @Test("Faces of a photograph that was shrunk map back into the original")
    func mapsBack() throws {
        let networks = try Networks.loadedOnce()
        let full = try Parts.sampleImage("obama3.jpg")
        let reference = try #require(try networks.finder.faces(in: full).first)
        // A twentieth of the distance between the eyes is what annotators differ by; where the detector sees fewer
        // pixels it errs more, in OpenCV just as here. A coordinate that was not mapped back would be off by the face.
        for (side, part) in [(1_100, 20.0), (900, 20), (640, 20), (400, 6)] {
            let shrunk = full.shrunk(toFit: side)
            #expect(shrunk.photographSize == full.size)
            let faces = try networks.finder.faces(in: shrunk)
            try #require(faces.count == 1, "\(side)")
            let face = faces[0].scaled(by: shrunk.toPhotograph)
            #expect(face.box.intersectionOverUnion(reference.box) >= 0.85, "\(side)")
            let eyes = (reference.landmarks.leftEye - reference.landmarks.rightEye).length
            for (a, b) in zip(face.landmarks.points, reference.landmarks.points) {
                #expect((a - b).length <= eyes / part, "\(side)")
            }
        }
    }

    @Test("A face that reaches outside its image is found, and has a template")
    func cutOff() throws {
        let networks = try Networks.loadedOnce()
        for name in ["obama_partial_face.jpg", "obama_partial_face2.jpg"] {
            let image = try Parts.sampleImage(name)
            #expect(try networks.template(image) != nil, "\(name)")
        }
    }
}

@Suite("The face mesh", .enabled(if: Parts.areThere, Parts.missing))
struct FaceMeshTests {
    @Test("The mesh's own five points lie near the detector's")
    func nearTheDetectors() throws {
        let networks = try Networks.loadedOnce()
        for name in ["obama.jpg", "obama2.jpg", "biden.jpg"] {
            let face = try #require(try networks.largestFace(in: Parts.sampleImage(name)))
            let mesh = try #require(face.mesh, "\(name)")
            #expect(mesh.presence > 0.9, "\(name)")
            let eyes = (face.landmarks.leftEye - face.landmarks.rightEye).length
            for (a, b) in zip(mesh.landmarks.points, face.landmarks.points) {
                #expect((a - b).length <= eyes / 4, "\(name)")
            }
        }
    }

    @Test("A mesh where there is no face is none")
    func nonFace() throws {
        let networks = try Networks.loadedOnce()
        var face = DetectedFace.preset
        face.box = BoundingBox(x: 100, y: 100, width: 200, height: 200)
        face.landmarks = Landmarks(
            [(150, 170), (250, 170), (200, 210), (160, 250), (240, 250)].map { Point(x: $0.0, y: $0.1) })
        for level in [0, 128, 255] as [UInt8] {
            #expect(try networks.mesh.mesh(of: face, in: .plain(400, 400, level: level)) == nil, "\(level)")
        }
        // The sky of a photograph's upper corner.
        let image = try Parts.sampleImage("obama.jpg")
        face.box = BoundingBox(x: 0, y: 0, width: 120, height: 120)
        #expect(try networks.mesh.mesh(of: face, in: image) == nil)
    }

    @Test("A face far outside its image, without size or with landmarks in one place, breaks nothing")
    func farOutside() throws {
        let networks = try Networks.loadedOnce()
        let image = PixelImage.plain(64, 48, level: 200)
        let one = Landmarks([Point](repeating: Point(x: 5, y: 5), count: 5))
        let boxes = [
            BoundingBox(x: 1e6, y: -1e6, width: 80, height: 80), BoundingBox(x: -1e9, y: 1e9, width: 1, height: 1),
            BoundingBox(x: 10, y: 10, width: 0, height: 0), BoundingBox(x: 0, y: 0, width: 1e7, height: 1e7),
        ]
        for box in boxes {
            for landmarks in [one, DetectedFace.preset.landmarks] {
                let face = DetectedFace(box: box, confidence: 0.9, landmarks: landmarks)
                #expect(try networks.mesh.mesh(of: face, in: image) == nil, "\(box)")
            }
        }
    }

    @Test("The mesh turns with the face")
    func turned() throws {
        let networks = try Networks.loadedOnce()
        let image = try Parts.sampleImage("obama.jpg")
        let upright = try #require(try networks.largestFace(in: image))
        let centre = upright.box.centre
        let turn = SimilarityTransform(a: cos(0.35), b: sin(0.35), tx: 0, ty: 0)
        let moved = turn(centre)
        let toTurned = turn.followed(by: SimilarityTransform(a: 1, b: 0, tx: 400 - moved.x, ty: 400 - moved.y))
        let crop = image.cropped(by: toTurned, size: PixelSize(width: 800, height: 800))
        let turned = try #require(try networks.largestFace(in: PixelImage(size: crop.size, pixels: crop.pixels)))
        let own = try #require(upright.mesh).landmarks.map { toTurned($0) }, found = try #require(turned.mesh).landmarks
        let eyes = (own.leftEye - own.rightEye).length
        for (a, b) in zip(own.points, found.points) { #expect((a - b).length <= eyes / 12) }
    }
}

extension PixelImage {
    func with(_ other: PixelImage, at corner: (x: Int, y: Int)) -> PixelImage {
        var result = pixels
        for y in 0..<other.height {
            let to = 3 * ((corner.y + y) * width + corner.x)
            result.replaceSubrange(to..<(to + 3 * other.width), with: other.pixels[(3 * y * other.width)..<(3 * (y + 1) * other.width)])
        }
        return PixelImage(size: size, pixels: result)
    }

    func beside(_ other: PixelImage) -> PixelImage {
        PixelImage.plain(width + other.width, max(height, other.height), level: 0).with(self, at: (0, 0)).with(other, at: (width, 0))
    }
}
