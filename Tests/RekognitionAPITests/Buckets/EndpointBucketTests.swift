import FaceTestSupport
import Foundation
import Synchronization
import Testing

@testable import RekognitionAPI

@Suite("A bucket at an endpoint") struct EndpointBucketTests {
    private func photograph(
        _ name: String = "a.jpg", version: String? = nil, limit: Int = 100, timeout: Duration = .seconds(20),
        from answer: @escaping @Sendable (String) -> [StubServer.Piece]
    ) async throws -> Data {
        let server = try StubServer(answering: answer)
        defer { server.stop() }
        let address = try #require(URL(string: "http://127.0.0.1:\(server.port)/photos"))
        let place = BucketPlace.endpoint(
            address, credentials: SignatureVectors.clientKey, region: SignatureVectors.clientRegion)
        return try await Buckets(["photos": place], timeout: timeout)
            .photograph(bucket: "photos", name: name, version: version, limit: limit)
    }

    private static func answer(_ status: String, _ headers: [String] = [], _ body: [UInt8] = []) -> [StubServer.Piece] {
        let head = (["HTTP/1.1 \(status)", "Content-Length: \(body.count)", "Connection: close"] + headers)
        return [.bytes(Array((head.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body)]
    }

    @Test("What is sent is a GET that a verifier with S3's rules takes", arguments: [nil, "3/L4kqtJl=="])
    func signed(_ version: String?) async throws {
        let head = Mutex("")
        let data = try await photograph("2026/Łucja b+c%2F~(1)'.jpg", version: version) { request in
            head.withLock { $0 = request }
            return Self.answer("200 OK", [], [1, 2, 3])
        }
        #expect(data == Data([1, 2, 3]))
        let lines = head.withLock { $0 }.components(separatedBy: "\r\n").filter { !$0.isEmpty }
        let target = try #require(lines[0].split(separator: " ").dropFirst().first).split(separator: "?")
        #expect(target[0] == "/photos/2026/%C5%81ucja%20b%2Bc%252F~%281%29%27.jpg")
        #expect(target.dropFirst().first == (version == nil ? nil : "versionId=3%2FL4kqtJl%3D%3D"))
        let request = SignedRequest(
            method: "GET", path: String(target[0]), query: String(target.dropFirst().first ?? ""),
            headers: lines.dropFirst().map { line in
                let parts = line.split(separator: ":", maxSplits: 1)
                return (String(parts[0]), String(parts[1]))
            })
        let key = SignatureVectors.clientKey
        let verifier = SigV4Verifier(region: SignatureVectors.clientRegion, service: "s3") { id in
            id == key.accessKeyID ? key.secretAccessKey : nil
        }
        let caller = try await verifier.verify(request)
        #expect(caller.signedHeaders == ["host", "x-amz-content-sha256", "x-amz-date"])
    }

    @Test(
        "Each status has its code",
        arguments: [
            ("404 Not Found", BucketError.Code.notFound), ("403 Forbidden", .notPermitted),
            ("401 Unauthorized", .notPermitted),
            ("400 Bad Request", .notFound), ("500 Internal Server Error", .unavailable),
            ("503 Slow Down", .unavailable),
            ("301 Moved Permanently", .unavailable), ("307 Temporary Redirect", .unavailable),
            ("204 No Content", .unavailable),
            ("206 Partial Content", .unavailable),
        ])
    func statuses(_ status: String, _ code: BucketError.Code) async throws {
        let requests = Mutex(0)
        do {
            _ = try await photograph { _ in
                requests.withLock { $0 += 1 }
                return Self.answer(status, ["Location: /elsewhere"])
            }
            Issue.record("\(status) is no photograph")
        } catch let error as BucketError {
            #expect(error.code == code && !error.message.contains("127.0.0.1"))
        }
        #expect(requests.withLock { $0 } == 1, "No redirect is followed")
    }

    @Test("A photograph may have as many bytes as the limit and not one more", arguments: [false, true])
    func limit(chunked: Bool) async throws {
        for size in [999, 1000, 1001] {
            let body = [UInt8](repeating: 7, count: size)
            let answer: @Sendable (String) -> [StubServer.Piece] = { _ in
                guard chunked else { return Self.answer("200 OK", [], body) }
                let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
                let half = body.prefix(500)
                let rest = body.dropFirst(500)
                let first: [UInt8] = Array(head.utf8) + Array("1f4\r\n".utf8) + half
                let second: [UInt8] = Array("\r\n\(String(rest.count, radix: 16))\r\n".utf8) + rest
                return [.bytes(first + second + Array("\r\n0\r\n\r\n".utf8))]
            }
            if size <= 1000 {
                #expect(try await photograph(limit: 1000, from: answer) == Data(body))
            } else {
                await #expect(throws: BucketError.tooLarge(1000)) { try await photograph(limit: 1000, from: answer) }
            }
        }
    }

    @Test("An endless answer is left at the limit") func endless() async throws {
        await #expect(throws: BucketError.tooLarge(1000)) {
            try await photograph(limit: 1000) { _ in
                let head = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
                return [.bytes(Array(head.utf8)), .endless([UInt8](repeating: 0, count: 1000))]
            }
        }
    }

    @Test("A silent, a slow and a broken endpoint are unavailable, within the time", .timeLimit(.minutes(1)))
    func slow() async throws {
        let head = Array("HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n\r\n".utf8)
        let answers: [[StubServer.Piece]] = [
            [.pause(600)], [.bytes(head), .pause(600)],
            [.bytes(head)] + (0..<10).flatMap { _ in [.bytes([1]), .pause(60)] },
            [.bytes(head + [1, 2])], [.bytes(Array("nonsense\r\n\r\n".utf8))], [],
        ]
        for (index, answer) in answers.enumerated() {
            do {
                _ = try await photograph(timeout: .milliseconds(500)) { _ in answer }
                Issue.record("Answer \(index) is no photograph")
            } catch let error as BucketError { #expect(error.code == .unavailable, "\(index)") }
        }
    }

    @Test("Nobody listening is unavailable") func nobody() async throws {
        let server = try StubServer { _ in [] }
        server.stop()
        let address = try #require(URL(string: "http://127.0.0.1:\(server.port)/photos"))
        let place = BucketPlace.endpoint(address, credentials: SignatureVectors.clientKey, region: "r")
        do {
            _ = try await Buckets(["photos": place]).photograph(bucket: "photos", name: "a", limit: 1)
            Issue.record("Nobody is there")
        } catch let error as BucketError { #expect(error.code == .unavailable) }
    }

    @Test("No name leads out of the bucket's address", arguments: ["../b", "a/../../b", "..", ".", "a/.", "", "a\0b"])
    func traversal(_ name: String) async throws {
        await #expect(throws: BucketError.noObject) {
            try await photograph(name) { _ in
                Issue.record("Nothing is sent for such a name")
                return []
            }
        }
        let key = try ObjectKey("%2e%2e/..%2fb\\..\\c?d#e/ä")
        #expect(key.encodedPath == "%252e%252e/..%252fb%5C..%5Cc%3Fd%23e/%C3%A4")
    }
}
