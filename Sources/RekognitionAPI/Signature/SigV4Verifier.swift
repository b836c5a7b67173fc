import Crypto
package import Foundation

// ────────────────────────────────────────────────────────────────────────────────────────────────────
// THE SERVICE'S SECURITY RESTS ON THIS FILE. Whoever gets past `verify` may search and change galleries.
// It is read, changed and reviewed alone. Documentation/Architecture.md says what it must uphold.
// ────────────────────────────────────────────────────────────────────────────────────────────────────

/// Who says to be calling, before the body was read: form, scope, clock and key are right; the signature was not
/// looked at.
package struct SignatureClaim: Sendable {
    fileprivate let head: CheckedHead

    package var accessKeyID: String { head.authorization.accessKeyID }
    package var scope: CredentialScope { head.authorization.scope }
    package var signedHeaders: Set<String> { Set(head.authorization.signedHeaders) }
    package var time: Date { head.time.date }
}

/// A request's head in which all is right that needs neither its key nor its body.
private struct CheckedHead: Sendable {
    /// Its body counts for nothing.
    let request: SignedRequest
    let authorization: AuthorizationHeader
    let time: SignatureTime
    let headers: CanonicalRequest.Headers
}

/// Who is calling: the holder of the key signed this very request.
package struct VerifiedCaller: Sendable, Hashable {
    package let accessKeyID: String
    /// The region that the caller signed for.
    package let region: String
    /// The names, in lower case, of the headers that the signature covers; trust no other.
    package let signedHeaders: Set<String>
    /// When the request was signed, by the caller's clock.
    package let time: Date

    // Only this file makes one.
    fileprivate init(_ authorization: AuthorizationHeader, _ time: SignatureTime) {
        accessKeyID = authorization.accessKeyID
        region = authorization.scope.region
        signedHeaders = Set(authorization.signedHeaders)
        self.time = time.date
    }
}

/// Verifies AWS Signature Version 4 in its header form, in full.
///
/// What must hold, all of it, or a ``SignatureError`` is thrown:
/// - one `Authorization` header of a sound form, and no presigned query beside it;
/// - no header twice; `host` and the date signed; every `x-amz-` and `x-countenance-` header signed;
/// - the scope: the day of the request's date, the region where one is set, the service, the terminator;
/// - the clock: no more than `tolerance` from ours, either way. Within it a request can be sent again: what must not
///   happen twice has a `ClientRequestToken`;
/// - no session token, as none is issued here;
/// - `x-amz-content-sha256`, where sent, is the body's hash;
/// - the key is known, and its signature of exactly these bytes is the one sent, compared in constant time.
///
/// The body counts as it is given: hand in the bytes as they came, before any decoding. `host` is signed but any host
/// is taken, as callers reach a service by many names.
package struct SigV4Verifier: Sendable {
    private let region: String?
    private let service: String
    private let tolerance: Duration
    private let now: @Sendable () -> Date
    private let secret: @Sendable (String) async throws -> String?
    private let cache = SigningKeyCache()

    /// - Parameters:
    ///   - region: The only region taken, or nil for any of a sound form.
    ///   - now: This machine's clock.
    ///   - secret: The secret of an access key id; nil when there is none, or it is disabled. Asked for each request.
    ///     What it throws is passed on.
    package init(
        region: String?, service: String = "rekognition", tolerance: Duration = .seconds(300),
        now: @escaping @Sendable () -> Date = { Date() }, secret: @escaping @Sendable (String) async throws -> String?
    ) {
        self.region = region
        self.service = service
        self.tolerance = tolerance
        self.now = now
        self.secret = secret
    }

    /// A cheap first look at a request without its body, so that no stranger's body is read. Throws what ``verify(_:)``
    /// would.
    package func claim(_ request: SignedRequest) async throws -> SignatureClaim {
        let head = try check(request)
        guard try await secret(head.authorization.accessKeyID) != nil else { throw Self.unknownKey }
        return SignatureClaim(head: head)
    }

    /// Who signed the request of a claim, now that its body is here. Throws ``SignatureError``, also where the key or the
    /// time has run out since.
    package func verify(_ claim: SignatureClaim, body: HashedBody) async throws -> VerifiedCaller {
        try checkClock(claim.head.time)
        return try conclude(examine(claim.head, body.digest), secret: await secret(claim.accessKeyID))
    }

    /// Who signed `request`, all of which is here. Throws ``SignatureError``. Costs a SHA-256 of the body.
    package func verify(_ request: SignedRequest) async throws -> VerifiedCaller {
        let examined = try examine(request)
        return try conclude(examined, secret: await secret(examined.authorization.accessKeyID))
    }

    /// A request of which all is right but, perhaps, who signed it.
    struct Examined {
        let authorization: AuthorizationHeader
        fileprivate let time: SignatureTime
        fileprivate let canonical: CanonicalRequest
    }

    /// The half of ``verify(_:)`` before the secret is asked for.
    func examine(_ request: SignedRequest) throws -> Examined {
        try examine(check(request), SHA256.hash(data: request.body))
    }

    private func examine(_ head: CheckedHead, _ body: SHA256Digest) throws -> Examined {
        let canonical = try CanonicalRequest(
            of: head.request, body: body, headers: head.headers, signedHeaders: head.authorization.signedHeaders,
            service: service)
        if let hash = head.headers["x-amz-content-sha256"], hash != canonical.bodyHash {
            throw SignatureError.invalid(
                "The header 'x-amz-content-sha256' is not the SHA-256 of the request's body in lower-case hexadecimal.")
        }
        return Examined(authorization: head.authorization, time: head.time, canonical: canonical)
    }

    /// The half of ``verify(_:)`` after it.
    func conclude(_ examined: Examined, secret: String?) throws -> VerifiedCaller {
        let (authorization, time) = (examined.authorization, examined.time)
        let (id, scope) = (authorization.accessKeyID, authorization.scope)
        guard let secret else { throw Self.unknownKey }
        let cached = cache.key(of: id, secret: secret, scope: scope)
        let key = cached ?? SigningKey(secret: secret, scope: scope)
        guard key.isValid(authorization.signature, of: examined.canonical, at: time, scope: scope) else {
            throw Self.wrongSignature
        }
        if cached == nil { cache.keep(key, of: id, secret: secret, scope: scope) }
        return VerifiedCaller(authorization, time)
    }

    /// All that needs neither key nor body.
    private func check(_ request: SignedRequest) throws -> CheckedHead {
        let headers = try CanonicalRequest.Headers(request.headers)
        let isPresigned = Self.isPresigned(request.query)
        guard let value = headers["authorization"] else {
            throw SignatureError.missing(
                isPresigned
                    ? "Presigned requests are not taken: send the signature in the Authorization header."
                    : "Missing Authentication Token: sign the request with an access key (AWS Signature Version 4).")
        }
        guard !isPresigned else {
            throw SignatureError.invalid("A request is signed once: in the Authorization header, not in the query.")
        }
        let authorization = try AuthorizationHeader(parsing: value)
        let time = try Self.time(headers)
        try checkSignedHeaders(Set(authorization.signedHeaders), headers)
        try checkScope(authorization.scope, time)
        try checkClock(time)
        guard headers["x-amz-security-token"] == nil else {
            throw SignatureError.unrecognized(
                "The security token included in the request is invalid: session tokens are not issued here.")
        }
        return CheckedHead(request: request, authorization: authorization, time: time, headers: headers)
    }

    private static func isPresigned(_ query: String) -> Bool {
        query.utf8.split(separator: UInt8(ascii: "&")).contains { pair in
            let name = HeaderName.lowered(String(Substring(pair.prefix { $0 != UInt8(ascii: "=") })))
            return ["x-amz-signature", "x-amz-algorithm", "x-amz-credential"].contains(name)
        }
    }

    /// `x-amz-date` goes before `date`, as AWS has it.
    private static func time(_ headers: CanonicalRequest.Headers) throws -> SignatureTime {
        if let text = headers["x-amz-date"] {
            guard let time = SignatureTime(basic: text) else {
                throw SignatureError.incomplete(
                    "Date must be in ISO-8601 'basic format': X-Amz-Date: YYYYMMDDTHHMMSSZ.")
            }
            return time
        }
        guard let text = headers["date"] else {
            throw SignatureError.incomplete(
                "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
        }
        guard let time = SignatureTime(http: text) ?? SignatureTime(basic: text) else {
            throw SignatureError.incomplete("The header 'Date' is not a date in HTTP's form.")
        }
        return time
    }

    private func checkSignedHeaders(_ signed: Set<String>, _ headers: CanonicalRequest.Headers) throws {
        guard headers["host"] != nil, signed.contains("host") else {
            throw SignatureError.invalid("'Host' must be in the request and a 'SignedHeader' in the AWS Authorization.")
        }
        guard !signed.contains("authorization") else {
            throw SignatureError.incomplete("The header 'authorization' cannot sign itself.")
        }
        let mustBeSigned = headers.names.filter { $0.hasPrefix("x-amz-") || $0.hasPrefix("x-countenance-") }
        for name in mustBeSigned where !signed.contains(name) {
            throw SignatureError.invalid("The header '\(name)' must be a 'SignedHeader' in the AWS Authorization.")
        }
        // The one that counts: `time` has looked whether there is one.
        guard signed.contains(headers["x-amz-date"] == nil ? "date" : "x-amz-date") else {
            throw SignatureError.invalid("'X-Amz-Date' or 'Date' must be a 'SignedHeader' in the AWS Authorization.")
        }
        for name in signed where headers[name] == nil {
            throw SignatureError.invalid("The header '\(name)' is signed but is not in the request.")
        }
    }

    private func checkScope(_ scope: CredentialScope, _ time: SignatureTime) throws {
        if let region, scope.region != region {
            throw SignatureError.invalid(
                "Credential should be scoped to a valid region, not '\(scope.region)': '\(region)'.")
        }
        guard scope.service == service else {
            throw SignatureError.invalid("Credential should be scoped to correct service: '\(service)'.")
        }
        guard scope.day == time.day else {
            throw SignatureError.invalid(
                "Date in Credential scope does not match the request's date: '\(scope.day)' != '\(time.day)'.")
        }
    }

    private func checkClock(_ time: SignatureTime) throws {
        let now = now()
        let allowed = Double(tolerance.components.seconds) + Double(tolerance.components.attoseconds) * 1e-18
        let age = now.timeIntervalSince1970 - Double(time.seconds)
        // Said so that a clock that is no number lets nobody in.
        guard age >= -allowed && age <= allowed else {
            let minutes = "\(tolerance.components.seconds / 60) min."
            throw SignatureError.invalid(
                age > 0
                    ? "Signature expired: \(time.text) is now earlier than "
                        + "\(SignatureTime(now.addingTimeInterval(-allowed)).text) "
                        + "(\(SignatureTime(now).text) - \(minutes))"
                    : "Signature not yet current: \(time.text) is still later than "
                        + "\(SignatureTime(now.addingTimeInterval(allowed)).text) "
                        + "(\(SignatureTime(now).text) + \(minutes))")
        }
    }

    private static let unknownKey = SignatureError.unrecognized(
        "The security token included in the request is invalid: no such access key, or it is disabled.")
    private static let wrongSignature = SignatureError.invalid(
        "The request signature we calculated does not match the signature you provided. "
            + "Check your AWS Secret Access Key and signing method.")
}
