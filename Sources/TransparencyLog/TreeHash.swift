import Crypto
public import Foundation

/// A hash of the tree of RFC 6962, section 2.1: SHA-256, so that a leaf can't be taken for a node.
public struct TreeHash: Sendable, Hashable, CustomStringConvertible {
    /// The bytes in their order, eight in each.
    private let a, b, c, d: UInt64

    /// - Returns: nil unless there are 32 bytes.
    public init?(_ bytes: Data) {
        guard bytes.count == 32 else { return nil }
        self = bytes.withUnsafeBytes { TreeHash(first32: $0) }
    }

    private init(_ digest: SHA256Digest) { self = digest.withUnsafeBytes { TreeHash(first32: $0) } }

    private init(first32 bytes: UnsafeRawBufferPointer) {
        a = bytes.loadUnaligned(as: UInt64.self)
        b = bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
        c = bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self)
        d = bytes.loadUnaligned(fromByteOffset: 24, as: UInt64.self)
    }

    /// 32 bytes.
    public var bytes: Data { withUnsafeBytes(of: (a, b, c, d)) { Data($0) } }

    /// 64 hexadecimal digits.
    public var description: String { bytes.hex }

    /// Of an entry: SHA-256 of a zero byte and the entry.
    public static func leaf(_ entry: Data) -> TreeHash {
        var hash = SHA256()
        withUnsafeBytes(of: UInt8(0)) { hash.update(bufferPointer: $0) }
        entry.withUnsafeBytes { hash.update(bufferPointer: $0) }
        return TreeHash(hash.finalize())
    }

    /// Of the two below: SHA-256 of a one byte and both.
    public static func node(_ left: TreeHash, _ right: TreeHash) -> TreeHash {
        var hash = SHA256()
        withUnsafeBytes(of: UInt8(1)) { hash.update(bufferPointer: $0) }
        withUnsafeBytes(of: (left.a, left.b, left.c, left.d, right.a, right.b, right.c, right.d)) {
            hash.update(bufferPointer: $0)
        }
        return TreeHash(hash.finalize())
    }

    /// The root of a tree without entries: SHA-256 of nothing.
    public static let empty = TreeHash(SHA256.hash(data: Data()))

    /// The root of a full subtree. Cost: as many hashes as there are below, less one.
    /// - Parameter hashes: of one height; their number is a power of two.
    public static func root(of hashes: some Collection<TreeHash>) -> TreeHash {
        precondition(
            hashes.count > 0 && hashes.count & (hashes.count - 1) == 0, "A full subtree has 1, 2, 4, ... leaves.")
        var level = Array(hashes)
        while level.count > 1 {
            for i in 0..<(level.count / 2) { level[i] = node(level[2 * i], level[2 * i + 1]) }
            level.removeLast(level.count / 2)
        }
        return level[0]
    }
}

extension Int {
    /// Where RFC 6962 parts a tree of this many entries, at least two: the largest power of two below.
    var split: Int { 1 << (Int.bitWidth - 1 - (self - 1).leadingZeroBitCount) }
}
