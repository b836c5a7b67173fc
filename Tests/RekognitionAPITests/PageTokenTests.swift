import Crypto
import FaceRecognition
import Foundation
import FaceTestSupport
import Testing

@testable import RekognitionAPI

@Suite("Tokens of pages") struct PageTokenTests {
    private let pages = PageTokens(key: SymmetricKey(size: .bits256))

    @Test("A token gives back where the page ended, for its own list only")
    func roundTrip() throws {
        let token = try pages.token(.row(123_456_789), of: "faces of a")
        #expect(try pages.row(token, of: "faces of a") == 123_456_789)
        for list in ["faces of b", "users of a"] {
            let error = #expect(throws: ServiceError.self) { try pages.row(token, of: list) }
            #expect(error?.name == .invalidPaginationToken)
        }
        #expect(throws: ServiceError.self) {
            try PageTokens(key: SymmetricKey(size: .bits256)).row(token, of: "faces of a")
        }
    }

    @Test("No bit of a token can be changed, none taken away or added")
    func tampering() throws {
        let bytes = try #require(Data(base64Encoded: pages.token(.row(5), of: "l")))
        for i in 0..<(8 * bytes.count) {
            var changed = bytes
            changed[i / 8] ^= 1 << (i % 8)
            #expect(throws: ServiceError.self) { try pages.row(changed.base64EncodedString(), of: "l") }
        }
        for other in [bytes.dropLast(), bytes + [0], Data()] {
            #expect(throws: ServiceError.self) { try pages.row(Data(other).base64EncodedString(), of: "l") }
        }
        #expect(throws: ServiceError.self) { try pages.row("no base64", of: "l") }
    }

    @Test("Tokens of galleries stay within Rekognition's 255 characters, whatever the name", arguments: [1, 127, 128, 129, 255])
    func length(_ count: Int) throws {
        let order = GalleryOrder(try GalleryName(String(repeating: "x", count: count)))
        let token = try pages.token(.gallery(order), of: "collections")
        #expect(token.count <= 255)
        #expect(try pages.cursor(token, of: "collections") == .gallery(order))
    }

    @Test("Pages over names that have much in common give each name once, even when names are deleted between pages")
    func order() throws {
        var random = SeededGenerator(seed: 7)
        let names = try Set(
            (0..<300).map { _ in
                String(repeating: "n", count: Int.random(in: 120...140, using: &random))
                    + ["", "a", "b", "-"].randomElement(using: &random)!
                    + String(repeating: "z", count: Int.random(in: 0...9, using: &random))
            }
        ).map { try GalleryName($0) }
        let orders = names.map(GalleryOrder.init).sorted()
        #expect(Set(orders).count == names.count)
        for (a, b) in zip(orders, orders.dropFirst()) { #expect(a < b && !(b < a)) }
        // By name, wherever the first 128 bytes tell.
        let plain = names.map(\.rawValue).sorted()
        let short = plain.filter { $0.utf8.count < 128 }
        let inOrder = names.sorted { GalleryOrder($0) < GalleryOrder($1) }.map(\.rawValue).filter { $0.utf8.count < 128 }
        #expect(inOrder == short)
    }
}
