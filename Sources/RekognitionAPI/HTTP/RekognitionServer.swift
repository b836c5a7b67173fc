import FaceRecognition
import Foundation
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
package import Logging
import NIOCore
import NIOSSL
package import ServiceLifecycle
import Synchronization

/// The service on a socket: one part of a `ServiceGroup`.
package struct RekognitionServer: Service, CustomStringConvertible {
    package var description: String { "Rekognition's API" }

    package struct Settings: Sendable {
        package var host: String
        /// 0 takes one that is free.
        package var port: Int
        /// Paths of PEM files; nil for plain HTTP.
        package var certificate: (chain: String, key: String)?
        package var requests: Int
        package var connections: Int
        /// A connection on which nothing happens for so long is closed, in seconds.
        package var idleSeconds: Int
        /// How long a request's body may take, in seconds.
        package var bodySeconds: Int

        package init(
            host: String, port: Int, certificate: (chain: String, key: String)? = nil, requests: Int = 256,
            connections: Int = 12_000, idleSeconds: Int = 60, bodySeconds: Int = 120
        ) {
            self.host = host
            self.port = port
            self.certificate = certificate
            self.requests = requests
            self.connections = connections
            self.idleSeconds = idleSeconds
            self.bodySeconds = bodySeconds
        }
    }

    private let settings: Settings
    private let responder: RekognitionResponder
    private let server: HTTPServerBuilder
    private let logger: Logger
    private let beginning: @Sendable () async -> Void
    private let onListening: @Sendable (String) async -> Void
    private let closing = Closing()

    /// - Parameters:
    ///   - owner: whom an access key belongs to, and what it is bound to; nil for one that is not there.
    ///   - beginning: waited for before the address is taken; cancelled when the service shall end.
    ///   - onListening: called with the address once requests are taken.
    /// - Throws: `.invalidValue` when the certificate or its key cannot be used.
    package init(
        _ service: RekognitionService, verifier: SigV4Verifier,
        owner: @escaping @Sendable (String) async throws -> KeyOwner?, settings: Settings, logger: Logger,
        beginning: @escaping @Sendable () async -> Void = {}, onListening: @escaping @Sendable (String) async -> Void
    ) throws {
        self.settings = settings
        self.logger = logger
        self.beginning = beginning
        self.onListening = onListening
        responder = RekognitionResponder(
            service: service, verifier: verifier, owner: owner,
            admission: Admission(.init(requests: settings.requests)),
            reader: RequestBodyReader(patience: .seconds(Int64(settings.bodySeconds))),
            isReady: { [closing] in !closing.hasBegun })
        let plain = HTTPServerBuilder.bounded(idleTimeout: .seconds(Int64(settings.idleSeconds)))
        server = try settings.certificate.map { try Self.tls(plain, chain: $0.chain, key: $0.key) } ?? plain
    }

    private static func tls(_ plain: HTTPServerBuilder, chain: String, key: String) throws -> HTTPServerBuilder {
        do {
            let certificates = try NIOSSLCertificate.fromPEMFile(chain).map(NIOSSLCertificateSource.certificate)
            let key = try NIOSSLPrivateKey(file: key, format: .pem)
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: certificates, privateKey: .privateKey(key))
            configuration.minimumTLSVersion = .tlsv12
            return try .tls(plain, tlsConfiguration: configuration)
        } catch {
            throw RecognitionError(
                .invalidValue,
                "The TLS certificate \(chain) and its key cannot be used; both are PEM files, and the key belongs to the first certificate.",
                detail: "\(error)")
        }
    }

    /// Waits for its beginning, and serves until it is told to shut down, and then finishes what it has taken.
    /// - Throws: `.storageUnavailable` when the address cannot be had.
    package func run() async throws {
        await cancelWhenGracefulShutdown { [beginning] in await beginning() }
        try Task.checkCancellation()
        let scheme = settings.certificate == nil ? "http" : "https"
        let application = Application(
            responder: responder, server: server,
            configuration: .init(
                address: .hostname(settings.host, port: settings.port), serverName: "Countenance", backlog: 1_024,
                availableConnectionsDelegate: .maximum(settings.connections, logger: logger)),
            onServerRunning: { [onListening] channel in
                guard let address = channel.localAddress, let port = address.port else { return }
                let host = address.ipAddress ?? "localhost"
                await onListening("\(scheme)://\(host.contains(":") ? "[\(host)]" : host):\(port)")
            }, logger: logger)
        do {
            try await withGracefulShutdownHandler {
                try await application.run()
            } onGracefulShutdown: { [closing] in closing.begin() }
        } catch let error as IOError {
            throw RecognitionError(
                .invalidValue,
                "The service cannot listen on \(settings.host):\(settings.port); choose another address with --listen.",
                detail: error.description)
        }
    }
}

/// Whether the service has begun to close.
private final class Closing: Sendable {
    private let state = Atomic(false)
    var hasBegun: Bool { state.load(ordering: .acquiring) }
    func begin() { state.store(true, ordering: .releasing) }
}
