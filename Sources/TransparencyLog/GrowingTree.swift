/// A tree of which only so much is kept that entries can be added: the roots of its full subtrees, at most one of each
/// height.
public struct GrowingTree: Sendable, Hashable {
    /// How many entries it has.
    public private(set) var size = 0
    /// The largest first.
    private var subtrees: [TreeHash] = []

    public init() {}

    /// Adds an entry, or a full subtree of them. Cost: one hash, on the average.
    /// - Parameters:
    ///   - hash: the leaf's, or the subtree's root.
    ///   - height: 0 for a leaf, 8 for a tile of 256; what is there must be as many of such subtrees.
    public mutating func append(_ hash: TreeHash, height: Int = 0) {
        precondition(size & (1 << height - 1) == 0, "A subtree begins at a multiple of its own size.")
        var hash = hash, rest = size >> height
        while rest & 1 == 1 {
            hash = .node(subtrees.removeLast(), hash)
            rest >>= 1
        }
        subtrees.append(hash)
        size += 1 << height
    }

    /// Cost: at most one hash for each height.
    public var root: TreeHash {
        guard var hash = subtrees.last else { return .empty }
        for subtree in subtrees.dropLast().reversed() { hash = .node(subtree, hash) }
        return hash
    }
}
