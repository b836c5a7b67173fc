import Foundation
import HummingbirdCore
import NIOCore

/// Reads and hashes a request's body from a client that may be slow, endless or gone.
struct RequestBodyReader {
    /// Five megabytes in base64 for each of two photographs, and room for the rest. A client that says how long its body
    /// is, is refused before it has sent it.
    static let maximumBytes = 2 * 7_340_032 + 65_536

    /// From its first byte to its last: 16 KB a second for the largest photograph.
    let patience: TimeAmount

    /// - Parameter isAwaited: whether the client waits to be told that its body is wanted (`Expect: 100-continue`).
    /// - Throws: `RequestEntityTooLargeException`, `RequestTimeoutException`.
    func read(_ body: RequestBody, declared: Int?, isAwaited: Bool, on channel: any Channel) async throws -> HashedBody {
        if let declared, declared > Self.maximumBytes { throw tooLarge }
        if isAwaited { channel.triggerUserOutboundEvent(BodyIsWanted(), promise: nil) }
        // Closing the connection ends the body, whatever the client does.
        let clock = channel.eventLoop.scheduleTask(in: patience) { channel.close(promise: nil) }
        defer { clock.cancel() }
        var received = HashedBody(capacity: min(declared ?? 4_096, Self.maximumBytes))
        do {
            for try await buffer in body {
                guard received.bytes.count + buffer.readableBytes <= Self.maximumBytes else { throw tooLarge }
                buffer.withUnsafeReadableBytes { received.append($0) }
            }
        } catch let error as ServiceError {
            throw error
        } catch {
            throw ServiceError(.requestTimeout, "The request's body did not arrive.")
        }
        return received
    }

    private var tooLarge: ServiceError {
        ServiceError(
            .requestTooLarge, "A request has at most \(Self.maximumBytes) bytes, with photographs of \(ImageSource.maximumBytes) bytes in base64.")
    }
}
