import NIOCore
import NIOHTTP1

/// Ends a connection whose bytes come to nothing: more than 64 KiB (and what one read brings) since the decoder last made
/// a part of a request of them.
///
/// The decoder's own limits count the characters of names and values. They do not count what it skips, such as the blanks
/// before a value or after a path, some of which it keeps; and once it has refused a request, its connection would be read
/// on for as long as the client sends. A body is made into parts as it comes, so that none is ended for its length.
final class UndecodedBound: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Twice what a head may have in names and values.
    static let maximumBytes = 65_536

    private var undecoded = 0
    private var isOver = false

    /// Tells that the decoder made a part of what came.
    func progress() { undecoded = 0 }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isOver else { return }
        undecoded += unwrapInboundIn(data).readableBytes
        // The decoder hands its parts on before this returns: `progress` is called by then.
        context.fireChannelRead(data)
        guard undecoded > Self.maximumBytes else { return }
        isOver = true
        // As the decoder says it; where it has not, Hummingbird answers with 400 now.
        context.fireErrorCaught(HTTPParserError.headerOverflow)
        context.channel.setOption(.autoRead, value: false).whenFailure { _ in }
        context.channel.closeSoon()
    }

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard event is BodyIsWanted else { return context.triggerUserOutboundEvent(event, promise: promise) }
        // All answers to earlier requests have passed here: a connection's requests are answered in turn.
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")), promise: promise)
    }
}

/// Behind the decoder: tells ``UndecodedBound`` of each part, and ends a connection whose decoder has failed.
final class DecodedParts: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny

    private var bound: UndecodedBound?

    func handlerAdded(context: ChannelHandlerContext) {
        bound = try? context.pipeline.syncOperations.handler(type: UndecodedBound.self)
        precondition(bound != nil, "The bound stands before the decoder")
    }

    func handlerRemoved(context: ChannelHandlerContext) { bound = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        bound?.progress()
        context.fireChannelRead(data)
    }

    /// What the decoder has refused is answered and, perhaps, read no further: the bound would not be reached then.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.fireErrorCaught(error)
        context.channel.closeSoon()
    }
}

/// Sent down a connection whose client waits to hear that its body is wanted (RFC 9110, section 10.1.1).
struct BodyIsWanted: Sendable {}

extension Channel {
    /// Ends the connection in a second, by when an answer is out and read.
    func closeSoon() { eventLoop.scheduleTask(in: .seconds(1)) { self.close(promise: nil) } }
}
