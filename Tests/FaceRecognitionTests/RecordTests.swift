import Foundation
import Testing

@testable import FaceRecognition

@Suite struct RecordTests {
    private func record() throws -> Record {
        let request = AccessRequest(
            organisation: "c/d", purpose: "trial", operation: .identify, gallery: try GalleryName("g"),
            threshold: Similarity(80))
        let standing = Standing(policyName: "p", policy: nil, kind: nil, contact: "me")
        var record = Record(
            refusing: Refusal(request: request, rule: "r", reason: "no \"reason\"", until: nil, standing: standing),
            at: Date(timeIntervalSince1970: 1_700_000_000.75))
        record.requestID = UUID(uuidString: "0F8FAD5B-D9CB-469F-A165-70867728950E")!
        record.model = TemplateModelID(rawValue: "m-1")
        record.photographs = [PhotographDigest(bytes: Data((0..<32).map { UInt8($0) }))]
        record.thresholdApplied = Similarity(99.5)
        record.expectedFalseCandidates = 0.25
        record.candidates = [
            .init(face: FaceID("0f8fad5b-d9cb-469f-a165-70867728950e")!, similarity: Similarity(99.75)!)
        ]
        record.enrolled = []
        return record
    }

    @Test("The bytes that are hashed are this text, for good")
    func exact() throws {
        let text = """
            {"candidates":[{"face":"0f8fad5b-d9cb-469f-a165-70867728950e","similarity":99.75}],\
            "decision":"refused","enrolled":[],"expectedFalseCandidates":0.25,"gallery":"g","model":"m-1",\
            "operation":"identify","organisation":"c/d","outcome":"no \\"reason\\"","photographs":["000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"],"purpose":"trial",\
            "requestID":"0F8FAD5B-D9CB-469F-A165-70867728950E","rule":"r","thresholdApplied":99.5,"thresholdAsked":80,\
            "time":"2023-11-14T22:13:20Z"}
            """
        let encoded = String(decoding: try record().encoded(), as: UTF8.self)
        #expect(encoded == text)
    }

    @Test("Every member is written as Foundation writes it, whatever it holds")
    func asFoundationWritesIt() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        let odd = String(String.UnicodeScalarView((0..<0x82).compactMap(Unicode.Scalar.init))) + "é/\u{2028}\u{1F600}"
        let numbers = [0, -0.0, 100, 1e-7, 5e-324, 1e16, 1.5e300, 0.1, 99.999999999999986]
        for number in numbers {
            var full = try record()
            full.time = Date(timeIntervalSince1970: 1_700_000_000.999 + number.rounded().remainder(dividingBy: 1e6))
            full.organisation = odd
            (full.kind, full.key, full.caseReference, full.policy) = (odd, odd, odd, "")
            (full.reason, full.applied) = (odd, odd)
            (full.reviewers, full.faces, full.part, full.parts) = (0, .min, .max, 2)
            full.expectedFalseCandidates = number
            full.similarity = Similarity(min(100, max(0, number)))
            full.candidates?.append(.init(face: FaceID(), similarity: Similarity(min(100, max(0, number)))!))
            full.photographs?.append(PhotographDigest(bytes: Data(repeating: 0xFF, count: 32)))
            (full.enrolled, full.forgotten, full.joined, full.left) = ([FaceID()], [], [FaceID(), FaceID()], [FaceID()])
            (full.keys, full.changes) = ([], [odd, ""])
            // None was forgotten here: every member says something, and each is one of the text.
            let members = Mirror(reflecting: full).children
            let values = members.map { Mirror(reflecting: $0.value) }
            #expect(values.allSatisfy { $0.displayStyle != .optional || !$0.children.isEmpty })
            let text = try full.encoded()
            let object = try JSONSerialization.jsonObject(with: text) as? [String: Any]
            #expect(object?.count == members.count)
            #expect(String(decoding: text, as: UTF8.self) == String(decoding: try encoder.encode(full), as: UTF8.self))
        }
        var broken = try record()
        broken.expectedFalseCandidates = .nan
        #expect { try broken.encoded() } throws: { ($0 as? RecognitionError)?.code == .fault }
    }

    @Test("A line of the log is what Foundation writes, with whatever names")
    func line() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let members = ["a\"b": "1", "\u{1}": "\u{7F}", "é": "/", "Z": "", "a": "\r\n"]
        let line = JSONLine.object { line in
            for (name, value) in members.sorted(by: { $0.key < $1.key }) { line.member(named: name, value) }
        }
        #expect(line == (try encoder.encode(members)))
        #expect(JSONLine.object { _ in } == Data("{}".utf8))
    }

    @Test("What is read back is written the same")
    func roundTrip() throws {
        let bytes = try record().encoded()
        #expect(try Record(encoded: bytes).encoded() == bytes)
    }

    @Test("An entry from before there were policies is read with its caller as the organisation")
    func earlier() throws {
        let text = """
            {"caller":"c/d","decision":"permitted","operation":"manage","outcome":"listed","purpose":"trial",\
            "requestID":"0F8FAD5B-D9CB-469F-A165-70867728950E","rule":"trial","time":"2023-11-14T22:13:20Z"}
            """
        let record = try Record(encoded: Data(text.utf8))
        #expect(record.organisation == "c/d" && record.purpose == "trial" && record.policy == nil)
    }

    @Test("A leaf is hashed as RFC 6962 has it")
    func leafHash() {
        // RFC 6962's empty leaf, SHA-256 of one zero byte: printf '\0' | sha256sum
        let hex = RecordReceipt.leafHash(of: Data()).hexadecimal
        #expect(hex == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d")
    }
}
