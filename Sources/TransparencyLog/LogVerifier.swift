import Foundation

/// Computes a log anew from its entries, and compares it with the hashes that are kept of it and with checkpoints.
///
/// Cost: two hashes an entry; keeps one bundle in memory.
public struct LogVerifier {
    /// A checkpoint that the log must agree with.
    public struct Expected: Sendable {
        public let checkpoint: Checkpoint
        /// Where it is from, for the message: `the checkpoint monday.txt`.
        public let source: String

        public init(_ checkpoint: Checkpoint, from source: String) {
            self.checkpoint = checkpoint
            self.source = source
        }
    }

    private let contents: LogContents
    private var expected: ArraySlice<Expected>
    private var tree = GrowingTree()
    /// The roots of full tiles that are not yet a tile of the level above, from level 1 on.
    private var upper: [[TreeHash]] = []
    /// How many entries the last checkpoint that agreed has.
    private var agreed = 0

    /// Goes through the whole log.
    /// - Parameters:
    ///   - expected: in any order.
    ///   - progress: told how many entries are done.
    /// - Returns: the root over all entries.
    /// - Throws: `LogError` for the first entry that does not fit, in the order of the log; what keeps it from being
    ///   read.
    public static func verify(
        _ contents: LogContents, against expected: [Expected] = [], progress: (Int) -> Void = { _ in }
    ) throws -> TreeHash {
        var verifier = LogVerifier(
            contents: contents, expected: expected.sorted { $0.checkpoint.size < $1.checkpoint.size }[...])
        try verifier.compareCheckpoints(GrowingTree())
        for number in 0..<((contents.size + Tile.fullWidth - 1) / Tile.fullWidth) {
            try verifier.verify(bundle: number)
            progress(verifier.tree.size)
        }
        if let beyond = verifier.expected.first {
            let size = beyond.checkpoint.size
            throw LogError(
                .cutOff, at: contents.size,
                "The log has \(contents.size) entries, and \(beyond.source) is over \(size): entries from \(contents.size) on were cut off, or this is a copy from before."
            )
        }
        return verifier.tree.root
    }

    private mutating func verify(bundle number: Int) throws {
        let first = number * Tile.fullWidth, count = contents.expected(inBundle: number)
        let bundle = try contents.bundle(number)
        var leaves: [TreeHash] = []
        leaves.reserveCapacity(count)
        for (offset, kept) in bundle.kept.prefix(count).enumerated() {
            let index = first + offset
            guard kept.index == index else { throw missing(index) }
            guard let leaf = kept.entry.map(TreeHash.leaf) ?? kept.leaf else { throw missing(index) }
            if let known = kept.leaf, known != leaf { throw try mismatch(at: index, leaf) }
            leaves.append(leaf)
        }
        if let damage = bundle.damage { throw damage }
        guard leaves.count == count else { throw missing(first + leaves.count) }
        try compare(leaves)
    }

    private mutating func compare(_ leaves: [TreeHash]) throws {
        // Checkpoints over a part of the bundle.
        var partial = tree
        for leaf in leaves.dropLast()
        where expected.first.map({ $0.checkpoint.size < tree.size + leaves.count }) ?? false {
            partial.append(leaf)
            try compareCheckpoints(partial)
        }
        if leaves.count == Tile.fullWidth {
            let root = TreeHash.root(of: leaves)
            tree.append(root, height: Tile.height)
            try add(root, to: 1)
        } else {
            for leaf in leaves { tree.append(leaf) }
        }
        try compareCheckpoints(tree)
    }

    private mutating func compareCheckpoints(_ tree: GrowingTree) throws {
        while let next = expected.first, next.checkpoint.size == tree.size {
            guard next.checkpoint.root == tree.root else {
                guard agreed < tree.size else {
                    throw LogError(.changed, "\(next.source) has another root over \(tree.size) entries than the log.")
                }
                throw LogError(
                    .changed, at: agreed,
                    "The first \(tree.size) entries are not those of \(next.source): among entries \(agreed) to \(tree.size - 1) one was changed, left out, repeated, put elsewhere or brought from another log, and the hashes made anew."
                )
            }
            agreed = tree.size
            expected.removeFirst()
        }
    }

    /// Compares the root of a full tile with the hash that is kept of it.
    private mutating func add(_ root: TreeHash, to level: Int) throws {
        if upper.count < level { upper.append([]) }
        upper[level - 1].append(root)
        let span = 1 << (Tile.height * level)
        let position = tree.size / span - 1
        let kept = try contents.hashes(level, position..<(position + 1)).first
        guard kept == root else {
            let first = position * span
            throw LogError(
                kept == nil ? .incomplete : .changed, at: first,
                kept == nil
                    ? "The tree's hash over entries \(first) to \(first + span - 1) is missing."
                    : "Entries \(first) to \(first + span - 1) do not give the tree's hash over them: among them one was changed, repeated or put elsewhere together with its hash, or the tree's hash was changed."
            )
        }
        guard upper[level - 1].count == Tile.fullWidth else { return }
        let above = TreeHash.root(of: upper[level - 1])
        upper[level - 1] = []
        try add(above, to: level + 1)
    }

    private func missing(_ index: Int) -> LogError {
        LogError(.missing, at: index, "Entry \(index) is missing.")
    }

    /// An entry does not match the hash that is kept in its place: says what it looks like.
    private func mismatch(at index: Int, _ leaf: TreeHash) throws -> LogError {
        guard let place = try place(of: leaf, except: index) else {
            return LogError(
                .changed, at: index,
                "Entry \(index) does not match its hash: it was changed, or is another log's, or its hash was changed.")
        }
        if place == index + 1, try !isSwapped(index, with: place) {
            return LogError(.missing, at: index, "Entry \(index) is missing: entry \(place) is in its place.")
        }
        return place < index
            ? LogError(.repeated, at: index, "Entry \(index) does not match its hash: it is entry \(place) once more.")
            : LogError(.reordered, at: index, "Entry \(index) does not match its hash: entry \(place) is in its place.")
    }

    private func isSwapped(_ index: Int, with other: Int) throws -> Bool {
        func kept(_ index: Int) throws -> LogContents.Kept? {
            try contents.bundle(index / Tile.fullWidth).kept.first { $0.index == index }
        }
        guard let entry = try kept(other)?.entry else { return false }
        return try kept(index)?.leaf == .leaf(entry)
    }

    private func place(of leaf: TreeHash, except index: Int) throws -> Int? {
        for number in 0..<((contents.size + Tile.fullWidth - 1) / Tile.fullWidth) {
            guard let bundle = try? contents.bundle(number) else { continue }
            if let found = bundle.kept.first(where: { $0.leaf == leaf && $0.index != index }) { return found.index }
        }
        return nil
    }
}
