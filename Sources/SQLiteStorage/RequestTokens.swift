import Crypto
import FaceRecognition
import Foundation
import GRDB

import struct FaceRecognition.Record

/// The requests that were done within the last 24 hours under a token, each with the place of its entry.
///
/// What is kept is keyed: a digest of a request could otherwise be tried out, and a request may name a person.
struct RequestTokens {
    let db: Database
    let key: SymmetricKey

    /// Where the request that was done under this token is in the record; nil for none.
    /// - Throws: `.tokenMismatch` when it was another request.
    func entry(of token: RequestToken, now: Date = Date()) throws -> Int? {
        guard
            let row = try Row.fetchOne(
                db.cachedStatement(sql: "SELECT request, entry FROM request_token WHERE name = ? AND expires > ?"),
                arguments: [keyed(token.name), now.milliseconds])
        else { return nil }
        guard row.value(0) == keyed(token.request) else { throw RecognitionError.tokenMismatch() }
        return row.value(1)
    }

    /// To be called in the transaction that does the request. Those of yesterday are let go.
    func keep(_ token: RequestToken, entry: Int, now: Date = Date()) throws {
        try db.cachedStatement(sql: "DELETE FROM request_token WHERE expires <= ?").execute(arguments: [
            now.milliseconds
        ])
        try db.cachedStatement(sql: "INSERT INTO request_token (name, request, entry, expires) VALUES (?, ?, ?, ?)")
            .execute(arguments: [
                keyed(token.name), keyed(token.request), entry,
                now.addingTimeInterval(RequestToken.lifetime).milliseconds,
            ])
    }

    private func keyed(_ digest: Data) -> Data {
        Data(HMAC<SHA256>.authenticationCode(for: Data("countenance request token".utf8) + digest, using: key))
    }
}
