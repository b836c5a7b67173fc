import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// Objects of a service that speaks S3, got one by one with signed requests.
struct EndpointBucket: Sendable {
    let address: URL
    let credentials: AccessCredentials
    let region: String
    /// For the answer whole, its body included.
    let timeout: Duration

    /// One for the process, as connections are kept; lives as long as it. No redirect is followed: a signed request is
    /// for the one it was signed for, and an answer must not send us round the operator's network.
    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: .seconds(5), read: .seconds(10)), decompression: .disabled)
        configuration.httpVersion = .http1Only
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    /// The bytes of `key`, at most `limit`. Throws ``BucketError``.
    func photograph(_ key: ObjectKey, version: String?, limit: Int) async throws -> Data {
        let (url, signed) = try request(key, version: version, at: Date())
        var request = HTTPClientRequest(url: url)
        for header in signed.headers { request.headers.add(name: header.name, value: header.value) }
        do {
            return try await within(timeout) { [request] in
                let answer = try await Self.client.execute(request, deadline: .distantFuture)
                try Self.check(answer.status.code)
                if let length = answer.headers.first(name: "content-length").flatMap({ Int($0) }), length > limit {
                    throw BucketError.tooLarge(limit)
                }
                var data = Data()
                for try await piece in answer.body {
                    guard data.count + piece.readableBytes <= limit else { throw BucketError.tooLarge(limit) }
                    data.append(contentsOf: piece.readableBytesView)
                }
                return data
            }
        } catch let error as BucketError { throw error } catch {
            try Task.checkCancellation()
            throw BucketError(
                .unavailable, "The bucket's endpoint did not answer; try again, or ask its operator.",
                detail: "\(address.host() ?? ""): \(error)")
        }
    }

    /// What is sent, and where to. S3 signs the path as it is sent, encoded once.
    func request(_ key: ObjectKey, version: String?, at date: Date) throws -> (url: String, SignedRequest) {
        guard let parts = URLComponents(url: address, resolvingAgainstBaseURL: false), let scheme = parts.scheme,
            let host = parts.percentEncodedHost
        else { throw BucketError(.unavailable, "The bucket's address is none; its operator can repair it.") }
        let port = parts.port.flatMap { $0 == (scheme == "https" ? 443 : 80) ? nil : ":\($0)" } ?? ""
        let base = parts.percentEncodedPath
        let path = (base.hasSuffix("/") ? base : base + "/") + key.encodedPath
        let query = version.map { "versionId=" + PercentEncoding.encode($0.utf8) } ?? ""
        let request = SignedRequest(method: "GET", path: path, query: query, headers: [("Host", host + port)])
        let signed = try SigV4Signer(credentials: credentials, region: region, service: "s3").signed(request, at: date)
        return ("\(scheme)://\(host)\(port)\(path)" + (query.isEmpty ? "" : "?" + query), signed)
    }

    private static func check(_ status: UInt) throws {
        switch status {
        case 200: break
        case 404: throw BucketError.noObject
        case 401, 403:
            throw BucketError(.notPermitted, "The bucket's endpoint refuses the object, or has none of that name.")
        case 300..<400:
            throw BucketError(.unavailable, "The bucket is elsewhere (status \(status)); its operator can repair it.")
        case 400..<500:
            throw BucketError(.notFound, "The bucket's endpoint has no such object or version (status \(status)).")
        default: throw BucketError(.unavailable, "The bucket's endpoint failed (status \(status)); try again.")
        }
    }
}
