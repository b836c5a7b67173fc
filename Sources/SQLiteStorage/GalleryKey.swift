import Crypto
import FaceRecognition
import Foundation

/// A gallery's data key, and what is done with it: AES-256-GCM (NIST SP 800-38D) with random nonces.
///
/// Each sealed thing is bound to the gallery, to what it is and to whose it is, so that none can be put in another's
/// place. A nonce is 96 random bits: under one key 2^32 things may be sealed before two nonces are alike with a chance
/// above 2^-32 (the standard's bound); a gallery of ten million faces is far below.
struct GalleryKey: Sendable {
    /// What is sealed; part of what is authenticated.
    enum Kind: UInt8 { case face = 1, person = 2, crop = 3, tags = 4 }

    static let overhead = 12 + 16

    /// Names the key.
    let id: UUID
    let bytes: Data
    private let sealing: SymmetricKey
    private let tokens: SymmetricKey

    init(id: UUID = .random(), bytes: Data = SymmetricKey(size: .bits256).withUnsafeBytes { Data($0) }) {
        self.id = id
        self.bytes = bytes
        func derived(_ use: String) -> SymmetricKey {
            HKDF<SHA256>.deriveKey(
                inputKeyMaterial: SymmetricKey(data: bytes), info: Data(use.utf8), outputByteCount: 32)
        }
        sealing = derived("countenance seal")
        tokens = derived("countenance person token")
    }

    /// - Parameters:
    ///   - owner: 16 bytes: a face's id, a person's token, or the key's id.
    ///   - extra: authenticated with it, not sealed.
    /// - Returns: nonce, ciphertext, tag.
    func seal(_ plain: some DataProtocol, _ kind: Kind, of owner: Data, extra: Int64 = 0) throws -> Data {
        let box = try AES.GCM.seal(plain, using: sealing, authenticating: context(kind, owner, extra))
        return box.combined!
    }

    /// - Returns: nil when it is not what was sealed.
    func open(_ sealed: Data, _ kind: Kind, of owner: Data, extra: Int64 = 0) -> Data? {
        guard let box = try? AES.GCM.SealedBox(combined: sealed) else { return nil }
        return try? AES.GCM.open(box, using: sealing, authenticating: context(kind, owner, extra))
    }

    /// Stands for a person's name where it is looked up: 16 bytes, the same for the same name in this gallery only.
    func token(of person: String) -> Data {
        Data(HMAC<SHA256>.authenticationCode(for: Data(person.utf8), using: tokens).prefix(16))
    }

    /// The key of a snapshot with this salt: whoever destroys the salt destroys the snapshot.
    func snapshotKey(salt: Data) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: bytes), salt: salt, info: Data("countenance snapshot".utf8),
            outputByteCount: 32)
    }

    private func context(_ kind: Kind, _ owner: Data, _ extra: Int64) -> Data {
        var context = Data(capacity: 41)
        withUnsafeBytes(of: id.uuid) { context.append(contentsOf: $0) }
        context.append(kind.rawValue)
        context.append(owner)
        withUnsafeBytes(of: extra.littleEndian) { context.append(contentsOf: $0) }
        return context
    }
}

extension FaceID {
    /// As it is kept: 16 bytes.
    var bytes: Data { withUnsafeBytes(of: uuid.uuid) { Data($0) } }

    init?(bytes: Data) {
        guard let uuid = UUID(bytes: bytes) else { return nil }
        self.init(uuid)
    }
}

extension UUID {
    init?(bytes: Data) {
        guard bytes.count == 16 else { return nil }
        self.init(uuid: bytes.withUnsafeBytes { $0.loadUnaligned(as: uuid_t.self) })
    }

    var bytes: Data { withUnsafeBytes(of: uuid) { Data($0) } }
}
