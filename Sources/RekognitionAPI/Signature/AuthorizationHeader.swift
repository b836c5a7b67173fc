/// The parts of an `Authorization` header of Signature Version 4, each of a sound form; whether they are true is for
/// ``SigV4Verifier``.
///
///     AWS4-HMAC-SHA256 Credential=AKIA.../20150830/us-east-1/rekognition/aws4_request,
///     SignedHeaders=host;x-amz-date, Signature=5d67...
///
/// The parts may come in any order and with spaces around them, each exactly once.
package struct AuthorizationHeader: Sendable, Hashable {
    package let accessKeyID: String
    package let scope: CredentialScope
    /// In ascending order, each once, in lower case.
    package let signedHeaders: [String]
    /// 32 bytes.
    package let signature: [UInt8]

    static let algorithm = "AWS4-HMAC-SHA256"
    /// Longer than any that an SDK sends (about 300 bytes): looked at before anything else.
    static let maximumLength = 4096
    static let maximumSignedHeaders = 64

    /// Reads `value`. Throws ``SignatureError`` with the code that AWS has for the part that is wrong.
    package init(parsing value: String) throws {
        guard value.utf8.count <= Self.maximumLength else {
            throw SignatureError.incomplete("The Authorization header has more than \(Self.maximumLength) bytes.")
        }
        guard value.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw SignatureError.incomplete("The Authorization header holds characters other than printable ASCII.")
        }
        let bytes = Array(value.utf8)[...].trimmingSpaces()
        let algorithm = bytes.prefix { $0 != UInt8(ascii: " ") }
        guard algorithm.elementsEqual(Self.algorithm.utf8) else {
            throw SignatureError.incomplete(
                "The Authorization header must begin with '\(Self.algorithm)'; no other way to sign is taken.")
        }
        var parts: [String: ArraySlice<UInt8>] = [:]
        for piece in bytes.dropFirst(algorithm.count).split(
            separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        {
            let part = piece.trimmingSpaces()
            guard let equals = part.firstIndex(of: UInt8(ascii: "=")),
                let name = Self.partNames.first(where: { part[..<equals].elementsEqual($0.utf8) })
            else {
                throw SignatureError.incomplete(
                    "The Authorization header has the parts Credential, SignedHeaders and Signature, each as Name=value."
                )
            }
            guard parts.updateValue(part[(equals + 1)...], forKey: name) == nil else {
                throw SignatureError.incomplete("The Authorization header has '\(name)' twice.")
            }
        }
        for name in Self.partNames where parts[name]?.isEmpty ?? true {
            throw SignatureError.incomplete("Authorization header requires '\(name)' parameter.")
        }
        (accessKeyID, scope) = try Self.credential(parts["Credential"] ?? [])
        signedHeaders = try Self.names(parts["SignedHeaders"] ?? [])
        guard let signature = Self.bytes(hex: parts["Signature"] ?? []), signature.count == 32 else {
            throw SignatureError.incomplete("The signature must be 64 hexadecimal digits in lower case.")
        }
        self.signature = signature
    }

    private static let partNames = ["Credential", "SignedHeaders", "Signature"]

    private static func credential(_ text: ArraySlice<UInt8>) throws -> (String, CredentialScope) {
        let parts = text.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count == 5 else {
            throw SignatureError.incomplete(
                "Credential must have exactly 5 slash-delimited elements: keyid/date/region/service/aws4_request.")
        }
        guard isWord(parts[0], upTo: 128) else {
            throw SignatureError.unrecognized("The security token included in the request is invalid.")
        }
        guard parts[1].count == 8, parts[1].allSatisfy(isDigit) else {
            throw SignatureError.invalid("The date in the credential's scope must have the form YYYYMMDD.")
        }
        guard isWord(parts[2], upTo: 64) else {
            throw SignatureError.invalid("Credential should be scoped to a valid region.")
        }
        guard isWord(parts[3], upTo: 64) else {
            throw SignatureError.invalid("Credential should be scoped to a valid service.")
        }
        guard parts[4].elementsEqual(CredentialScope.terminator.utf8) else {
            throw SignatureError.invalid(
                "Credential should be scoped with a valid terminator: '\(CredentialScope.terminator)'.")
        }
        let words = parts.map { String(decoding: $0, as: UTF8.self) }
        return (words[0], CredentialScope(day: words[1], region: words[2], service: words[3]))
    }

    private static func names(_ text: ArraySlice<UInt8>) throws -> [String] {
        let names = text.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)
        guard names.count <= maximumSignedHeaders else {
            throw SignatureError.incomplete("More than \(maximumSignedHeaders) headers are signed.")
        }
        guard names.allSatisfy({ HeaderName.lengths.contains($0.count) && $0.allSatisfy(HeaderName.isLowerCase) }),
            zip(names, names.dropFirst()).allSatisfy({ $0.lexicographicallyPrecedes($1) })
        else {
            throw SignatureError.incomplete(
                "SignedHeaders must be header names in lower case and ascending order, each once, with ';' between them."
            )
        }
        return names.map { String(decoding: $0, as: UTF8.self) }
    }

    /// Lower case only: each signature has one form.
    private static func bytes(hex: ArraySlice<UInt8>) -> [UInt8]? {
        let digits = hex.compactMap { digit -> UInt8? in
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
            default: nil
            }
        }
        guard digits.count == hex.count, digits.count.isMultiple(of: 2) else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func isWord(_ text: ArraySlice<UInt8>, upTo length: Int) -> Bool {
        (1...length).contains(text.count)
            && text.allSatisfy { byte in
                isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                    || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
            }
    }
}

/// The characters of a header's name (RFC 9110, section 5.6.2).
enum HeaderName {
    /// Messages repeat names, so these have a bound; the longest that SDKs send has 37 bytes.
    static let lengths = 1...128

    static func isLowerCase(_ byte: UInt8) -> Bool { isToken(byte) && !(0x41...0x5A).contains(byte) }

    static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }

    /// ASCII's letters only, so that no other letter folds into a name (the Kelvin sign is no `k`).
    static func lowered(_ name: String) -> String {
        String(decoding: name.utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
    }
}

extension ArraySlice<UInt8> {
    func trimmingSpaces() -> ArraySlice<UInt8> {
        guard let first = firstIndex(where: { $0 != 0x20 }), let last = lastIndex(where: { $0 != 0x20 }) else {
            return []
        }
        return self[first...last]
    }
}
