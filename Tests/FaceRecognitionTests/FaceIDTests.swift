import FaceRecognition
import Foundation
import Testing

@Suite struct FaceIDTests {
    @Test("A UUID in either case is read and kept in lower case")
    func reads() throws {
        let id = try #require(FaceID("0F8FAD5B-D9CB-469F-A165-70867728950E"))
        #expect(id.rawValue == "0f8fad5b-d9cb-469f-a165-70867728950e")
        #expect(FaceID(id.rawValue) == id)
        #expect(try JSONDecoder().decode([FaceID].self, from: JSONEncoder().encode([id])) == [id])
    }

    @Test("What is no UUID is refused", arguments: ["", "x", "0f8fad5bd9cb469fa16570867728950e", "0f8fad5b-d9cb-469f-a165-70867728950"])
    func refused(text: String) {
        #expect(FaceID(text) == nil)
        #expect(throws: DecodingError.self) { try JSONDecoder().decode([FaceID].self, from: Data("[\"\(text)\"]".utf8)) }
    }

    @Test("New ones differ")
    func random() { #expect(Set((0..<1_000).map { _ in FaceID() }).count == 1_000) }
}
