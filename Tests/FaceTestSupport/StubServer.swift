import Foundation
import Synchronization

/// Answers one request a connection, on loopback, with the bytes that a test gives.
package final class StubServer: Sendable {
    package let port: Int
    private let listener: CInt
    private let answer: @Sendable (String) -> [Piece]

    /// A part of an answer: bytes, the same bytes until the other side hangs up, or a pause before the next.
    package enum Piece: Sendable { case bytes([UInt8]), endless([UInt8]), pause(Double) }

    /// - Parameter answer: From a request's head, as received.
    package init(answering answer: @escaping @Sendable (String) -> [Piece]) throws {
        self.answer = answer
        listener = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(listener, pointer, length) == 0 && listen(listener, 16) == 0
                    && getsockname(listener, pointer, &length) == 0
            }
        }
        guard bound else { throw CocoaError(.featureUnsupported) }
        port = Int(UInt16(bigEndian: address.sin_port))
        let thread = Thread { [self] in serve() }
        thread.start()
    }

    /// Ends the thread that waits for connections. It closes the socket itself: were it closed here, the thread could
    /// wait on its number when that is another server's already.
    package func stop() { shutdown(listener, CInt(SHUT_RDWR)) }

    private func serve() {
        while true {
            let connection = accept(listener, nil, nil)
            guard connection >= 0 else {
                close(listener)
                return
            }
            let thread = Thread { [answer] in
                // Who hangs up in the middle of a request has asked for nothing.
                let head = Self.request(on: connection)
                sending: for piece in head.map(answer) ?? [] {
                    switch piece {
                    case .pause(let seconds): Thread.sleep(forTimeInterval: seconds)
                    case .bytes(let bytes): guard Self.send(bytes, to: connection) else { break sending }
                    case .endless(let bytes): while Self.send(bytes, to: connection) {}
                    }
                }
                close(connection)
            }
            thread.start()
        }
    }

    /// A request's head; its body is read and left. nil for one that does not come whole.
    private static func request(on connection: CInt) -> String? {
        var bytes: [UInt8] = [], end: Int?
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            if end == nil { end = bytes.indices.first { bytes[$0...].starts(with: "\r\n\r\n".utf8) } }
            if let end {
                let head = String(decoding: bytes[..<(end + 4)], as: UTF8.self)
                let length = head.lowercased().firstMatch(of: #/\r\ncontent-length: *([0-9]+)\r\n/#).flatMap { Int($0.1) }
                guard bytes.count < end + 4 + (length ?? 0) else { return head }
            }
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { return nil }
            bytes += buffer[..<count]
        }
    }

    /// False when the other side has hung up.
    private static func send(_ bytes: [UInt8], to connection: CInt) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Foundation.send(connection, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}
