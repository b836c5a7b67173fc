import Crypto
public import Foundation

/// The public key of a signed note, with its owner's name: `name+keyid+base64`. Ed25519.
public struct NoteKey: Sendable, Hashable, CustomStringConvertible {
    public let name: String
    /// 32 bytes.
    public let bytes: Data
    /// Tells keys apart in signatures: four bytes of a hash.
    public let id: Data

    /// The byte that signed notes have for Ed25519.
    private static let ed25519: UInt8 = 1

    init(name: String, bytes: Data) {
        self.name = name
        self.bytes = bytes
        id = Data(SHA256.hash(data: Data("\(name)\n".utf8) + [Self.ed25519] + bytes).prefix(4))
    }

    /// From the form in which it is handed on.
    /// - Throws: `.malformed`.
    public init(_ text: String) throws {
        // The base64 digits may have a plus as well.
        let parts = text.split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, Self.isName(parts[0]), let key = Data(base64Encoded: parts[2]), key.count == 33,
            key.first == Self.ed25519, key.base64EncodedString() == parts[2],
            (try? Curve25519.Signing.PublicKey(rawRepresentation: key.dropFirst())) != nil
        else {
            throw LogError(
                .malformed,
                "This is no public key of a log: that is a name, eight digits and base64 with '+' between them.")
        }
        self.init(name: parts[0], bytes: Data(key.dropFirst()))
        guard id.hex == parts[1] else {
            throw LogError(
                .malformed, "The public key's digits are not those of its name and bytes; copy it again, whole.")
        }
    }

    /// The form in which it is handed on.
    public var description: String { "\(name)+\(id.hex)+\((Data([Self.ed25519]) + bytes).base64EncodedString())" }

    func hasSigned(_ text: String, _ signature: Data) -> Bool {
        guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: bytes) else { return false }
        return key.isValidSignature(signature, for: Data(text.utf8))
    }

    /// Not empty, no space, no plus, no control character.
    static func isName(_ text: String) -> Bool {
        !text.isEmpty
            && text.unicodeScalars.allSatisfy {
                !$0.properties.isWhitespace && $0 != "+" && $0.properties.generalCategory != .control
            }
    }
}

/// The private key of signed notes.
public struct NoteSigner: Sendable {
    public let key: NoteKey
    private let secret: Curve25519.Signing.PrivateKey

    /// - Parameters:
    ///   - name: without spaces and without a plus.
    ///   - seed: 32 secret bytes.
    /// - Throws: `.malformed` for the name or the seed.
    public init(name: String, seed: some ContiguousBytes) throws {
        guard NoteKey.isName(name), let secret = try? Curve25519.Signing.PrivateKey(rawRepresentation: seed) else {
            throw LogError(.malformed, "A log's key has a name without spaces or '+', and 32 bytes.")
        }
        self.secret = secret
        key = NoteKey(name: name, bytes: secret.publicKey.rawRepresentation)
    }

    /// The text as a signed note. Ed25519's signatures are the same each time (RFC 8032) or not, as the library likes;
    /// each of them is good.
    /// - Parameter text: ends with a newline.
    public func sign(_ text: String) throws -> String {
        let signature = try secret.signature(for: Data(text.utf8))
        return "\(text)\n\u{2014} \(key.name) \((key.id + signature).base64EncodedString())\n"
    }
}
