public import Foundation

/// A text and its signatures (https://c2sp.org/signed-note).
public struct SignedNote: Sendable, Hashable {
    public struct Signature: Sendable, Hashable {
        public let name: String
        /// Four bytes.
        public let keyID: Data
        public let bytes: Data
    }

    /// Ends with a newline.
    public let text: String
    public let signatures: [Signature]

    /// A note of more bytes is none.
    public static let limit = 1 << 20

    /// - Throws: `.malformed`.
    public init(_ note: String) throws {
        func malformed(_ why: String) -> LogError { LogError(.malformed, "This is no signed note: \(why).") }
        guard note.utf8.count <= Self.limit else { throw malformed("it has over \(Self.limit) bytes") }
        guard note.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control || $0 == "\n" }) else {
            throw malformed("it has control characters")
        }
        guard let blank = note.range(of: "\n\n", options: [.backwards, .literal]) else {
            throw malformed("no blank line parts a text from signatures")
        }
        text = String(note[..<blank.lowerBound]) + "\n"
        let block = note[blank.upperBound...]
        guard !block.isEmpty, block.utf8.last == UInt8(ascii: "\n") else { throw malformed("its last line has no end") }
        signatures = try block.dropLast().split(separator: "\n", omittingEmptySubsequences: false).map { line in
            let words = line.split(separator: " ", omittingEmptySubsequences: false)
            guard words.count == 3, words[0] == "\u{2014}", NoteKey.isName(String(words[1])),
                let bytes = Data(base64Encoded: String(words[2])), bytes.count > 4
            else { throw malformed("a line after the text is no signature") }
            return Signature(name: String(words[1]), keyID: bytes.prefix(4), bytes: Data(bytes.dropFirst(4)))
        }
    }

    /// Whether the key has signed the text. Signatures of other keys are ignored.
    /// - Throws: `.otherKey` when it has not; `.changed` when the signature is of another text.
    public func verify(with key: NoteKey) throws {
        let known = signatures.filter { $0.name == key.name && $0.keyID == key.id }
        guard !known.isEmpty else {
            let others = signatures.map { "\($0.name)+\($0.keyID.hex)" }.joined(separator: ", ")
            throw LogError(
                .otherKey,
                "It is not signed by the key \(key.name)+\(key.id.hex), but by \(others.isEmpty ? "none" : others).")
        }
        for signature in known {
            guard key.hasSigned(text, signature.bytes) else {
                throw LogError(
                    .changed,
                    "Its text is not the one that the key \(key.name)+\(key.id.hex) signed: one of the two was changed."
                )
            }
        }
    }
}

extension Data {
    var hex: String { map { String(format: "%02x", $0) }.joined() }
}
