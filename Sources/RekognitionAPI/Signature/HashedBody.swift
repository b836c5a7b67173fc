package import Crypto
package import Foundation

/// A request's body and its SHA-256, which is reckoned while the body arrives.
///
/// What is signed is what is read: only `append` adds to either, and to both.
package struct HashedBody: Sendable {
    package private(set) var bytes: Data
    private var hash = SHA256()

    /// - Parameter capacity: how many bytes are expected.
    package init(capacity: Int = 0) { bytes = Data(capacity: capacity) }

    package mutating func append(_ part: UnsafeRawBufferPointer) {
        hash.update(bufferPointer: part)
        bytes.append(contentsOf: part)
    }

    /// Of all bytes.
    package var digest: SHA256Digest { hash.finalize() }
}
