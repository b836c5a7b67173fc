import FaceRecognition
import Foundation
import Testing

@Suite struct GalleryNameTests {
    @Test("Letters, digits, dot, underscore and hyphen, up to 255", arguments: ["a", "A.b_c-9", String(repeating: "x", count: 255)])
    func good(name: String) throws {
        #expect(try GalleryName(name).rawValue == name)
        let json = try JSONEncoder().encode([GalleryName(name)])
        #expect(try JSONDecoder().decode([GalleryName].self, from: json)[0].rawValue == name)
    }

    @Test(
        "Anything else is refused",
        arguments: ["", " ", "a b", "a/b", "é", "a\n", "\u{0}", "a\u{301}", String(repeating: "x", count: 256)])
    func bad(name: String) {
        #expect { try GalleryName(name) } throws: { ($0 as? RecognitionError)?.code == .invalidValue }
    }
}
