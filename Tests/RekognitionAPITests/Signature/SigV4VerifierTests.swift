import Crypto
import Foundation
import Testing

@testable import RekognitionAPI

@Suite("Signature Version 4, against what others signed") struct SigV4VerifierVectorTests {
    @Test(
        "Each case of AWS's own suite is taken, or is refused for what we refuse",
        arguments: SignatureVectors.suite.cases)
    func suite(_ vector: SignatureVectors.Suite.Case) async throws {
        let suite = SignatureVectors.suite
        let verifier = try SigV4Verifier(
            key: .init(accessKeyID: suite.accessKeyID, secretAccessKey: suite.secretAccessKey), region: suite.region,
            service: suite.service, time: suite.time)
        let refusal = try await verifier.refusal(of: vector.request)
        switch vector.expect {
        case "valid": #expect(refusal == nil)
        case "twice": #expect(refusal?.message.contains("twice") == true)
        case "session-token": #expect(refusal?.code == .unrecognizedClient)
        case "line-break": #expect(refusal?.message.contains("line break") == true)
        default: Issue.record("An expectation that is none: \(vector.expect)")
        }
    }

    @Test("What boto3 and the AWS CLI sent is taken", arguments: SignatureVectors.clientRequests)
    func clients(_ name: String) async throws {
        let request = try SignatureVectors.captured(name)
        let caller = try await SigV4Verifier().verify(request)
        #expect(caller.accessKeyID == SignatureVectors.clientKey.accessKeyID)
        #expect(caller.region == "eu-central-1")
        #expect(caller.signedHeaders == ["content-type", "host", "x-amz-date", "x-amz-target"])
        #expect(SignatureTime(caller.time).text == SignatureVectors.clientTime)
        let claim = try await SigV4Verifier().claim(request)
        #expect(claim.accessKeyID == caller.accessKeyID && claim.time == caller.time)
        #expect(claim.signedHeaders == caller.signedHeaders)
        #expect(try await SigV4Verifier(region: nil).refusal(of: request) == nil, "Any region, when none is set")
    }

    @Test("What boto3 sent to S3 is taken by S3's rules and by no others")
    func s3() async throws {
        let request = try SignatureVectors.captured("boto3-s3-get-object")
        #expect(try await SigV4Verifier(service: "s3").refusal(of: request) == nil)
        #expect(try await SigV4Verifier().refusal(of: request)?.code == .invalidSignature)
    }
}

@Suite("Signature Version 4, what is refused") struct SigV4VerifierTests {
    @Test(
        "The clock may be five minutes off, either way", arguments: [-301, -300.5, -300, -299, 0, 299, 300, 300.5, 301])
    func clock(_ seconds: Double) async throws {
        let request = try SignatureVectors.captured("cli-list-collections")
        let refusal = try await SigV4Verifier(later: seconds).refusal(of: request)
        if abs(seconds) <= 300 {
            #expect(refusal == nil)
        } else {
            #expect(refusal?.code == .invalidSignature)
            #expect(refusal?.message.hasPrefix(seconds > 0 ? "Signature expired" : "Signature not yet current") == true)
            await #expect(throws: try #require(refusal)) {
                try await SigV4Verifier(later: seconds).claim(request)
            }
        }
    }

    @Test("An expired signature is told as AWS tells it") func expired() async throws {
        let request = try SignatureVectors.captured("cli-list-collections")
        #expect(
            try await SigV4Verifier(later: 600).refusal(of: request)?.message
                == "Signature expired: 20261126T110000Z is now earlier than 20261126T110500Z (20261126T111000Z - 5 min.)"
        )
    }

    @Test("A clock that is no number lets nobody in", arguments: [Double.nan, .infinity, -.infinity])
    func brokenClock(_ seconds: Double) async throws {
        let request = try SignatureVectors.captured("cli-list-collections")
        #expect(try await SigV4Verifier(later: seconds).refusal(of: request)?.code == .invalidSignature)
    }

    @Test("A valid signature for another region, service, day or key is refused") func scope() async throws {
        let verifier = try SigV4Verifier()
        #expect(try await verifier.refusal(of: .signed()) == nil)
        #expect(try await verifier.refusal(of: .signed(region: "us-east-1"))?.message.contains("region") == true)
        #expect(try await verifier.refusal(of: .signed(service: "s3"))?.message.contains("service") == true)
        let other = AccessCredentials(accessKeyID: "AKIAOTHER", secretAccessKey: "secret")
        #expect(try await verifier.refusal(of: .signed(key: other))?.code == .unrecognizedClient)
        let wrong = AccessCredentials(
            accessKeyID: SignatureVectors.clientKey.accessKeyID, secretAccessKey: "another secret")
        #expect(try await verifier.refusal(of: .signed(key: wrong))?.code == .invalidSignature)
        for (part, by, code) in [
            ("20261126/", "20261125/", SignatureError.Code.invalidSignature),
            ("aws4_request", "aws5_request", .invalidSignature),
            ("/aws4_request", "", .incompleteSignature), ("20261126/", "", .incompleteSignature),
            ("/rekognition", "", .incompleteSignature), ("/eu-central-1", "", .incompleteSignature),
            ("/eu-central-1", "/", .invalidSignature), ("/rekognition", "/", .invalidSignature),
            ("20261126/", "/", .invalidSignature),
            ("Credential=AKIAIOSFODNN7EXAMPLE", "Credential=", .unrecognizedClient),
            ("aws4_request", "aws4_request/more", .incompleteSignature),
            ("eu-central-1", "EU-CENTRAL-1", .invalidSignature),
        ] {
            var request = try SignedRequest.signed()
            request["authorization"] = request["authorization"]?.replacingOccurrences(of: part, with: by)
            #expect(try await verifier.refusal(of: request)?.code == code, "\(part) -> \(by)")
        }
    }

    @Test("Nothing, another scheme, or a part that is missing, is told by its name") func parts() async throws {
        let verifier = try SigV4Verifier()
        var request = try SignedRequest.signed()
        let whole = try #require(request["authorization"])
        request["authorization"] = nil
        #expect(try await verifier.refusal(of: request)?.code == .missingAuthenticationToken)
        let digest = String(whole.suffix(64))
        func with(_ part: String, _ by: String) -> String { whole.replacingOccurrences(of: part, with: by) }
        let none: [String] = ["", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 ", "Basic dTpw", "Bearer x", "\u{E9}" + whole]
        let algorithms: [String] = [with("4-", "3-"), with("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256")]
        let parts: [String] = [
            with("Signature=", "Sign="), with("SignedHeaders=", "X="), String(whole.dropLast(64 + 12)),
            whole + ", Signature=\(digest)", whole + ",",
        ]
        let names: [String] = [
            with("host;", ""), with("host;", "host;host;"), with("host;", "host;;"), with("host;", "Host;"),
            with("host;x-amz-date", "x-amz-date;host"), with("host;", "authorization;host;"),
            with("host;", "absent;host;"),
        ]
        let upper = String(whole.dropLast(64)) + digest.uppercased()
        let digits: [String] = [
            String(whole.dropLast()), String(whole.dropLast(2)), String(whole.dropLast(64)), whole + "0", whole + "00",
            upper,
            whole + "\u{301}", whole + String(repeating: "0", count: 5000),
        ]
        for text in none + algorithms + parts + names + digits {
            request["authorization"] = text
            let refusal = try await verifier.refusal(of: request)
            #expect(
                [.incompleteSignature, .invalidSignature].contains(refusal?.code),
                "\(text): \(String(describing: refusal))")
        }
        request["authorization"] = whole
        #expect(try await verifier.refusal(of: request) == nil)
    }

    @Test("Spaces between the parts, and their order, do not matter") func spaces() async throws {
        var request = try SignedRequest.signed()
        let whole = try #require(request["authorization"])
        for text in [
            whole.replacingOccurrences(of: ", ", with: ","), whole.replacingOccurrences(of: ", ", with: "  ,   "),
            "  " + whole + "  ", whole.replacingOccurrences(of: "SHA256 ", with: "SHA256    "),
        ] {
            request["authorization"] = text
            #expect(try await SigV4Verifier().refusal(of: request) == nil)
        }
        let parts = whole.dropFirst("AWS4-HMAC-SHA256 ".count).components(separatedBy: ", ")
        request["authorization"] = "AWS4-HMAC-SHA256 " + parts.reversed().joined(separator: ", ")
        #expect(try await SigV4Verifier().refusal(of: request) == nil)
        var padded = try SignedRequest.signed(headers: [("X-Countenance-Purpose", "a b")])
        padded["x-countenance-purpose"] = " \t a   b \t"
        #expect(try await SigV4Verifier().refusal(of: padded) == nil, "Outer blanks and runs of spaces are folded")
    }

    @Test("A header twice is refused, whichever it is", arguments: ["host", "x-amz-date", "authorization", "accept"])
    func twice(_ name: String) async throws {
        var request = try SignedRequest.signed(headers: [("Accept", "*/*")])
        #expect(try await SigV4Verifier().refusal(of: request) == nil)
        request.headers.append((name.uppercased(), request[name] ?? ""))
        #expect(try await SigV4Verifier().refusal(of: request)?.message.contains("twice") == true)
    }

    @Test("Each x-amz- and x-countenance- header must be signed; others need not be") func unsignedHeaders()
        async throws
    {
        let verifier = try SigV4Verifier()
        for name in ["X-Amz-Meta", "x-countenance-case", "X-COUNTENANCE-PURPOSE", "x-amz-content-sha256"] {
            var request = try SignedRequest.signed()
            request.headers.append((name, "x"))
            let refusal = try await verifier.refusal(of: request)
            #expect(refusal?.code == .invalidSignature && refusal?.message.contains("SignedHeader") == true, "\(name)")
            #expect(try await verifier.refusal(of: .signed(headers: [(name, "x")]))?.message.contains("Signed") != true)
        }
        var request = try SignedRequest.signed()
        request.headers += [("X-Amzn-Trace-Id", "Root=1"), ("User-Agent", "curl"), ("amz-sdk-request", "attempt=1")]
        #expect(try await verifier.refusal(of: request) == nil)
    }

    @Test("Host and a date must be there and be signed") func required() async throws {
        let verifier = try SigV4Verifier()
        var request = try SignedRequest.signed()
        request["host"] = nil
        #expect(try await verifier.refusal(of: request)?.message.contains("Host") == true)
        request = try .signed()
        request["x-amz-date"] = nil
        #expect(try await verifier.refusal(of: request)?.code == .incompleteSignature)
        request.headers.append(("Date", "Thu, 26 Nov 2026 11:00:00 GMT"))
        #expect(try await verifier.refusal(of: request)?.message.contains("must be a 'SignedHeader'") == true)
        for text in [
            "2026-11-26T11:00:00Z", "20261126T110000", "20261126T110000Zx", "+0261126T110000Z", "", "20261326T110000Z",
        ] {
            request = try .signed()
            request["x-amz-date"] = text
            #expect(try await verifier.refusal(of: request)?.code == .incompleteSignature, "\(text)")
        }
    }

    @Test("A request that is dated by HTTP's Date header is taken") func httpDate() async throws {
        // Put together by hand, as our signer always sends x-amz-date.
        var request = SignedRequest(
            method: "POST", path: "/", headers: [("Host", "localhost"), ("Date", "Thu, 26 Nov 2026 11:00:00 GMT")])
        let scope = CredentialScope(day: "20261126", region: "eu-central-1", service: "rekognition")
        let canonical = try CanonicalRequest(
            of: request, body: SHA256.hash(data: request.body), headers: .init(request.headers),
            signedHeaders: ["date", "host"], service: "rekognition")
        let time = try #require(SignatureTime(basic: SignatureVectors.clientTime))
        let signature = SigningKey(secret: SignatureVectors.clientKey.secretAccessKey, scope: scope)
            .signature(of: canonical, at: time, scope: scope)
        request.headers.append(
            (
                "Authorization",
                "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/\(scope.text), SignedHeaders=date;host, "
                    + "Signature=\(signature.hex)"
            ))
        #expect(try await SigV4Verifier().refusal(of: request) == nil)
        request["date"] = "Fri, 26 Nov 2026 11:00:00 GMT"
        #expect(try await SigV4Verifier().refusal(of: request)?.code == .incompleteSignature)
    }

    @Test("The body's hash, where it is sent, must be the body's; an unsigned body is none") func bodyHash()
        async throws
    {
        let verifier = try SigV4Verifier()
        let hash = SHA256.hash(data: Data("{}".utf8)).hex
        #expect(try await verifier.refusal(of: .signed(headers: [("x-amz-content-sha256", hash)])) == nil)
        for text in [
            "UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", hash.uppercased(), String(hash.dropLast()), "",
        ] {
            let refusal = try await verifier.refusal(of: .signed(headers: [("x-amz-content-sha256", text)]))
            #expect(refusal?.message.contains("x-amz-content-sha256") == true, "\(text)")
        }
        #expect(try await verifier.refusal(of: .signed(body: "")) == nil, "An empty body is one too")
        var request = try SignedRequest.signed(body: "")
        request.body = Data("{}".utf8)
        #expect(try await verifier.refusal(of: request)?.code == .invalidSignature)
    }

    @Test("Session tokens and presigned queries are refused in a sentence") func otherForms() async throws {
        let verifier = try SigV4Verifier()
        let session = AccessCredentials(
            accessKeyID: SignatureVectors.clientKey.accessKeyID,
            secretAccessKey: SignatureVectors.clientKey.secretAccessKey, sessionToken: "token")
        #expect(try await verifier.refusal(of: .signed(key: session))?.code == .unrecognizedClient)
        let query = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=00"
        let both = try SignedRequest.signed(query: query)
        #expect(try await verifier.refusal(of: both)?.message.contains("signed once") == true)
        var presigned = both
        presigned["authorization"] = nil
        let refusal = try await verifier.refusal(of: presigned)
        #expect(refusal?.code == .missingAuthenticationToken && refusal?.message.contains("Presigned") == true)
        await #expect(throws: try #require(refusal)) { try await verifier.claim(presigned) }
        #expect(try await verifier.refusal(of: .signed(query: "b=2&a=1&a=%20&c")) == nil)
        #expect(throws: SignatureError.self) { try SignedRequest.signed(query: "a=%2f") }
    }

    @Test("Too many headers, too long ones and line breaks are refused before any work") func bounds() async throws {
        let verifier = try SigV4Verifier()
        let hostile: [[SignedRequest.Header]] = [
            (0..<129).map { ("h\($0)", "") }, [("h", String(repeating: "x", count: 32_768))],
            [("h", "a\r\nx-amz-date: b")],
            [("h", "\0")], [("", "x")], [("h h", "x")], [("h\n", "x")], [("\u{212A}", "x")],
            [(String(repeating: "h", count: 129), "x")],
        ]
        for headers in hostile {
            var request = try SignedRequest.signed()
            request.headers += headers
            #expect(try await verifier.refusal(of: request)?.code == .incompleteSignature)
            await #expect(throws: SignatureError.self) { try await verifier.claim(request) }
        }
        var request = try SignedRequest.signed()
        request.path = "/" + String(repeating: "a", count: 8192)
        #expect(try await verifier.refusal(of: request)?.code == .invalidSignature)
    }

    @Test("A rotated secret counts at once, a disabled key too, and what a look-up throws is passed on")
    func lookUp() async throws {
        struct Down: Error, Equatable {}
        let now = try #require(SignatureTime(basic: SignatureVectors.clientTime)).date
        let secret = LockedSecret(SignatureVectors.clientKey.secretAccessKey)
        let verifier = SigV4Verifier(region: nil, now: { now }) { _ in try secret.value() }
        let request = try SignedRequest.signed()
        for _ in 0..<2 { #expect(try await verifier.refusal(of: request) == nil) }
        secret.set { "another" }
        #expect(try await verifier.refusal(of: request)?.code == .invalidSignature)
        let key = AccessCredentials(accessKeyID: SignatureVectors.clientKey.accessKeyID, secretAccessKey: "another")
        #expect(try await verifier.refusal(of: .signed(key: key)) == nil)
        let claim = try await verifier.claim(.signed(key: key))
        secret.set { nil }
        // It was disabled while the body came.
        await #expect(throws: SignatureError.self) {
            try await verifier.verify(claim, body: HashedBody(SignedRequest.signed(key: key).body))
        }
        #expect(try await verifier.refusal(of: request)?.code == .unrecognizedClient)
        await #expect(throws: SignatureError.self) { try await verifier.claim(request) }
        secret.set { throw Down() }
        await #expect(throws: Down()) { try await verifier.verify(request) }
    }

    @Test("The cache of keys is bounded, and strangers put nothing in it") func cache() {
        let cache = SigningKeyCache(limit: 3)
        for day in 10..<20 {
            let scope = CredentialScope(day: "202611\(day)", region: "r", service: "s")
            #expect(cache.key(of: "k", secret: "s", scope: scope) == nil)
            cache.keep(SigningKey(secret: "s", scope: scope), of: "k", secret: "s", scope: scope)
            #expect(cache.key(of: "k", secret: "s", scope: scope) != nil)
            #expect(cache.key(of: "k", secret: "t", scope: scope) == nil)
            #expect(cache.count <= 3)
        }
    }
}
