import Foundation
import FuzzSupport

private let key = AccessCredentials(
    accessKeyID: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
/// 26 November 2026, 11:00:00 UTC: when the seeds were signed.
private let now = Date(timeIntervalSince1970: 1_795_690_800)
private let verifier = SigV4Verifier(region: "eu-central-1", now: { now }) { _ in nil }
private let signer = SigV4Signer(credentials: key, region: "eu-central-1", service: "rekognition")

/// Any bytes, taken for a request, have a signature that holds or are refused in a sentence; so has what they are once
/// a signature of a sound form stands on them, which gets them past the header to the canonical request; what our
/// signer signs is taken, and not with another body.
private func verifySignature(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    readAuthorization(String(decoding: bytes, as: UTF8.self))
    let request = SignedRequest(parsing: bytes)
    judge(request)
    var unsigned = request
    let replaced = ["authorization", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256"]
    unsigned.headers.removeAll { replaced.contains($0.name.lowercased()) }
    var forged = unsigned
    forged.headers += forgery(for: unsigned)
    judge(forged)
    // What no request lacks, so that the signer seldom refuses; what is odd about the rest stays.
    var names: Set<String> = []
    unsigned.headers.removeAll { !names.insert(HeaderName.lowered($0.name)).inserted }
    if !names.contains("host") { unsigned.headers.append(("Host", "x")) }
    if !unsigned.path.hasPrefix("/") { unsigned.path = "/" + unsigned.path }
    guard let signed = try? signer.signed(unsigned, at: now) else { return 0 }
    switch outcome(of: signed) {
    case .success(let caller):
        check(caller, of: signed)
        var other = signed
        other.body.append(0)
        precondition(!outcome(of: other).isTaken, "Another body has another signature")
        if !signed.path.hasSuffix("/") {
            other = signed
            other.path += "x"
            precondition(!outcome(of: other).isTaken, "Another path has another signature")
        }
    case .failure(let error):
        // What a signer may do and a verifier refuses: longer lists, and a query that is signed as well.
        let foreseen = ["signed once", "has more than", "More than"]
        precondition(foreseen.contains { error.message.contains($0) }, "What was signed is taken: \(error)")
    }
    return 0
}

private func judge(_ request: SignedRequest) {
    switch outcome(of: request) {
    case .success(let caller): check(caller, of: request)
    case .failure(let error): check(error)
    }
}

/// A date and a signature of a sound form over all of a request's headers, by a key that is nobody's.
private func forgery(for request: SignedRequest) -> [SignedRequest.Header] {
    let names = Set(request.headers.map { HeaderName.lowered($0.name) } + ["x-amz-date"])
        .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    return [
        ("X-Amz-Date", "20261126T110000Z"),
        (
            "Authorization",
            "AWS4-HMAC-SHA256 Credential=\(key.accessKeyID)/20261126/eu-central-1/rekognition/aws4_request, "
                + "SignedHeaders=\(names.joined(separator: ";")), Signature=\(String(repeating: "0", count: 64))"
        ),
    ]
}

/// Any text, taken for an Authorization header, has parts of a sound form, which make the same header again, or is
/// refused in a sentence.
private func readAuthorization(_ text: String) {
    do {
        let header = try AuthorizationHeader(parsing: text)
        precondition(header.signature.count == 32 && header.scope.day.utf8.count == 8, "Of a sound form")
        precondition(header.signedHeaders == Array(Set(header.signedHeaders)).sorted(), "In order, each once")
        let again = try? AuthorizationHeader(
            parsing: "\(AuthorizationHeader.algorithm) Credential=\(header.accessKeyID)/\(header.scope.text),"
                + "SignedHeaders=\(header.signedHeaders.joined(separator: ";")),Signature=\(header.signature.hex)")
        precondition(again == header, "The parts make the header")
    } catch let error as SignatureError {
        check(error)
    } catch { preconditionFailure("An error that is not ours: \(error)") }
}

private func check(_ caller: VerifiedCaller, of request: SignedRequest) {
    precondition(caller.accessKeyID == key.accessKeyID && caller.region == "eu-central-1")
    precondition(abs(caller.time.timeIntervalSince(now)) <= 300, "The clock is right")
    let names = request.headers.map { HeaderName.lowered($0.name) }
    precondition(Set(names).count == names.count, "No header is there twice")
    precondition(caller.signedHeaders.isSubset(of: names) && caller.signedHeaders.contains("host"))
    for name in names where name.hasPrefix("x-amz-") || name.hasPrefix("x-countenance-") {
        precondition(caller.signedHeaders.contains(name), "\(name) is signed")
    }
}

private func check(_ error: SignatureError) {
    precondition(error.code.rawValue.hasSuffix("Exception") && (1...600).contains(error.message.utf8.count), "\(error)")
    precondition(!error.message.utf8.contains { $0 < 0x20 }, "A message is one line: \(error)")
}

/// What ``SigV4Verifier/verify(_:)`` would say, without the switch of threads that would take most of the time.
private func outcome(of request: SignedRequest) -> Result<VerifiedCaller, SignatureError> {
    do {
        let examined = try verifier.examine(request)
        let secret = examined.authorization.accessKeyID == key.accessKeyID ? key.secretAccessKey : nil
        return .success(try verifier.conclude(examined, secret: secret))
    } catch let error as SignatureError {
        return .failure(error)
    } catch { preconditionFailure("An error that is not ours: \(error)") }
}

extension Result {
    fileprivate var isTaken: Bool { if case .success = self { true } else { false } }
}

extension SignedRequest {
    /// A request's text, as loosely as anything could read it: what is odd about it is for the verifier to find.
    fileprivate init(parsing bytes: [UInt8]) {
        let end = bytes.indices.first { bytes[$0...].starts(with: "\r\n\r\n".utf8) } ?? bytes.endIndex
        let lines = String(decoding: bytes[..<end], as: UTF8.self).components(separatedBy: "\r\n")
        let start = lines[0].split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        let target = (start.count > 1 ? String(start[1]) : "").replacingOccurrences(of: " HTTP/1.1", with: "")
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        self.init(
            method: String(start[0]), path: String(parts[0]), query: parts.count > 1 ? String(parts[1]) : "",
            headers: lines.dropFirst().map { line in
                let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                return (String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
            }, body: Data(bytes[end...].dropFirst(4)))
    }
}

@main enum FuzzSignature {
    static func main() { fuzz(verifySignature) }
}
