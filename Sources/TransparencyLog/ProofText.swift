public import Foundation

/// A proof, as text, that an entry is in a log (https://c2sp.org/tlog-proof): with the entry's own bytes and the log's
/// public key it can be checked without the log.
public struct InclusionProof: Sendable, Hashable {
    public let index: Int
    public let path: [TreeHash]
    /// Signed.
    public let checkpoint: String

    public init(index: Int, path: [TreeHash], checkpoint: String) {
        self.index = index
        self.path = path
        self.checkpoint = checkpoint
    }

    private static let firstLine = "c2sp.org/tlog-proof@v1"

    public var text: String {
        ([Self.firstLine, "index \(index)"] + path.map { $0.bytes.base64EncodedString() }).joined(separator: "\n")
            + "\n\n\(checkpoint)"
    }

    /// - Throws: `.malformed`.
    public init(_ text: String) throws {
        func malformed() -> LogError { LogError(.malformed, "This is no proof in the form \(Self.firstLine).") }
        guard let blank = text.range(of: "\n\n", options: .literal) else { throw malformed() }
        var lines = text[..<blank.lowerBound].split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard lines.first == Self.firstLine else { throw malformed() }
        lines.removeFirst()
        // Not signed, so nothing is taken from it.
        if lines.first?.hasPrefix("extra ") ?? false { lines.removeFirst() }
        guard let line = lines.first, line.hasPrefix("index "), let index = Int(decimal: String(line.dropFirst(6)))
        else {
            throw malformed()
        }
        self.init(
            index: index, path: try lines.dropFirst().map { try TreeHash(base64: $0, or: malformed()) },
            checkpoint: String(text[blank.upperBound...]))
    }

    /// Whether this entry is in the log, at the proof's index.
    /// - Throws: why it is not shown: `.malformed`, `.otherLog`, `.otherKey`, `.changed`.
    /// - Returns: the checkpoint by which it is.
    @discardableResult
    public func verify(_ entry: Data, key: NoteKey) throws -> Checkpoint {
        let checkpoint = try Checkpoint(note: checkpoint, key: key)
        guard
            MerkleProof.includes(.leaf(entry), at: index, in: checkpoint.root, size: checkpoint.size, path: path)
        else { throw LogError(.changed, at: index, "The proof does not lead from this entry to the checkpoint.") }
        return checkpoint
    }
}

/// A proof, as text, that a log goes on from an earlier state: what a witness is sent
/// (https://c2sp.org/tlog-witness, `add-checkpoint`).
public struct ConsistencyProof: Sendable, Hashable {
    /// The earlier number of entries.
    public let old: Int
    public let path: [TreeHash]
    /// Signed: the later one.
    public let checkpoint: String

    public init(old: Int, path: [TreeHash], checkpoint: String) {
        self.old = old
        self.path = path
        self.checkpoint = checkpoint
    }

    public var text: String {
        (["old \(old)"] + path.map { $0.bytes.base64EncodedString() }).joined(separator: "\n") + "\n\n\(checkpoint)"
    }

    /// - Throws: `.malformed`.
    public init(_ text: String) throws {
        func malformed() -> LogError { LogError(.malformed, "This is no proof in the form of tlog-witness.") }
        guard let blank = text.range(of: "\n\n", options: .literal) else { throw malformed() }
        let lines = text[..<blank.lowerBound].split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard let line = lines.first, line.hasPrefix("old "), let old = Int(decimal: String(line.dropFirst(4))) else {
            throw malformed()
        }
        self.init(
            old: old, path: try lines.dropFirst().map { try TreeHash(base64: $0, or: malformed()) },
            checkpoint: String(text[blank.upperBound...]))
    }
}

extension TreeHash {
    fileprivate init(base64 text: String, or error: LogError) throws {
        guard let bytes = Data(base64Encoded: text), let hash = TreeHash(bytes) else { throw error }
        self = hash
    }
}
