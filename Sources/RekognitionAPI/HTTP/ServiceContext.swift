import Hummingbird
import Logging
import NIOCore

/// What Hummingbird hands along with a request: here also the connection, to end it when its client is hostile.
struct ServiceContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }
}
