public import Foundation

/// What is kept of a log, wherever that is: read for checking it and for publishing it.
public struct LogContents {
    /// An entry as it is kept.
    public struct Kept: Sendable {
        /// The index under which it is kept.
        public let index: Int
        /// nil where only hashes are kept.
        public let entry: Data?
        /// nil where no hash is kept beside it.
        public let leaf: TreeHash?

        public init(index: Int, entry: Data?, leaf: TreeHash?) {
            self.index = index
            self.entry = entry
            self.leaf = leaf
        }
    }

    /// What lies in one bundle's place.
    public struct Bundle: Sendable {
        public let kept: [Kept]
        /// What is wrong with its form; the entries that are whole are there nevertheless.
        public let damage: LogError?

        public init(_ kept: [Kept], damage: LogError? = nil) {
            self.kept = kept
            self.damage = damage
        }
    }

    /// How many entries there are, or should be.
    public let size: Int
    /// The entries of a bundle, in order; at most 256.
    public let bundle: (_ number: Int) throws -> Bundle
    /// The hashes of a level from 1 up, in a range; fewer when some are not there.
    public let hashes: (_ level: Int, _ range: Range<Int>) throws -> [TreeHash]

    public init(
        size: Int, bundle: @escaping (_ number: Int) throws -> Bundle,
        hashes: @escaping (_ level: Int, _ range: Range<Int>) throws -> [TreeHash]
    ) {
        self.size = size
        self.bundle = bundle
        self.hashes = hashes
    }

    /// How many entries a bundle has when nothing is missing.
    func expected(inBundle number: Int) -> Int { min(Tile.fullWidth, size - number * Tile.fullWidth) }

    /// The tree over the hashes that are kept, without a look at the entries.
    public var tree: HashTree {
        HashTree(size: size) { level, range in
            guard level == 0 else { return try hashes(level, range) }
            let first = range.lowerBound / Tile.fullWidth
            return try bundle(first).kept.filter { range.contains($0.index) }.compactMap { kept in
                kept.leaf ?? kept.entry.map(TreeHash.leaf)
            }
        }
    }
}
