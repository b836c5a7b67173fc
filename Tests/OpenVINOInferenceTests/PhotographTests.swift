import FaceRecognition
import Foundation
import ImageCodecs
import OpenVINOInference
import Testing

@Suite("From photographs to templates", .enabled(if: Parts.areThere, Parts.missing))
struct PhotographTests {
    @Test("A photograph as a PNG and as a JPEG gives nearly the template of its pixels")
    func formats() throws {
        let networks = try Networks.loadedOnce()
        let image = try Parts.sampleImage("obama.jpg")
        let reference = try #require(try networks.template(image))
        for (ending, least) in [("png", 1 - 1e-9), ("jpg", 0.99)] {
            let bytes = try PictureEncoder(fileExtension: ending).encode(image)
            let template = try #require(try networks.template(ImageDecoding().decode(bytes)), "\(ending)")
            #expect(try template.compared(with: reference).value >= least, "\(ending)")
        }
    }

    @Test("Photographs of one person are closer than of two")
    func people() throws {
        let networks = try Networks.loadedOnce()
        func template(_ name: String) throws -> Template { try #require(try networks.template(Parts.sampleImage(name))) }
        let obama = try template("obama.jpg"), again = try template("obama2.jpg"), biden = try template("biden.jpg")
        let calibration = try networks.model.calibrated()
        #expect(calibration.similarity(of: try obama.compared(with: again)) >= .eighty)
        #expect(calibration.similarity(of: try obama.compared(with: biden)) < .eighty)
    }

    @Test("Eyes and mouths are as people see them, and nothing hides these faces")
    func attributes() throws {
        let networks = try Networks.loadedOnce()
        func attributes(_ name: String) throws -> FaceAttributes {
            let image = try Parts.sampleImage(name)
            let face = try #require(try networks.largestFace(in: image))
            let crop = try #require(networks.model.crop(of: face, in: image))
            return DescribedFace(
                face: face.scaled(by: image.toPhotograph),
                quality: SampleQuality(of: face, in: crop, scale: image.toPhotograph.x)
            ).attributes
        }
        // A smile that shows the teeth, and one that does not.
        let obama = try attributes("obama2.jpg"), biden = try attributes("biden.jpg")
        #expect(obama.mouthOpen?.value == true && obama.mouthOpen?.confidence == 0.98)
        #expect(biden.mouthOpen?.value == false)
        for found in [obama, biden] {
            #expect(found.eyesOpen?.value == true && found.isOccluded?.value == false)
        }
        // Eyes that a laugh narrows are not taken for closed.
        for name in ["obama.jpg", "obama3.jpg"] { #expect(try attributes(name).eyesOpen == nil, "\(name)") }
    }

    @Test("A portrait passes every bar, and shrunk to a stamp none")
    func bars() throws {
        let networks = try Networks.loadedOnce()
        func shortcomings(_ image: PixelImage, _ bar: QualityBar) throws -> [QualityShortcoming] {
            let face = try #require(try networks.largestFace(in: image))
            let crop = try #require(networks.model.crop(of: face, in: image))
            let described = DescribedFace(face: face, quality: SampleQuality(of: face, in: crop, scale: 1))
            return bar.shortcomings(of: described, in: image.size)
        }
        let portrait = try Parts.sampleImage("obama2.jpg")
        let stamp = portrait.shrunk(toFit: 80)
        for bar in [QualityBar.low, .medium, .high] {
            #expect(try shortcomings(portrait, bar) == [])
            #expect(try shortcomings(stamp, bar).contains(.smallFace))
        }
    }

    @Test("A template does not depend on what was extracted before it")
    func stateless() throws {
        let networks = try Networks.loadedOnce()
        let first = try Parts.sampleImage("obama.jpg"), second = try Parts.sampleImage("biden.jpg")
        let once = try networks.template(first)
        _ = try networks.template(second)
        #expect(try networks.template(first) == once)
    }
}

@Suite(
    "Odd photographs", .enabled(if: Datasets.areThere, Datasets.missing))
struct OddPhotographTests {
    @Test("The same face in five formats gives nearly the same template")
    func formats() throws {
        let networks = try Networks.loadedOnce()
        let reference = try #require(try networks.template(Datasets.oddImage("einstein.png")))
        // GIF has 256 colours, and the others were compressed once more.
        for (ending, least) in [("tiff", 0.99), ("jpeg", 0.98), ("webp", 0.98), ("gif", 0.95)] {
            let template = try #require(try networks.template(Datasets.oddImage("einstein.\(ending)")), "\(ending)")
            let cosine = try template.compared(with: reference).value
            #expect(cosine >= least, "\(ending)")
        }
    }

    @Test("A BMP and an ICO are refused by their names", arguments: ["bmp", "ico"])
    func unreadFormats(ending: String) {
        let error = refusal { try Datasets.oddImage("einstein.\(ending)") }
        #expect(error?.code == .notAnImage)
        #expect(error?.message.contains(ending.uppercased()) ?? false)
    }

    @Test("A photograph that lies on its side or in a mirror gives the upright one's face")
    func orientations() throws {
        let networks = try Networks.loadedOnce()
        let upright = try (2...8).map { try Datasets.oddImage("hopper_orientation_\($0).jpg") }
        let templates = try upright.map { try #require(try networks.template($0)) }
        for i in upright.indices {
            #expect(upright[i].photographSize == upright[0].photographSize, "\(i + 2)")
            // 2, 3 and 4 hold the same pixels, and so do 5 to 8; between the two lies another JPEG compression of a
            // photograph of 128 x 128 pixels.
            let sameBytes = templates[i < 3 ? 0 : 3]
            #expect(try templates[i].compared(with: sameBytes).value >= 0.995, "\(i + 2)")
            #expect(try templates[i].compared(with: templates[0]).value >= 0.96, "\(i + 2)")
        }
        let webp = try #require(try networks.template(Datasets.oddImage("hopper_orientation_6.webp")))
        #expect(try webp.compared(with: templates[0]).value >= 0.9)
    }

    @Test(
        "Group photographs show at least so many faces",
        arguments: [("group_2008_002470.jpg", 6), ("group_30_collage.jpg", 25), ("group_multiface.jpg", 6)])
    func groups(name: String, least: Int) throws {
        let faces = try Networks.loadedOnce().finder.faces(in: Datasets.oddImage(name))
        #expect(faces.count >= least, "\(name)")
    }

    @Test("A landscape shows no face")
    func landscape() throws {
        #expect(try Networks.loadedOnce().finder.faces(in: Datasets.oddImage("no_face_landscape.jpg")).isEmpty)
    }
}
