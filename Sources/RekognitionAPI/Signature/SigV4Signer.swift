import Crypto
package import Foundation

/// A key to sign with.
package struct AccessCredentials: Sendable, Hashable, CustomStringConvertible {
    package let accessKeyID: String
    package let secretAccessKey: String
    package let sessionToken: String?

    package init(accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
    }

    /// The id alone.
    package var description: String { accessKeyID }
}

/// Signs requests to a service with AWS Signature Version 4, in the header form.
package struct SigV4Signer: Sendable {
    private let credentials: AccessCredentials
    private let region: String
    private let service: String

    package init(credentials: AccessCredentials, region: String, service: String) {
        self.credentials = credentials
        self.region = region
        self.service = service
    }

    /// `request` with its date and signature, and for `s3` its body's hash; each header that it has is signed, but for
    /// those that connections add and change.
    ///
    /// - Parameter request: With `host`; its path as it will be sent.
    /// - Throws: ``SignatureError`` when it has no canonical form: a header twice, no host, line breaks.
    package func signed(_ request: SignedRequest, at date: Date) throws -> SignedRequest {
        let time = SignatureTime(date)
        var signed = request
        signed.headers.append(("X-Amz-Date", time.text))
        let body = SHA256.hash(data: request.body)
        if service == "s3" { signed.headers.append(("X-Amz-Content-SHA256", body.hex)) }
        if let token = credentials.sessionToken { signed.headers.append(("X-Amz-Security-Token", token)) }
        let headers = try CanonicalRequest.Headers(signed.headers)
        guard headers["host"] != nil, headers["authorization"] == nil else {
            throw SignatureError.incomplete("A request to be signed has a host and no signature.")
        }
        let names = headers.names.filter { !Self.unsigned.contains($0) }
        let canonical = try CanonicalRequest(
            of: signed, body: body, headers: headers, signedHeaders: names, service: service)
        let scope = CredentialScope(day: time.day, region: region, service: service)
        let signature = SigningKey(secret: credentials.secretAccessKey, scope: scope)
            .signature(of: canonical, at: time, scope: scope)
        signed.headers.append(
            (
                "Authorization",
                "\(AuthorizationHeader.algorithm) Credential=\(credentials.accessKeyID)/\(scope.text), "
                    + "SignedHeaders=\(names.joined(separator: ";")), Signature=\(signature.hex)"
            ))
        return signed
    }

    private static let unsigned: Set<String> = [
        "connection", "expect", "te", "transfer-encoding", "upgrade", "user-agent", "x-amzn-trace-id",
    ]
}
