import Foundation
import Testing

@testable import RekognitionAPI

/// Requests that others signed; Vectors/README.md says who.
enum SignatureVectors {
    struct Suite: Decodable {
        struct Case: Decodable, CustomTestStringConvertible {
            let name, method, path, query, body, expect: String
            let headers: [[String]]

            var testDescription: String { name }
            var request: SignedRequest {
                SignedRequest(
                    method: method, path: path, query: query, headers: headers.map { ($0[0], $0[1]) },
                    body: Data(body.utf8))
            }
        }
        let accessKeyID, secretAccessKey, region, service, time: String
        let cases: [Case]
    }

    static let suite: Suite = {
        do { return try JSONDecoder().decode(Suite.self, from: data("aws-c-auth/header-form.json")) } catch {
            preconditionFailure("\(error)")
        }
    }()

    /// What boto3 and the AWS CLI sent to Rekognition's API.
    static let clientRequests = [
        "boto3-create-collection", "boto3-detect-faces", "boto3-list-faces", "boto3-search-faces", "cli-create-user",
        "cli-index-faces", "cli-list-collections",
    ]
    static let clientKey = AccessCredentials(
        accessKeyID: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    static let clientRegion = "eu-central-1"
    static let clientTime = "20261126T110000Z"

    /// A request as it came over the wire.
    static func captured(_ name: String) throws -> SignedRequest {
        let data = try data("clients/\(name).http")
        let end = try #require(data.range(of: Data("\r\n\r\n".utf8)))
        let lines = String(decoding: data[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        let start = lines[0].split(separator: " ")
        let target = start[1].split(separator: "?", maxSplits: 1)
        return SignedRequest(
            method: String(start[0]), path: String(target[0]), query: target.count > 1 ? String(target[1]) : "",
            headers: lines.dropFirst().map { line in
                let parts = line.split(separator: ":", maxSplits: 1)
                return (String(parts[0]), String(parts[1]))
            }, body: Data(data[end.upperBound...]))
    }

    private static func data(_ path: String) throws -> Data {
        try Data(contentsOf: Bundle.module.bundleURL.appendingPathComponent("Vectors/\(path)"))
    }
}

extension SigV4Verifier {
    /// Knows one key; its clock stands at `time`.
    init(
        key: AccessCredentials = SignatureVectors.clientKey, region: String? = SignatureVectors.clientRegion,
        service: String = "rekognition", time: String = SignatureVectors.clientTime, later seconds: Double = 0
    ) throws {
        let now = try #require(SignatureTime(basic: time)).date.addingTimeInterval(seconds)
        self.init(region: region, service: service, now: { now }) { id in
            id == key.accessKeyID ? key.secretAccessKey : nil
        }
    }

    /// What `verify` throws; nil when it takes the request. In two steps, as the service goes, it must come to the same.
    func refusal(of request: SignedRequest) async throws -> SignatureError? {
        func error(_ verify: () async throws -> VerifiedCaller) async throws -> (SignatureError?, VerifiedCaller?) {
            do { return (nil, try await verify()) } catch let error as SignatureError { return (error, nil) }
        }
        let (refusal, caller) = try await error { try await verify(request) }
        var head = request
        head.body = Data("not looked at".utf8)
        let (stepwise, sameCaller) = try await error { try await verify(claim(head), body: HashedBody(request.body)) }
        #expect(stepwise == refusal && sameCaller == caller)
        return refusal
    }
}

extension HashedBody {
    /// As it may arrive: in two parts.
    init(_ bytes: Data) {
        self.init()
        for part in [bytes.prefix(bytes.count / 3), bytes.dropFirst(bytes.count / 3)] {
            part.withUnsafeBytes { append($0) }
        }
    }
}

extension SignedRequest {
    subscript(name: String) -> String? {
        get { headers.first { $0.name.lowercased() == name }?.value }
        set {
            headers.removeAll { $0.name.lowercased() == name }
            if let newValue { headers.append((name, newValue)) }
        }
    }

    /// A small request to our API, signed with our own signer: for what no client would send. That the signer is right
    /// is shown with others' vectors in SigV4SignerTests.
    static func signed(
        headers: [Header] = [], body: String = "{}", query: String = "", region: String = SignatureVectors.clientRegion,
        service: String = "rekognition", at time: String = SignatureVectors.clientTime,
        key: AccessCredentials = SignatureVectors.clientKey
    ) throws -> SignedRequest {
        let request = SignedRequest(
            method: "POST", path: "/", query: query,
            headers: [("Host", "localhost"), ("X-Amz-Target", "RekognitionService.ListCollections")] + headers,
            body: Data(body.utf8))
        return try SigV4Signer(credentials: key, region: region, service: service)
            .signed(request, at: #require(SignatureTime(basic: time)).date)
    }
}
