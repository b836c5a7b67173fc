import AsyncHTTPClient
package import Foundation
import NIOCore
import NIOHTTP1
import NIOSSL
import Synchronization

/// Asks an endpoint that speaks Rekognition's API, as any client does: signed, no faster than it was told to, and again
/// after what passes by itself.
///
/// Used to measure systems from outside. Knows nothing of what is behind the endpoint.
package struct RekognitionClient: Sendable {
    package struct Settings: Sendable {
        /// `https://host` or `http://host:port`; a path is not used.
        package var endpoint: URL
        package var region: String
        package var credentials: AccessCredentials
        /// Above 0.
        package var requestsPerSecond: Double
        /// How often a request is sent at the most: for ten seconds or so, and the time that its answers take.
        package var attempts = 6
        /// Before the second attempt; twice as long before each further one, and up to half as much again by chance.
        package var pause: Duration = .milliseconds(250)
        /// For an answer whole, its body included.
        package var timeout: Duration = .seconds(60)

        package init(endpoint: URL, region: String, credentials: AccessCredentials, requestsPerSecond: Double) {
            self.endpoint = endpoint
            self.region = region
            self.credentials = credentials
            self.requestsPerSecond = requestsPerSecond
        }
    }

    /// The most bytes of a photograph that a request may bring.
    package static let maximumPhotographBytes = ImageSource.maximumBytes
    /// More than 4,096 candidates take.
    private static let maximumAnswerBytes = 16 << 20

    private let settings: Settings
    private let address: String
    private let host: String
    private let pace: RequestPace
    private let counts = Counts()

    /// One for the process, as connections are kept. No redirect is followed: a signed request is for the one it was
    /// signed for.
    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: .seconds(10), read: .seconds(60)), decompression: .disabled)
        configuration.httpVersion = .http1Only
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    /// - Throws: ``RekognitionFailure`` when the endpoint is no address.
    package init(_ settings: Settings) throws {
        guard let parts = URLComponents(url: settings.endpoint, resolvingAgainstBaseURL: false),
            let scheme = parts.scheme, let name = parts.percentEncodedHost, !name.isEmpty
        else { throw RekognitionFailure(name: "no-address", isTransient: false) }
        let port = parts.port.flatMap { $0 == (scheme == "https" ? 443 : 80) ? nil : ":\($0)" } ?? ""
        self.settings = settings
        host = name + port
        address = "\(scheme)://\(host)"
        pace = RequestPace(requestsPerSecond: settings.requestsPerSecond)
    }

    /// How many requests were sent.
    package var calls: Int { counts.calls.load(ordering: .relaxed) }
    /// What made requests be sent again: how often each failure came.
    package var setbacks: [String: Int] { counts.setbacks.withLock { $0 } }

    /// - Throws: ``RekognitionFailure``, of the last attempt; `CancellationError`.
    func ask<Answer: Decodable & Sendable>(
        _ operation: Operation, _ question: some Encodable & Sendable, as _: Answer.Type = Answer.self
    ) async throws -> Answer {
        let body = try ServiceJSON.encode(question)
        var pause = settings.pause
        var attempt = 1
        while true {
            try await pace.turn()
            do { return try await send(operation, body) } catch let failure as RekognitionFailure {
                guard failure.isTransient else { throw failure }
                counts.setbacks.withLock { $0[failure.name, default: 0] += 1 }
                guard attempt < settings.attempts else { throw failure }
            }
            // Not all at the same moment.
            try await Task.sleep(for: pause * Double.random(in: 1...1.5))
            pause = min(pause * 2, .seconds(20))
            attempt += 1
        }
    }

    private func send<Answer: Decodable & Sendable>(_ operation: Operation, _ body: Data) async throws -> Answer {
        let signed = try SigV4Signer(credentials: settings.credentials, region: settings.region, service: "rekognition")
            .signed(
                SignedRequest(
                    method: "POST", path: "/",
                    headers: [
                        ("Host", host), ("Content-Type", "application/x-amz-json-1.1"),
                        ("X-Amz-Target", "RekognitionService.\(operation.rawValue)"),
                    ], body: body), at: Date())
        var request = HTTPClientRequest(url: address + "/")
        request.method = .POST
        for header in signed.headers { request.headers.add(name: header.name, value: header.value) }
        request.body = .bytes(ByteBuffer(bytes: body))
        counts.calls.add(1, ordering: .relaxed)
        do {
            return try await within(settings.timeout) { [request] in
                let answer = try await Self.client.execute(request, deadline: .distantFuture)
                let bytes = try await answer.body.collect(upTo: Self.maximumAnswerBytes)
                return try Self.read(status: Int(answer.status.code), Data(bytes.readableBytesView))
            }
        } catch let failure as RekognitionFailure { throw failure } catch is TimedOut {
            throw RekognitionFailure(name: "timed-out", isTransient: true)
        } catch is NIOTooManyBytesError {
            throw RekognitionFailure(name: "not-understood", isTransient: true)
        } catch {
            try Task.checkCancellation()
            // A certificate that is not trusted now will not be a moment later.
            let isOfTLS = error is NIOSSLError || error is NIOSSLExtraError || error is BoringSSLError
            throw RekognitionFailure(name: isOfTLS ? RekognitionFailure.notTrusted : "unreachable", isTransient: !isOfTLS)
        }
    }

    /// An answer's members, or the failure that it tells of.
    static func read<Answer: Decodable>(status: Int, _ body: Data) throws -> Answer {
        if status == 200 {
            do { return try ServiceJSON.decode(Answer.self, from: body) } catch {
                throw RekognitionFailure(name: "not-understood", isTransient: true)
            }
        }
        throw RekognitionFailure(status: status, body)
    }

    private final class Counts: Sendable {
        let calls = Atomic(0)
        let setbacks = Mutex<[String: Int]>([:])
    }
}

/// Why a request was not answered as hoped.
package struct RekognitionFailure: Error, Sendable, Hashable {
    /// The name of a failure to agree on TLS.
    package static let notTrusted = "not-trusted"

    /// The exception's name, as AWS has it; or `timed-out`, `unreachable`, `not-trusted`, `not-understood`, `no-address`,
    /// `status-503`.
    package let name: String
    /// Whether the same request may be answered a little later.
    package let isTransient: Bool

    package init(name: String, isTransient: Bool) {
        self.name = name
        self.isTransient = isTransient
    }

    private static let passing: Set<String> = [
        "ThrottlingException", "ProvisionedThroughputExceededException", "InternalServerError", "RequestTimeoutException",
        "ServiceUnavailableException", "TooManyRequestsException",
    ]

    /// - Parameter body: AWS JSON 1.1's: the name in `__type`, perhaps behind a name space and before an address
    ///   (https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html).
    init(status: Int, _ body: Data) {
        struct Told: Decodable { let __type: String? }
        let told = (try? JSONDecoder().decode(Told.self, from: body))?.__type
        let word = told.map { $0.prefix { $0 != ":" } }.flatMap { $0.split(separator: "#").last }
        // A name is letters. What else a stranger may send is not repeated.
        if let word, word.utf8.count <= 64, word.utf8.allSatisfy({ (0x41...0x5A).contains($0 & 0xDF) }) {
            name = String(word)
        } else {
            name = "status-\(status)"
        }
        isTransient = Self.passing.contains(name) || status >= 500 || status == 429
    }
}
