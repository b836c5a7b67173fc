import Crypto
import FaceRecognition
package import Foundation

/// A network's file whose digest was checked: only such a file is ever loaded.
package struct ModelFile: Sendable {
    package let url: URL
    /// In lower-case hexadecimal.
    package let sha256: String

    /// Reads the whole file once. Cost: about a millisecond a megabyte at worst.
    /// - Parameter sha256: in lower-case hexadecimal.
    /// - Throws: `.modelNotFound` when it is not there, `.modelRefused` when its digest is another.
    package init(_ url: URL, sha256: String) throws {
        let data: Data
        do { data = try Data(contentsOf: url, options: .alwaysMapped) } catch {
            throw RecognitionError(
                .modelNotFound,
                "The model's file \(url.path) cannot be read; run `countenance doctor` to see what is missing.")
        }
        let digest = SHA256.hash(data: data).map { String(format: "%02x", $0) }.joined()
        guard digest == sha256 else {
            throw RecognitionError(
                .modelRefused,
                "The model's file \(url.lastPathComponent) is not the one that its manifest entry names: its SHA-256 begins with \(digest.prefix(12)), not \(sha256.prefix(12)). It was not loaded."
            )
        }
        self.url = url
        self.sha256 = sha256
    }
}
