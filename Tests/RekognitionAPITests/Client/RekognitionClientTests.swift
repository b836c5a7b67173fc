import FaceTestSupport
import Foundation
import Synchronization
import Testing

@testable import RekognitionAPI

@Suite("A client of a system that is measured", .serialized) struct RekognitionClientTests {
    private func client(
        _ server: StubServer, attempts: Int = 4, timeout: Duration = .seconds(20)
    ) throws -> RekognitionClient {
        var settings = RekognitionClient.Settings(
            endpoint: try #require(URL(string: "http://127.0.0.1:\(server.port)")), region: "us-east-1",
            credentials: AccessCredentials(accessKeyID: "AKIAEXAMPLE", secretAccessKey: "a secret"),
            requestsPerSecond: 1_000)
        settings.attempts = attempts
        settings.pause = .milliseconds(1)
        settings.timeout = timeout
        return try RekognitionClient(settings)
    }

    /// Gives these answers, one after the other, and then the last one again and again.
    private func server(_ answers: [StubServer.Piece]...) throws -> (StubServer, heads: Mutexed<[String]>) {
        let heads = Mutexed<[String]>([])
        let server = try StubServer { head in
            let number = heads.value.withLock { heads in
                heads.append(head)
                return heads.count
            }
            return answers[min(number, answers.count) - 1]
        }
        return (server, heads)
    }

    private final class Mutexed<Value: Sendable>: Sendable {
        let value: Mutex<Value>
        init(_ value: Value) { self.value = Mutex(value) }
    }

    private static func http(_ status: Int, _ body: String) -> [StubServer.Piece] {
        [
            .bytes(
                Array("HTTP/1.1 \(status) X\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)".utf8))
        ]
    }
    private static func exception(_ name: String, status: Int = 400) -> [StubServer.Piece] {
        http(status, "{\"__type\":\"\(name)\",\"message\":\"x\"}")
    }
    private static let matched = http(200, #"{"FaceMatches":[{"Similarity":81.5},{"Similarity":99.25}],"UnmatchedFaces":[]}"#)

    @Test("A request is signed as Rekognition's clients sign theirs, and its best match is the answer")
    func answer() async throws {
        let (server, heads) = try server(Self.matched)
        defer { server.stop() }
        let answer = try await client(server).compare(Data([1]), Data([2]))
        guard case .found(let similarity) = answer else { return #expect(Bool(false), "\(answer)") }
        #expect(similarity == 99.25)
        let head = try #require(heads.value.withLock { $0.first })
        #expect(head.contains("X-Amz-Target: RekognitionService.CompareFaces\r\n"))
        #expect(head.contains("Credential=AKIAEXAMPLE/") && head.contains("SignedHeaders=content-type;host;x-amz-date;x-amz-target"))
    }

    @Test("What passes is asked again, and counted by name")
    func again() async throws {
        let (server, heads) = try server(
            Self.exception("ThrottlingException"), Self.http(503, "gone"), Self.http(200, "no JSON"), Self.matched)
        defer { server.stop() }
        let client = try client(server)
        _ = try await client.compare(Data([1]), Data([2]))
        #expect(client.setbacks == ["ThrottlingException": 1, "status-503": 1, "not-understood": 1])
        #expect(client.calls == 4 && heads.value.withLock { $0.count } == 4)
    }

    @Test("What does not pass ends after as many attempts as there may be")
    func givingUp() async throws {
        let (server, heads) = try server(Self.exception("com.amazonaws#ThrottlingException:http://x", status: 400))
        defer { server.stop() }
        await #expect(throws: RekognitionFailure(name: "ThrottlingException", isTransient: true)) {
            _ = try await client(server, attempts: 3).compare(Data([1]), Data([2]))
        }
        #expect(heads.value.withLock { $0.count } == 3)
    }

    @Test("An answer that does not come is given up")
    func silence() async throws {
        let (server, _) = try server([.pause(3)])
        defer { server.stop() }
        await #expect(throws: RekognitionFailure(name: "timed-out", isTransient: true)) {
            _ = try await client(server, attempts: 1, timeout: .milliseconds(200)).countFaces(in: Data([1]))
        }
    }

    @Test("An endless answer is given up")
    func endless() async throws {
        let (server, _) = try server([.bytes(Array("HTTP/1.1 200 OK\r\n\r\n".utf8)), .endless([UInt8](repeating: 0x20, count: 65_536))])
        defer { server.stop() }
        await #expect(throws: RekognitionFailure(name: "not-understood", isTransient: true)) {
            _ = try await client(server, attempts: 1).countFaces(in: Data([1]))
        }
    }

    @Test("Who is refused is told at once", arguments: ["AccessDeniedException", "UnrecognizedClientException"])
    func refusal(name: String) async throws {
        let (server, heads) = try server(Self.exception(name))
        defer { server.stop() }
        await #expect(throws: RekognitionFailure(name: name, isTransient: false)) {
            _ = try await client(server).createCollection("c")
        }
        #expect(heads.value.withLock { $0.count } == 1)
    }

    @Test("A photograph without a face, and one that is none, are answers")
    func photographs() async throws {
        let (server, _) = try server(
            Self.exception("InvalidParameterException"), Self.exception("ImageTooLargeException"),
            Self.http(200, #"{"FaceRecords":[]}"#), Self.http(200, #"{"FaceMatches":[],"UnmatchedFaces":[]}"#),
            Self.http(200, #"{"FaceMatches":[],"UnmatchedFaces":[{}]}"#))
        defer { server.stop() }
        let client = try client(server)
        guard case .noFace = try await client.compare(Data([1]), Data([2])) else { return #expect(Bool(false)) }
        guard case .unusable = try await client.countFaces(in: Data([1])) else { return #expect(Bool(false)) }
        guard case .noFace = try await client.index(Data([1]), as: "r0", in: "c") else { return #expect(Bool(false)) }
        guard case .noFace = try await client.compare(Data([1]), Data([2])) else { return #expect(Bool(false)) }
        guard case .found(0) = try await client.compare(Data([1]), Data([2])) else { return #expect(Bool(false)) }
    }

    @Test("A similarity that is none is refused", arguments: ["101", "-1", "1e400"])
    func nonsense(value: String) async throws {
        let (server, _) = try server(
            Self.http(200, "{\"FaceMatches\":[{\"Similarity\":\(value),\"Face\":{\"ExternalImageId\":\"r0\"}}],\"UnmatchedFaces\":[]}"))
        defer { server.stop() }
        await #expect(throws: RekognitionFailure.self) {
            _ = try await client(server, attempts: 1).search(for: Data([1]), in: "c", threshold: 0)
        }
        await #expect(throws: RekognitionFailure.self) {
            _ = try await client(server, attempts: 1).compare(Data([1]), Data([2]))
        }
    }

    @Test("A collection that is gone already is deleted")
    func gone() async throws {
        let (server, _) = try server(Self.exception("ResourceNotFoundException"))
        defer { server.stop() }
        try await client(server).deleteCollection("c")
    }

    @Test("What a stranger calls an exception is repeated only where it is a name")
    func names() {
        let odd = RekognitionFailure(status: 400, Data("{\"__type\":\"a name, and \\u001b[31m more\"}".utf8))
        #expect(odd == RekognitionFailure(name: "status-400", isTransient: false))
        #expect(RekognitionFailure(status: 429, Data()) == RekognitionFailure(name: "status-429", isTransient: true))
    }
}
