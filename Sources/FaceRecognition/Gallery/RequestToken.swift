import Crypto
public import Foundation

/// Names a request that its caller may send twice, so that it is done once.
///
/// It is kept for 24 hours, in the same transaction as what the request changed.
public struct RequestToken: Sendable, Hashable {
    /// How long a token is known, in seconds.
    package static let lifetime: TimeInterval = 24 * 60 * 60

    /// SHA-256 of the caller's name and the token: two callers' tokens are never the same.
    package let name: Data
    /// SHA-256 of what was asked.
    package let request: Data

    /// - Parameters:
    ///   - token: the caller's own word for the request.
    ///   - caller: who asks.
    ///   - request: what is asked; the same bytes for the same request, and for no other.
    public init(_ token: String, caller: String, request: Data) {
        var hash = SHA256()
        hash.update(data: Data("\(caller.utf8.count) \(caller)".utf8))
        hash.update(data: Data(token.utf8))
        name = Data(hash.finalize())
        self.request = Data(SHA256.hash(data: request))
    }
}

extension RecognitionError {
    package static func tokenMismatch() -> RecognitionError {
        RecognitionError(
            .tokenMismatch,
            "This request's token was used within the last 24 hours for another request; use a new token for a new request."
        )
    }
}
