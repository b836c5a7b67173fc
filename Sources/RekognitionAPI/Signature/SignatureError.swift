/// Why a request's signature was not taken, in AWS's words.
package struct SignatureError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The exception's name. AWS answers all of them with status 403 or 400, by service; the edge decides.
    package struct Code: RawRepresentable, Sendable, Hashable {
        package let rawValue: String
        package init(rawValue: String) { self.rawValue = rawValue }

        /// No signature where one is looked for.
        package static let missingAuthenticationToken = Code(rawValue: "MissingAuthenticationTokenException")
        /// The signature's header, or what it needs beside it, is not of the form that AWS describes.
        package static let incompleteSignature = Code(rawValue: "IncompleteSignatureException")
        /// Scope, clock, headers, body or the signature itself are not right.
        package static let invalidSignature = Code(rawValue: "InvalidSignatureException")
        /// Nobody of that access key id, or a session token that was never issued here.
        package static let unrecognizedClient = Code(rawValue: "UnrecognizedClientException")
    }

    package let code: Code
    /// A sentence for the caller. Holds no secret and no expected signature.
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { "\(code.rawValue): \(message)" }

    static func missing(_ message: String) -> SignatureError { SignatureError(.missingAuthenticationToken, message) }
    static func incomplete(_ message: String) -> SignatureError { SignatureError(.incompleteSignature, message) }
    static func invalid(_ message: String) -> SignatureError { SignatureError(.invalidSignature, message) }
    static func unrecognized(_ message: String) -> SignatureError { SignatureError(.unrecognizedClient, message) }
}
