import Foundation
import Testing

@testable import RekognitionAPI

/// What jwt-kit's SignatureComparisonTests do for tokens: one bit flipped anywhere, and nothing is taken.
@Suite("Signature Version 4, one bit flipped") struct SignatureBitFlipTests {
    @Test(
        "Any bit of what is signed, or of the signature",
        arguments: SignatureVectors.clientRequests + ["boto3-s3-get-object"])
    func everyBit(_ name: String) async throws {
        let request = try SignatureVectors.captured(name)
        let verifier = try SigV4Verifier(service: name.contains("s3") ? "s3" : "rekognition")
        let caller = try await verifier.verify(request)
        var flips = 0
        func expectRefused(_ text: String, _ what: String, _ change: (String) -> SignedRequest) async throws {
            for (flipped, place) in Self.flipped(Array(text.utf8)) {
                let flipped = String(decoding: flipped, as: UTF8.self)
                // A header's name means the same in either case.
                if what == "name", flipped.lowercased() == text.lowercased() { continue }
                flips += 1
                // Other tests have timers on the same threads.
                if flips.isMultiple(of: 100) { await Task.yield() }
                if try await verifier.refusal(of: change(flipped)) == nil {
                    Issue.record("\(what) '\(text)': bit \(place) made no difference")
                }
            }
        }
        func changing(_ body: (inout SignedRequest) -> Void) -> SignedRequest {
            var changed = request
            body(&changed)
            return changed
        }
        try await expectRefused(request.method, "method") { text in changing { $0.method = text } }
        try await expectRefused(request.path, "path") { text in changing { $0.path = text } }
        try await expectRefused(request.query, "query") { text in changing { $0.query = text } }
        for (index, header) in request.headers.enumerated() {
            let lowered = header.name.lowercased()
            guard lowered == "authorization" || caller.signedHeaders.contains(lowered) else { continue }
            try await expectRefused(header.name, "name") { text in changing { $0.headers[index].name = text } }
            // The blank after the colon is no part of the value.
            let value = header.value.trimmingCharacters(in: .whitespaces)
            try await expectRefused(value, lowered) { text in changing { $0.headers[index].value = text } }
        }
        for (flipped, place) in Self.flipped(Array(request.body)) {
            flips += 1
            if try await verifier.refusal(of: changing { $0.body = Data(flipped) }) == nil {
                Issue.record("body: bit \(place) made no difference")
            }
        }
        #expect(flips > 2000, "\(flips) bits were flipped")
    }

    @Test("A body that is shorter or longer by a byte") func bodyLength() async throws {
        let request = try SignatureVectors.captured("boto3-detect-faces")
        for body in [request.body.dropLast(), request.body.dropFirst(), request.body + [0x20], Data()] {
            var changed = request
            changed.body = Data(body)
            #expect(try await SigV4Verifier().refusal(of: changed)?.code == .invalidSignature)
        }
    }

    private static func flipped(_ bytes: [UInt8]) -> some Sequence<([UInt8], Int)> {
        (0..<bytes.count * 8).lazy.map { place in
            var flipped = bytes
            flipped[place / 8] ^= 1 << (place % 8)
            return (flipped, place)
        }
    }
}
