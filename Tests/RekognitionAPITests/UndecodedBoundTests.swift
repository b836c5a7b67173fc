import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import RekognitionAPI

@Suite("The bound before the HTTP decoder") struct UndecodedBoundTests {
    /// A connection as the service sets it up, without what answers.
    private func connection() throws -> EmbeddedChannel {
        let channel = EmbeddedChannel()
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(UndecodedBound())
        try pipeline.configureHTTPServerPipeline(withPipeliningAssistance: false, withErrorHandling: false)
        try pipeline.addHandler(DecodedParts())
        try channel.connect(to: .init(ipAddress: "127.0.0.1", port: 1)).wait()
        return channel
    }

    /// What the decoder made of all that came: how many heads, bytes of bodies, and ends.
    private func decoded(_ channel: EmbeddedChannel) throws -> [Int] {
        var found = (heads: 0, bytes: 0, ends: 0)
        while let part = try channel.readInbound(as: HTTPServerRequestPart.self) {
            switch part {
            case .head: found.heads += 1
            case .body(let bytes): found.bytes += bytes.readableBytes
            case .end: found.ends += 1
            }
        }
        return [found.heads, found.bytes, found.ends]
    }

    private func isClosed(_ channel: EmbeddedChannel) -> Bool {
        channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        return !channel.isActive
    }

    @Test("Requests behind each other arrive whole, however their bytes are cut", arguments: [1, 2, 3, 7, 64, 100_000])
    func pieces(size: Int) throws {
        let text =
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabcde"
            + "GET /health HTTP/1.1\r\nHost: x\r\nX-Long: \(String(repeating: "a", count: 16_000))\r\n\r\n"
            + "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3;q=1\r\nabc\r\n0\r\nX: y\r\n\r\n"
        // A hundred KB and more altogether.
        let bytes = Array(String(repeating: text, count: 7).utf8)
        let channel = try connection()
        for start in stride(from: 0, to: bytes.count, by: size) {
            try channel.writeInbound(ByteBuffer(bytes: bytes[start..<min(start + size, bytes.count)]))
        }
        #expect(try decoded(channel) == [21, 56, 21])
        #expect(!isClosed(channel))
    }

    @Test("A body is let through, however long it is")
    func body() throws {
        let channel = try connection()
        try channel.writeInbound(ByteBuffer(string: "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000\r\n\r\n"))
        for _ in 0..<1_000 { try channel.writeInbound(ByteBuffer(repeating: 0x20, count: 10_000)) }
        #expect(try decoded(channel) == [1, 10_000_000, 1])
        #expect(!isClosed(channel))
    }

    @Test(
        "What never becomes a request ends its connection",
        arguments: [
            ("POST / HTTP/1.1\r\nX: ", "a"), ("POST / HTTP/1.1\r\nX", "a"), ("POST / HTTP/1.1\r\nX:", " "),
            ("POST /", "a"), ("POST / ", " "), ("POST ", " "), ("", "\r\n"), ("no http\r\n\r\n", "a"),
            ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n \r\n2;", "a"),
            ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ", "a"),
        ])
    func endless(beginning: String, then part: String) throws {
        let channel = try connection()
        var isRefused = false
        func send(_ text: String) {
            // The decoder's word comes before the bound's where it has one.
            do { try channel.writeInbound(ByteBuffer(string: text)) } catch { isRefused = true }
        }
        send(beginning)
        let piece = String(repeating: part, count: 1_024 / part.utf8.count)
        for _ in 0..<63 { send(piece) }
        #expect(isRefused ? isClosed(channel) : !isClosed(channel), "63 KiB are not too much yet for what may become one")
        for _ in 0..<3 { send(piece) }
        #expect(isRefused)
        #expect(isClosed(channel))
    }

    @Test("A head of the longest names and values is taken")
    func longest() throws {
        let channel = try connection()
        let fields = (0..<31).map { "X-\($0): \(String(repeating: "a", count: 1_000))\r\n" }.joined()
        try channel.writeInbound(ByteBuffer(string: "GET / HTTP/1.1\r\nHost: x\r\n\(fields)\r\n"))
        #expect(try decoded(channel) == [1, 0, 1])
    }

    @Test("A client that waits to be told that its body is wanted is told so")
    func continuing() throws {
        let channel = try connection()
        channel.triggerUserOutboundEvent(BodyIsWanted(), promise: nil)
        #expect(try channel.readOutbound(as: ByteBuffer.self) == ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n"))
    }
}
