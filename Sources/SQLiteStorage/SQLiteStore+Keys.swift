package import Crypto
import Foundation

extension SQLiteStore {
    /// A key of this installation's for one use, the same each time. Blocks.
    /// - Throws: `.keyMissing`.
    package func key(for use: String) throws -> SymmetricKey {
        HKDF<SHA256>.deriveKey(
            inputKeyMaterial: try keys.ring().digestKey, info: Data("countenance \(use)".utf8), outputByteCount: 32)
    }
}
