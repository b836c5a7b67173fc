import HummingbirdCore
import Logging
import NIOCore

extension HTTPServerBuilder {
    /// HTTP/1.1, with a bound on each head, whole and in its parts.
    static func bounded(idleTimeout: TimeAmount) -> HTTPServerBuilder {
        HTTPServerBuilder { responder in
            BoundedHTTP(
                base: HTTP1Channel(
                    responder: { request, writer, channel in
                        // Also when the client has gone meanwhile.
                        defer { Afterwards.ofConnection?.finish() }
                        try await responder(request, writer, channel)
                    },
                    configuration: .init(
                        additionalChannelHandlers: [DecodedParts()], idleTimeout: idleTimeout,
                        httpDecoderConfiguration: .init(
                            maxHeaderFieldSize: 16_384, maxHeaderListSize: 32_768, maxHeaderFieldCount: 100))))
        }
    }
}

/// Hummingbird's HTTP/1.1 with ``UndecodedBound`` before its decoder, and behind TLS where there is TLS: Hummingbird lets
/// handlers be added behind the decoder only.
private struct BoundedHTTP: ServerChildChannel {
    let base: HTTP1Channel

    /// What is read at once: little from who sends little, and a photograph in a few parts. With the library's 64 KiB one
    /// of 4 MB wakes its reader sixty times.
    private static let parts = AdaptiveRecvByteBufferAllocator(minimum: 1_024, initial: 4_096, maximum: 1 << 20)

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<HTTP1Channel.Value> {
        channel.setOption(.recvAllocator, value: Self.parts).flatMapThrowing {
            try channel.pipeline.syncOperations.addHandler(UndecodedBound())
        }.flatMap { base.setup(channel: channel, logger: logger) }
    }

    func handle(value: HTTP1Channel.Value, logger: Logger) async {
        await withTaskExecutorPreference(LoopExecutor(value.channel.eventLoop)) {
            await Afterwards.$ofConnection.withValue(Afterwards()) {
                await base.handle(value: value, logger: logger)
            }
        }
    }
}
