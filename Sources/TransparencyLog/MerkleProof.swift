/// Checks proofs, from what an outsider has: hashes.
public enum MerkleProof {
    /// Whether an entry lies at an index of the tree with this root (RFC 9162, section 2.1.3.2).
    /// - Parameters:
    ///   - leaf: the entry's hash.
    ///   - path: from the entry's sibling to the root's child.
    public static func includes(
        _ leaf: TreeHash, at index: Int, in root: TreeHash, size: Int, path: [TreeHash]
    ) -> Bool {
        guard (0..<size).contains(index) else { return false }
        var place = index, last = size - 1, hash = leaf
        for sibling in path {
            guard last > 0 else { return false }
            if place & 1 == 1 || place == last {
                hash = .node(sibling, hash)
                // The right edge has no sibling where its subtree is the only one of that height.
                while place & 1 == 0, place != 0 { (place, last) = (place >> 1, last >> 1) }
            } else {
                hash = .node(hash, sibling)
            }
            (place, last) = (place >> 1, last >> 1)
        }
        return last == 0 && hash == root
    }

    /// Whether a tree goes on from an earlier one (RFC 9162, section 2.1.4.2).
    public static func goesOn(
        from oldRoot: TreeHash, size old: Int, to root: TreeHash, size: Int, path: [TreeHash]
    ) -> Bool {
        guard old >= 0, old <= size else { return false }
        if old == size { return path.isEmpty && oldRoot == root }
        if old == 0 { return path.isEmpty && oldRoot == .empty }
        // A full subtree is known to the verifier, so the proof leaves it out.
        let path = old & (old - 1) == 0 ? [oldRoot] + path : path
        guard let first = path.first else { return false }
        var place = old - 1, last = size - 1
        while place & 1 == 1 { (place, last) = (place >> 1, last >> 1) }
        var earlier = first, later = first
        for hash in path.dropFirst() {
            guard last > 0 else { return false }
            if place & 1 == 1 || place == last {
                (earlier, later) = (.node(hash, earlier), .node(hash, later))
                while place & 1 == 0, place != 0 { (place, last) = (place >> 1, last >> 1) }
            } else {
                later = .node(later, hash)
            }
            (place, last) = (place >> 1, last >> 1)
        }
        return last == 0 && earlier == oldRoot && later == root
    }
}
