import Foundation
import FuzzSupport

private let key = AccessCredentials(
    accessKeyID: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
/// 26 November 2026, 11:00:00 UTC: when the seeds were signed.
private let now = Date(timeIntervalSince1970: 1_795_690_800)
private let verifier = SigV4Verifier(region: "eu-central-1", now: { now }) { _ in nil }
private let signer = SigV4Signer(credentials: key, region: "eu-central-1", service: "rekognition")

/// Any bytes, taken for a request, have a signature that holds or are refused in a sentence; what our signer
/// signs is taken, and not with another body.
private func verifySignature(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let request = SignedRequest(parsing: Array(UnsafeBufferPointer(start: start, count: count)))
    switch outcome(of: request) {
    case .success(let caller): check(caller, of: request)
    case .failure(let error): check(error)
    }
    var unsigned = request
    let replaced = ["authorization", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256"]
    unsigned.headers.removeAll { replaced.contains($0.name.lowercased()) }
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
