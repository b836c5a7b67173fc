import FaceRecognition
import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore
package import ServiceLifecycle

/// `/metrics` on a port of its own, for the operator's Prometheus: without a signature, so on loopback only.
package struct MetricsServer: Service, CustomStringConvertible {
    package var description: String { "metrics" }

    private let metrics: PrometheusMetrics
    private let host: String
    private let port: Int
    private let logger: Logger
    private let onListening: @Sendable (String) async -> Void

    package init(
        _ metrics: PrometheusMetrics, host: String, port: Int, logger: Logger,
        onListening: @escaping @Sendable (String) async -> Void
    ) {
        self.metrics = metrics
        self.host = host
        self.port = port
        self.logger = logger
        self.onListening = onListening
    }

    /// - Throws: `.invalidValue` when the address cannot be had.
    package func run() async throws {
        let application = Application(
            responder: CallbackResponder { (request: Request, _: BasicRequestContext) in
                guard request.uri.path == "/metrics" else { return Response(status: .notFound) }
                return Response(
                    status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
                    body: ResponseBody(byteBuffer: ByteBuffer(string: metrics.text)))
            }, server: .bounded(idleTimeout: .seconds(60)),
            configuration: .init(
                address: .hostname(host, port: port), serverName: "Countenance",
                availableConnectionsDelegate: .maximum(64, logger: logger)),
            onServerRunning: { [onListening] channel in
                guard let port = channel.localAddress?.port else { return }
                await onListening("http://\(host.contains(":") ? "[\(host)]" : host):\(port)/metrics")
            }, logger: logger)
        do { try await application.run() } catch let error as IOError {
            throw RecognitionError(
                .invalidValue, "The metrics cannot listen on \(host):\(port); choose another address with --metrics, or 'none'.",
                detail: error.description)
        }
    }
}
