import Foundation
import FaceTestSupport
import Testing

@testable import RekognitionAPI

@Suite("JSON from strangers") struct JSONScannerTests {
    /// Foundation's own reader as the second opinion.
    private func foundationAccepts(_ text: Data) -> Bool {
        (try? JSONSerialization.jsonObject(with: text, options: .fragmentsAllowed)) != nil
    }

    /// The value as Foundation would give it, to compare with.
    private func plain(_ value: JSONValue) -> Any? {
        switch value {
        case .null: return NSNull()
        case .boolean(let value): return value
        case .number(let value): return value
        case .string(let text): return text.string
        case .array(let values):
            let plain = values.compactMap(plain)
            return plain.count == values.count ? plain : nil
        case .object(let members):
            let plain = members.compactMapValues(plain)
            return plain.count == members.count ? plain : nil
        }
    }

    @Test(
        "What is JSON means what Foundation says it means",
        arguments: [
            "{}", "[]", " { \"a\" : [ 1 , 2.5, 0, 1e3 , -1.5E-2 ] } ", #"{"a":{"b":null},"c":[true,false]}"#,
            #""\"\\\/\b\f\n\r\t""#, #""é\u0041\ud83d\ude00€""#, #"{"ключ":"значение"}"#, "0", "1E+05", "\"\"",
            #"["\\", "a\\\"b", "\\\\"]"#,
        ])
    func agreesWithFoundation(_ text: String) throws {
        let data = Data(text.utf8)
        let ours = try #require(plain(try JSONScanner.value(of: data)))
        let theirs = try JSONSerialization.jsonObject(with: data, options: .fragmentsAllowed)
        func written(_ value: Any) throws -> Data {
            try JSONSerialization.data(withJSONObject: value, options: [.fragmentsAllowed, .sortedKeys])
        }
        #expect(try written(ours) == written(theirs))
    }

    @Test(
        "What is no JSON is refused",
        arguments: [
            "", " ", "{", "}", "[", "]", "{]", "[}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "[1,]", "[,1]", "[1 2]",
            "{a:1}", "{'a':1}", "tru", "nulll", "+1", "01", "1.", ".5", "1e", "1e+", "--1", "-", "-01",
            "00", "1.e5", "1..2", "1-2", "1e5.2", "1e+-2", "0x1", "NaN", "Infinity",
            "\"a", "\"a\nb\"", "{} {}", "{}x", "// c\n{}", "1e999", "\"\u{1}\"", "{\"a\":1,\"a\":2}",
        ])
    func refused(_ text: String) {
        #expect(throws: JSONScanner.Failure.self) { try JSONScanner.value(of: Data(text.utf8)) }
    }

    @Test(
        "A string that is no text has no string, and does not trap",
        arguments: [#""\ud800""#, #""\udc00""#, #""\ud800\u0041""#, #""\u12""#, #""\x""#, #""\ud800\ud800""#])
    func noText(_ text: String) throws {
        guard case .string(let string) = try JSONScanner.value(of: Data(text.utf8)) else {
            Issue.record("a string")
            return
        }
        #expect(string.string == nil)
    }

    @Test("Bytes that are no UTF-8 are no text")
    func noUTF8() throws {
        guard case .string(let string) = try JSONScanner.value(of: Data([0x22, 0xC3, 0x28, 0x22])) else {
            Issue.record("a string")
            return
        }
        #expect(string.string == nil)
    }

    @Test("32 levels are read, 33 are refused", arguments: [(32, true), (33, false), (100_000, false)])
    func depth(_ levels: Int, _ isRead: Bool) {
        let text = Data((String(repeating: "[", count: levels) + String(repeating: "]", count: levels)).utf8)
        let value = try? JSONScanner.value(of: text)
        #expect((value != nil) == isRead)
    }

    @Test("16,384 values are read, one more is refused", arguments: [(16_383, true), (16_384, false)])
    func values(_ elements: Int, _ isRead: Bool) {
        let text = Data("[\(Array(repeating: "1", count: elements).joined(separator: ","))]".utf8)
        let value = try? JSONScanner.value(of: text)
        #expect((value != nil) == isRead)
    }

    @Test("Random bytes, and JSON with random bytes changed, never trap; what is accepted Foundation accepts too")
    func randomBytes() throws {
        let sample = Array(#"{"Image":{"Bytes":"AAEC\/w=="},"MaxFaces":5,"Tags":{"a":"b\u00e9"},"L":[1.5e3,null,true]}"#.utf8)
        for seed in 0..<5_000 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            var bytes = sample
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: place)
                default: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
                }
            }
            // As a slice, so that an index from 0 would be found out.
            let text = Data([0x20] + bytes).dropFirst()
            if let value = try? JSONScanner.value(of: text), plain(value) != nil {
                #expect(foundationAccepts(Data(bytes)), "seed \(seed)")
            }
        }
    }

    @Test("A photograph in base64 is decoded to its bytes, with escaped slashes as well")
    func base64() throws {
        let bytes = Data((0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) })
        for text in [bytes.base64EncodedString(), bytes.base64EncodedString().replacing("/", with: "\\/")] {
            guard case .string(let string) = try JSONScanner.value(of: Data("\"\(text)\"".utf8)) else {
                Issue.record("a string")
                return
            }
            #expect(string.base64 == bytes)
        }
    }

    @Test("Base64 of every length is decoded as Foundation does, and refused with any one letter spoiled")
    func base64LikeFoundation() {
        var random = SeededGenerator(seed: 64)
        for count in 0..<200 {
            let bytes = Data((0..<count).map { _ in UInt8.random(in: 0...255, using: &random) })
            // As a slice, so that an index from 0 would be found out.
            let text = (Data([0x41]) + bytes.base64EncodedData()).dropFirst()
            #expect(Data(strictBase64: text) == bytes, "\(count) bytes")
            for place in text.indices {
                var spoiled = text
                spoiled[place] = [0x00, 0x20, 0x2A, 0x2C, 0x2D, 0x2E, 0x3A, 0x40, 0x5B, 0x5F, 0x60, 0x7B, 0xC1, 0xFF]
                    .randomElement(using: &random)!
                #expect(Data(strictBase64: spoiled) == nil, "\(count) bytes, \(spoiled[place]) at \(place)")
            }
        }
    }

    @Test("Each of base64's letters stands for its number", arguments: [0, 17, 63])
    func base64Letters(shift: Int) throws {
        // RFC 4648, table 1.
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        let numbers = (0..<256).map { ($0 + shift) % 64 }
        let bytes = try #require(Data(strictBase64: Data(numbers.map { alphabet[$0] })))
        let bits = bytes.flatMap { byte in (0..<8).map { byte >> (7 - $0) & 1 } }
        let read = (0..<256).map { i in bits[(6 * i)..<(6 * i + 6)].reduce(0) { $0 << 1 | Int($1) } }
        #expect(read == numbers)
    }

    @Test("What is no base64 has no bytes", arguments: ["A", "AA=A", "A A=", "!!!!", "AAAA=", "é", "=", "====", "=AAA", "AA==AA=="])
    func noBase64(_ text: String) throws {
        guard case .string(let string) = try JSONScanner.value(of: Data("\"\(text)\"".utf8)) else {
            Issue.record("a string")
            return
        }
        #expect(string.base64 == nil)
    }
}
