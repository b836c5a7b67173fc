import Foundation

/// What a log was at one time: how many entries, and the root over them (https://c2sp.org/tlog-checkpoint).
public struct Checkpoint: Sendable, Hashable {
    /// Names the log.
    public let origin: String
    public let size: Int
    public let root: TreeHash

    public init(origin: String, size: Int, root: TreeHash) {
        self.origin = origin
        self.size = size
        self.root = root
    }

    /// The most entries that a log may say it has: more than any can, and far from where numbers end.
    static let largest = 1 << 48

    /// What is signed.
    public var text: String { "\(origin)\n\(size)\n\(root.bytes.base64EncodedString())\n" }

    /// Reads a note's text; lines that extend it are left out.
    /// - Throws: `.malformed`.
    public init(text: String) throws {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard lines.count >= 4, lines.dropLast().allSatisfy({ !$0.isEmpty }), let size = Int(decimal: lines[1]),
            size <= Self.largest, let bytes = Data(base64Encoded: lines[2]), let root = TreeHash(bytes),
            bytes.base64EncodedString() == lines[2]
        else {
            throw LogError(
                .malformed,
                "This is no checkpoint: its first lines are a log's name, a number of entries and a hash in base64.")
        }
        self.init(origin: lines[0], size: size, root: root)
    }

    /// Reads a signed checkpoint.
    /// - Parameter key: the log's; its name is the log's as well.
    /// - Throws: `.malformed`; `.otherLog`, `.otherKey` or `.changed` when it is not this log's, or not as it was
    ///   signed.
    public init(note: String, key: NoteKey) throws {
        let signed = try SignedNote(note)
        try self.init(text: signed.text)
        guard origin == key.name else {
            throw LogError(.otherLog, "The checkpoint is of another log, \(origin), not of \(key.name).")
        }
        do { try signed.verify(with: key) } catch let error as LogError {
            throw LogError(error.code, "The checkpoint cannot be trusted. \(error.message)")
        }
    }
}

extension Int {
    /// A number as a checkpoint writes it: digits, without a zero before them.
    init?(decimal text: String) {
        guard text.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }), let number = Int(text),
            "\(number)" == text
        else { return nil }
        self = number
    }
}
