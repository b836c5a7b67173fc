import Crypto
import Foundation

/// A request in the one form that both sides sign, as AWS describes it
/// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).
///
/// Used by ``SigV4Verifier`` and ``SigV4Signer``. Two requests that mean different things never have the same form:
/// what could make them so (line breaks in a value, a header twice, loose percent signs) is refused.
struct CanonicalRequest {
    /// SHA-256 of the form.
    let digest: SHA256Digest
    /// SHA-256 of the request's body, in lower-case hexadecimal.
    let bodyHash: String

    /// What a request may have before any work is done for it; more than any SDK sends.
    static let maximumHeaders = 128
    static let maximumHeaderBytes = 32_768
    static let maximumTargetBytes = 8192

    /// Throws ``SignatureError`` when the request has no canonical form, or a header of `signedHeaders` is not there.
    ///
    /// - Parameters:
    ///   - body: the SHA-256 of the request's body, which is not looked at here.
    ///   - signedHeaders: lower case, ascending.
    init(
        of request: SignedRequest, body: SHA256Digest, headers: Headers, signedHeaders: [String], service: String
    ) throws {
        guard !request.method.isEmpty, request.method.utf8.count <= 32,
            request.method.utf8.allSatisfy(HeaderName.isToken)
        else { throw SignatureError.invalid("The request's method is none that can be signed.") }
        guard request.path.utf8.count + request.query.utf8.count <= Self.maximumTargetBytes else {
            throw SignatureError.invalid(
                "The request's path and query have more than \(Self.maximumTargetBytes) bytes.")
        }
        var text = ""
        text += request.method + "\n"
        text += try Self.path(request.path, service: service) + "\n"
        text += try Self.query(request.query) + "\n"
        for name in signedHeaders {
            guard let value = headers[name] else {
                throw SignatureError.invalid("The header '\(name)' is signed but is not in the request.")
            }
            text += name + ":" + value + "\n"
        }
        text += "\n" + signedHeaders.joined(separator: ";") + "\n"
        bodyHash = body.hex
        text += bodyHash
        digest = SHA256.hash(data: Data(text.utf8))
    }

    /// S3 signs a path as it is sent; every other service its dot segments removed, then encoded once more.
    private static func path(_ path: String, service: String) throws -> String {
        guard path.utf8.first == UInt8(ascii: "/") else {
            throw SignatureError.invalid("The request's path must begin with '/'.")
        }
        guard !path.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
            throw SignatureError.invalid("The request's path holds control characters.")
        }
        if service == "s3" { return path }
        // As bytes: to Swift's characters, a slash with a combining mark after it is no slash.
        let parts = Array(path.utf8).split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: true)
        var segments: [ArraySlice<UInt8>] = []
        for part in parts {
            if part.elementsEqual("..".utf8) {
                _ = segments.popLast()
            } else if !part.elementsEqual(".".utf8) {
                segments.append(part)
            }
        }
        // A path that ends in '/', '/.' or '/..' names a folder, and keeps its last slash (RFC 3986, section 5.2.4).
        let isFolder =
            path.utf8.last == UInt8(ascii: "/")
            || parts.last.map { [".", ".."].contains(String(decoding: $0, as: UTF8.self)) }
                ?? true
        let encoded = segments.map { PercentEncoding.encode($0) }.joined(separator: "/")
        return "/" + encoded + (isFolder && !segments.isEmpty ? "/" : "")
    }

    /// Names and values decoded and encoded again, ordered by name, then value.
    private static func query(_ query: String) throws -> String {
        if query.isEmpty { return "" }
        let pairs = try query.utf8.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false).map { pair in
            let name = pair.prefix { $0 != UInt8(ascii: "=") }
            return (try encodedAgain(name), try encodedAgain(pair.dropFirst(name.count + 1)))
        }
        let sorted = pairs.sorted { one, other in
            // Swift orders strings by Unicode's rules; these hold ASCII only, where that is the order of bytes.
            one.0 == other.0 ? one.1 < other.1 : one.0 < other.0
        }
        return sorted.map { $0 + "=" + $1 }.joined(separator: "&")
    }

    private static func encodedAgain(_ text: Substring.UTF8View) throws -> String {
        guard let decoded = PercentEncoding.decode(text) else {
            throw SignatureError.invalid(
                "In the request's query each '%' must be followed by two hexadecimal digits in upper case.")
        }
        return PercentEncoding.encode(decoded)
    }
}

extension CanonicalRequest {
    /// A request's headers by name in lower case, each once, values trimmed and inner runs of spaces made one.
    struct Headers {
        private let values: [String: String]

        /// Throws ``SignatureError`` on a header that is there twice, on line breaks and on too many.
        init(_ headers: [SignedRequest.Header]) throws {
            guard headers.count <= maximumHeaders,
                headers.reduce(0, { $0 + $1.name.utf8.count + $1.value.utf8.count }) <= maximumHeaderBytes
            else {
                throw SignatureError.incomplete(
                    "The request has more than \(maximumHeaders) headers or \(maximumHeaderBytes) bytes of them.")
            }
            var values: [String: String] = [:]
            for header in headers {
                let name = HeaderName.lowered(header.name)
                guard HeaderName.lengths.contains(name.utf8.count), name.utf8.allSatisfy(HeaderName.isToken) else {
                    throw SignatureError.incomplete("The request has a header whose name is none, or is too long.")
                }
                guard !header.value.utf8.contains(where: { $0 == 0 || $0 == 0x0A || $0 == 0x0D }) else {
                    throw SignatureError.incomplete("The header '\(name)' holds a line break.")
                }
                guard values.updateValue(Self.folded(header.value), forKey: name) == nil else {
                    throw SignatureError.incomplete("The header '\(name)' is there twice; send each header once.")
                }
            }
            self.values = values
        }

        var names: [String] { values.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } }

        subscript(name: String) -> String? { values[name] }

        private static func folded(_ value: String) -> String {
            let bytes = Array(value.utf8)
            let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
            guard let first = bytes.firstIndex(where: { !isBlank($0) }),
                let last = bytes.lastIndex(where: { !isBlank($0) })
            else { return "" }
            var folded: [UInt8] = []
            folded.reserveCapacity(last - first + 1)
            for byte in bytes[first...last] where byte != 0x20 || folded.last != 0x20 { folded.append(byte) }
            return String(decoding: folded, as: UTF8.self)
        }
    }
}

/// AWS's percent-encoding: all but RFC 3986's unreserved characters, in upper case.
enum PercentEncoding {
    static func encode(_ bytes: some Sequence<UInt8>, keeping kept: UInt8? = nil) -> String {
        var encoded: [UInt8] = []
        for byte in bytes {
            if isUnreserved(byte) || byte == kept {
                encoded.append(byte)
            } else {
                encoded += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    /// Nil for a percent sign without two digits in upper case. A `+` stays one.
    static func decode(_ bytes: some Sequence<UInt8>) -> [UInt8]? {
        var decoded: [UInt8] = []
        var rest = bytes.makeIterator()
        while let byte = rest.next() {
            guard byte == UInt8(ascii: "%") else {
                decoded.append(byte)
                continue
            }
            guard let high = rest.next().flatMap(digits.firstIndex(of:)),
                let low = rest.next().flatMap(digits.firstIndex(of:))
            else { return nil }
            decoded.append(UInt8(high << 4 | low))
        }
        return decoded
    }

    private static let digits = Array("0123456789ABCDEF".utf8)

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: true
        default: false
        }
    }
}

extension SHA256Digest {
    /// 64 digits in lower case.
    var hex: String { withUnsafeBytes { bytes in bytes.hex } }
}

extension Sequence<UInt8> {
    /// Two digits for each byte, in lower case.
    var hex: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
