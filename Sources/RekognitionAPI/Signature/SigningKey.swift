import Crypto
import Foundation
import Synchronization

/// The key of one scope, derived from a secret: what a day's requests to one service are signed with.
struct SigningKey: Sendable {
    private let key: SymmetricKey

    init(secret: String, scope: CredentialScope) {
        var key = SymmetricKey(data: Data("AWS4\(secret)".utf8))
        for part in [scope.day, scope.region, scope.service, CredentialScope.terminator] {
            key = SymmetricKey(data: HMAC<SHA256>.authenticationCode(for: Data(part.utf8), using: key))
        }
        self.key = key
    }

    func signature(of request: CanonicalRequest, at time: SignatureTime, scope: CredentialScope) -> HMAC<SHA256>.MAC {
        HMAC<SHA256>.authenticationCode(for: Self.stringToSign(request, time, scope), using: key)
    }

    /// Takes the same time wherever the first wrong byte is.
    func isValid(_ signature: [UInt8], of request: CanonicalRequest, at time: SignatureTime, scope: CredentialScope)
        -> Bool
    {
        HMAC<SHA256>.isValidAuthenticationCode(
            signature, authenticating: Self.stringToSign(request, time, scope), using: key)
    }

    private static func stringToSign(_ request: CanonicalRequest, _ time: SignatureTime, _ scope: CredentialScope)
        -> Data
    {
        Data("\(AuthorizationHeader.algorithm)\n\(time.text)\n\(scope.text)\n\(request.digest.hex)".utf8)
    }
}

/// The signing keys of late: deriving one takes four HMACs.
///
/// Bounded, and filled only by requests whose signature was right, so that strangers cannot push out what callers need.
final class SigningKeyCache: Sendable {
    private struct Entry {
        let secret: SHA256Digest
        let key: SigningKey
    }
    private struct Place: Hashable {
        let accessKeyID: String
        let scope: CredentialScope
    }

    private let entries = Mutex<[Place: Entry]>([:])
    private let limit: Int

    init(limit: Int = 256) { self.limit = limit }

    /// Nil also when the secret is not the one that the key was derived from: a rotated key is another key at once.
    func key(of accessKeyID: String, secret: String, scope: CredentialScope) -> SigningKey? {
        let digest = SHA256.hash(data: Data(secret.utf8))
        return entries.withLock { entries in
            entries[Place(accessKeyID: accessKeyID, scope: scope)].flatMap { $0.secret == digest ? $0.key : nil }
        }
    }

    func keep(_ key: SigningKey, of accessKeyID: String, secret: String, scope: CredentialScope) {
        let entry = Entry(secret: SHA256.hash(data: Data(secret.utf8)), key: key)
        entries.withLock { entries in
            // A full cache holds yesterday's keys above all; a new start costs each caller one derivation.
            if entries.count >= limit { entries.removeAll(keepingCapacity: true) }
            entries[Place(accessKeyID: accessKeyID, scope: scope)] = entry
        }
    }

    var count: Int { entries.withLock(\.count) }
}
