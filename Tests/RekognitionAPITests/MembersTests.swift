import Foundation
import Testing

@testable import RekognitionAPI

@Suite("Members of a request") struct MembersTests {
    private func members(_ text: String) throws -> Members { try Members(body: Data(text.utf8)) }

    private func name(of error: (any Error)?) -> ServiceError.Name? { (error as? ServiceError)?.name }

    @Test("An empty body has no members; what is no structure is refused")
    func bodies() throws {
        #expect(try members("").text("A", .any) == nil)
        for text in ["[]", "1", "null", "{"] {
            let error = #expect(throws: ServiceError.self) { try members(text) }
            #expect(error?.name == .serialization)
        }
    }

    @Test("null stands for a member that is left out")
    func null() throws {
        let members = try members(#"{"A":null}"#)
        #expect(try members.text("A", .any) == nil)
        #expect(try members.integer("A", 0...1) == nil)
        #expect(try members.structure("A") == nil)
    }

    @Test(
        "Bounds hold at n - 1, n and n + 1",
        arguments: [("a", 0, false), ("a", 1, true), ("a", 255, true), ("a", 256, false), ("é", 1, false)])
    func textBounds(_ letter: String, _ count: Int, _ isGood: Bool) throws {
        let members = try members("{\"CollectionId\":\"\(String(repeating: letter, count: count))\"}")
        if isGood {
            #expect(try members.text("CollectionId", .collectionID)?.count == count)
        } else {
            let error = #expect(throws: ServiceError.self) { try members.text("CollectionId", .collectionID) }
            #expect(error?.name == .invalidParameter)
            #expect(error?.message.contains("CollectionId") == true)
        }
    }

    @Test("Whole numbers", arguments: [("0", true), ("4096", true), ("1.0", true), ("4097", false), ("-1", false)])
    func integers(_ text: String, _ isGood: Bool) throws {
        let members = try members("{\"MaxResults\":\(text)}")
        let value = try? members.integer("MaxResults", 0...4_096)
        #expect((value != nil) == isGood)
    }

    @Test("Wrong types are serialization errors that name the member", arguments: [#""5""#, "true", "1.5", "[]", "{}"])
    func wrongTypes(_ text: String) throws {
        let members = try members("{\"MaxResults\":\(text)}")
        let error = #expect(throws: ServiceError.self) { try members.integer("MaxResults", 0...4_096) }
        #expect(error?.name == .serialization)
        #expect(error?.message.contains("MaxResults") == true)
    }

    @Test("An error never repeats what a member held")
    func secrecy() throws {
        let members = try members(#"{"UserId":"Ada Lovelace","FaceIds":["Ada Lovelace"]}"#)
        for attempt in [{ _ = try members.text("UserId", .userID) }, { _ = try members.faceIDs(atMost: 10) }] {
            let error = #expect(throws: ServiceError.self) { try attempt() }
            #expect(error?.message.contains("Ada") == false)
        }
    }

    @Test(
        "Photographs of up to 5,242,880 bytes are taken",
        arguments: [(0, false), (1, true), (5_242_880, true), (5_242_881, false), (6_000_000, false)])
    func photographs(_ count: Int, _ isGood: Bool) throws {
        let text = Data(repeating: 7, count: count).base64EncodedString()
        let members = try members(#"{"Image":{"Bytes":"\#(text)"}}"#)
        if isGood {
            guard case .bytes(let bytes) = try members.image() else {
                Issue.record("bytes")
                return
            }
            #expect(bytes.count == count)
        } else {
            let error = #expect(throws: ServiceError.self) { try members.image() }
            #expect(error?.name == (count == 0 ? .invalidParameter : .imageTooLarge))
        }
    }

    @Test("An image is bytes or an object, not both and not neither")
    func images() throws {
        for text in [
            #"{"Image":{}}"#, #"{}"#, #"{"Image":{"S3Object":{"Bucket":"abc"}}}"#, #"{"Image":{"S3Object":{"Name":"a"}}}"#,
            #"{"Image":{"Bytes":"AA==","S3Object":{"Bucket":"abc","Name":"x"}}}"#,
        ] {
            let error = #expect(throws: ServiceError.self) { try members(text).image() }
            #expect(error?.name == .invalidParameter)
        }
        guard case .object(bucket: "abc", name: "x/y", version: nil) =
            try members(#"{"Image":{"S3Object":{"Bucket":"abc","Name":"x/y"}}}"#).image()
        else {
            Issue.record("an object")
            return
        }
    }

    @Test(
        "Tags", arguments: [("a", "b", true), ("aws:a", "b", false), ("é_1:/=+-@.", "ü ", true), ("a#", "b", false), ("", "b", false)])
    func tags(_ key: String, _ value: String, _ isGood: Bool) throws {
        let members = try members("{\"Tags\":{\"\(key)\":\"\(value)\"}}")
        let tags = try? members.map("Tags", 0...200, keys: .tagKey, values: .tagValue)
        #expect((tags != nil) == isGood)
    }
}
