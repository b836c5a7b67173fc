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
        // GIF has 256 colours, JPEG and WebP lose a little, TIFF nothing.
        for (ending, least) in [("tiff", 0.999), ("jpeg", 0.98), ("webp", 0.98), ("gif", 0.95)] {
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
        let two = try Datasets.oddImage("hopper_orientation_2.jpg")
        let reference = try #require(try networks.template(two))
        for orientation in 3...8 {
            let image = try Datasets.oddImage("hopper_orientation_\(orientation).jpg")
            #expect(image.photographSize == two.photographSize, "\(orientation)")
            let cosine = try #require(try networks.template(image), "\(orientation)").compared(with: reference).value
            #expect(cosine >= 0.99, "\(orientation)")
        }
        let webp = try #require(try networks.template(Datasets.oddImage("hopper_orientation_6.webp")))
        #expect(try webp.compared(with: reference).value >= 0.97)
    }

    @Test(
        "Group photographs show at least so many faces",
        arguments: [("group_2008_002470.jpg", 1), ("group_30_collage.jpg", 1), ("group_multiface.jpg", 1)])
    func groups(name: String, least: Int) throws {
        let faces = try Networks.loadedOnce().finder.faces(in: Datasets.oddImage(name))
        #expect(faces.count >= least)
        print("FOUND", name, faces.count)
    }

    @Test("A landscape shows no face")
    func landscape() throws {
        #expect(try Networks.loadedOnce().finder.faces(in: Datasets.oddImage("no_face_landscape.jpg")).isEmpty)
    }
}
