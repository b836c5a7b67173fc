/// A tree whose hashes are kept in tiles: level 0 are the leaves, and each hash of a level above is the root of 256 of
/// the level below, once these are complete.
public struct HashTree {
    /// How many entries it has.
    public let size: Int
    private let read: (_ level: Int, _ range: Range<Int>) throws -> [TreeHash]

    /// - Parameter read: gives the hashes of a level in a range, of which all are complete in a tree of this size.
    public init(size: Int, read: @escaping (_ level: Int, _ range: Range<Int>) throws -> [TreeHash]) {
        self.size = size
        self.read = read
    }

    /// The root over the first entries; over all when no number is given. Cost: reads at most 256 hashes a level.
    public func root(ofFirst count: Int? = nil) throws -> TreeHash { try hash(0..<within(count ?? size)) }

    /// The hashes that, with its own, give the root: from the entry's sibling to the root's child (RFC 6962, section
    /// 2.1.1).
    /// - Parameter size: of the tree at the time; nil for now.
    public func inclusionProof(of index: Int, inFirst size: Int? = nil) throws -> [TreeHash] {
        let size = try within(size ?? self.size)
        guard (0..<size).contains(index) else {
            throw LogError(.outOfRange, "There is no entry \(index) among \(size); the first is 0.")
        }
        return try path(to: index, in: 0..<size)
    }

    /// The hashes that show that a tree goes on from an earlier state of its own (RFC 6962, section 2.1.2).
    /// - Parameter size: of the later state; nil for now.
    public func consistencyProof(from old: Int, to size: Int? = nil) throws -> [TreeHash] {
        let size = try within(size ?? self.size)
        guard (0...size).contains(old) else {
            throw LogError(
                .outOfRange, "A tree of \(size) does not go on from one of \(old); name the smaller one first.")
        }
        return old == 0 ? [] : try proof(old, in: 0..<size, isWhole: true)
    }

    private func within(_ count: Int) throws -> Int {
        guard (0...size).contains(count) else {
            throw LogError(.outOfRange, "The log has \(size) entries, not \(count).")
        }
        return count
    }

    private func path(to index: Int, in range: Range<Int>) throws -> [TreeHash] {
        guard range.count > 1 else { return [] }
        let (left, right) = halves(range)
        return left.contains(index)
            ? try path(to: index, in: left) + [hash(right)] : try path(to: index, in: right) + [hash(left)]
    }

    /// - Parameter isWhole: whether the verifier knows the hash of what is left of `end` already.
    private func proof(_ end: Int, in range: Range<Int>, isWhole: Bool) throws -> [TreeHash] {
        guard end < range.upperBound else { return isWhole ? [] : [try hash(range)] }
        let (left, right) = halves(range)
        return end <= left.upperBound
            ? try proof(end, in: left, isWhole: isWhole) + [hash(right)]
            : try proof(end, in: right, isWhole: false) + [hash(left)]
    }

    private func halves(_ range: Range<Int>) -> (Range<Int>, Range<Int>) {
        let middle = range.lowerBound + range.count.split
        return (range.lowerBound..<middle, middle..<range.upperBound)
    }

    private func hash(_ range: Range<Int>) throws -> TreeHash {
        guard !range.isEmpty else { return .empty }
        let height = range.count.trailingZeroBitCount
        guard range.count == 1 << height else {
            let (left, right) = halves(range)
            return .node(try hash(left), try hash(right))
        }
        // A full subtree: of so many hashes of the next level down that is kept.
        let level = height / Tile.height, rest = height % Tile.height
        let first = range.lowerBound >> (Tile.height * level)
        let hashes = try read(level, first..<(first + 1 << rest))
        guard hashes.count == 1 << rest else {
            throw LogError(
                .incomplete,
                "Of the log's tree, hashes \(first) to \(first + 1 << rest - 1) of level \(level) are missing.")
        }
        return .root(of: hashes)
    }
}
