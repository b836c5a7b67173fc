import FaceTestSupport
import Foundation
import Testing

@testable import TransparencyLog

@Suite("The tree") struct TreeTests {
    /// Leaves, roots and proofs that Certificate Transparency's reference implementation published, and others' tests use.
    private enum Published {
        static let leaves = [
            "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
        ].map(hex)
        static let roots = [
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ]
        static let inclusion: [(index: Int, size: Int, path: [String])] = [
            (0, 1, []),
            (
                0, 8,
                [
                    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
                ]
            ),
            (
                5, 8,
                [
                    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                ]
            ),
            (2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
            (
                1, 5,
                [
                    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                ]
            ),
        ]
        static let consistency: [(old: Int, size: Int, path: [String])] = [
            (1, 1, []),
            (
                1, 8,
                [
                    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
                ]
            ),
            (
                6, 8,
                [
                    "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                ]
            ),
            (
                2, 5,
                [
                    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                ]
            ),
        ]
    }

    @Test("Roots and proofs are those that Certificate Transparency published") func published() throws {
        for size in 0...8 {
            let log = MemoryLog(Array(Published.leaves.prefix(size)))
            #expect(try log.contents.tree.root().description == Published.roots[size])
        }
        let tree = MemoryLog(Published.leaves).contents.tree
        func root(_ size: Int) -> TreeHash { TreeHash(hex(Published.roots[size]))! }
        for (index, size, path) in Published.inclusion {
            #expect(try tree.inclusionProof(of: index, inFirst: size).map(\.description) == path)
            #expect(
                MerkleProof.includes(
                    .leaf(Published.leaves[index]), at: index, in: root(size), size: size,
                    path: path.map { TreeHash(hex($0))! }))
        }
        for (old, size, path) in Published.consistency {
            #expect(try tree.consistencyProof(from: old, to: size).map(\.description) == path)
            #expect(
                MerkleProof.goesOn(
                    from: root(old), size: old, to: root(size), size: size, path: path.map { TreeHash(hex($0))! }))
        }
    }

    @Test("Every root and every proof up to 70 entries is that of a plain, recursive tree, and is accepted")
    func small() throws {
        let entries = MemoryLog.entries(70)
        let tree = MemoryLog(entries).contents.tree
        for size in 0...70 {
            let root = try tree.root(ofFirst: size)
            #expect(root.bytes == PlainTree.root(entries[..<size]), "\(size)")
            for index in 0..<size {
                let path = try tree.inclusionProof(of: index, inFirst: size)
                #expect(path.map(\.bytes) == PlainTree.path(index, entries[..<size]), "\(index) of \(size)")
                #expect(MerkleProof.includes(.leaf(entries[index]), at: index, in: root, size: size, path: path))
            }
            for old in 0...size {
                let path = try tree.consistencyProof(from: old, to: size)
                if old > 0 { #expect(path.map(\.bytes) == PlainTree.proof(old, entries[..<size]), "\(old) to \(size)") }
                #expect(
                    MerkleProof.goesOn(from: try tree.root(ofFirst: old), size: old, to: root, size: size, path: path))
            }
        }
    }

    @Test(
        "At the edges of tiles, roots and proofs are those of a plain tree",
        arguments: [254, 255, 256, 257, 300, 511, 512, 513, 1_000, 4_097]) func edges(size: Int) throws
    {
        let entries = MemoryLog.entries(size, seed: UInt64(size))
        let tree = MemoryLog(entries).contents.tree
        let root = try tree.root()
        #expect(root.bytes == PlainTree.root(entries[...]))
        var random = SeededGenerator(seed: UInt64(size))
        for _ in 0..<12 {
            let index = Int.random(in: 0..<size, using: &random)
            let path = try tree.inclusionProof(of: index)
            #expect(path.map(\.bytes) == PlainTree.path(index, entries[...]))
            #expect(MerkleProof.includes(.leaf(entries[index]), at: index, in: root, size: size, path: path))
            let old = Int.random(in: 1...size, using: &random)
            let proof = try tree.consistencyProof(from: old)
            #expect(proof.map(\.bytes) == PlainTree.proof(old, entries[...]))
            #expect(MerkleProof.goesOn(from: try tree.root(ofFirst: old), size: old, to: root, size: size, path: proof))
        }
    }

    @Test(
        "Over the edge of the second level of tiles, 65,536, the root is that of a plain tree",
        arguments: [65_535, 65_536, 65_537])
    func secondLevel(size: Int) throws {
        let entries = (0..<size).map { Data("\($0)".utf8) }
        let expected = PlainTree.root(entries[...])
        var growing = GrowingTree(), leaves: [TreeHash] = []
        for entry in entries {
            leaves.append(.leaf(entry))
            growing.append(leaves.last!)
        }
        #expect(growing.root.bytes == expected)
        // In tiles, without the levels between.
        var levels = [leaves]
        while levels.last!.count >= 256 {
            let below = levels.last!
            levels.append((0..<(below.count / 256)).map { .root(of: below[($0 * 256)..<($0 * 256 + 256)]) })
        }
        let tree = HashTree(size: size) { level, range in Array(levels[level][range]) }
        #expect(try tree.root().bytes == expected)
        let path = try tree.inclusionProof(of: size - 1)
        #expect(path.map(\.bytes) == PlainTree.path(size - 1, entries[...]))
    }

    @Test("A tree that grows by leaves and by whole tiles has the same root at every size") func growing() {
        let entries = MemoryLog.entries(1_100)
        var byLeaf = GrowingTree()
        for (count, entry) in entries.enumerated() {
            #expect(byLeaf.size == count)
            byLeaf.append(.leaf(entry))
        }
        var byTile = GrowingTree()
        for tile in 0..<4 {
            byTile.append(.root(of: entries[(256 * tile)..<(256 * tile + 256)].map(TreeHash.leaf)), height: 8)
        }
        for entry in entries[1_024...] { byTile.append(.leaf(entry)) }
        #expect(byTile == byLeaf)
        #expect(byTile.root.bytes == PlainTree.root(entries[...]))
        #expect(GrowingTree().root.bytes == PlainTree.root([]))
    }

    @Test("A proof with one thing changed is refused", arguments: [2, 7, 8, 100, 257]) func broken(size: Int) throws {
        let entries = MemoryLog.entries(size)
        let tree = MemoryLog(entries).contents.tree, root = try tree.root()
        let other = TreeHash.leaf(Data("other".utf8))
        for index in [0, size / 2, size - 1] {
            let leaf = TreeHash.leaf(entries[index]), path = try tree.inclusionProof(of: index)
            func holds(_ leaf: TreeHash, _ index: Int, _ root: TreeHash, _ size: Int, _ path: [TreeHash]) -> Bool {
                MerkleProof.includes(leaf, at: index, in: root, size: size, path: path)
            }
            #expect(holds(leaf, index, root, size, path))
            #expect(!holds(other, index, root, size, path))
            #expect(!holds(leaf, index, other, size, path))
            #expect(!holds(leaf, index + 1, root, size, path) && !holds(leaf, index - 1, root, size, path))
            #expect(!holds(leaf, index, root, index, path) && !holds(leaf, -1, root, size, path))
            #expect(!holds(leaf, index, root, size, path + [other]) && !holds(leaf, index, root, size, path.dropLast()))
            for i in path.indices {
                var bad = path
                bad[i] = other
                #expect(!holds(leaf, index, root, size, bad))
            }
        }
        for old in [1, size / 2, size - 1] {
            let earlier = try tree.root(ofFirst: old), path = try tree.consistencyProof(from: old)
            func goesOn(_ a: TreeHash, _ old: Int, _ b: TreeHash, _ size: Int, _ path: [TreeHash]) -> Bool {
                MerkleProof.goesOn(from: a, size: old, to: b, size: size, path: path)
            }
            #expect(goesOn(earlier, old, root, size, path))
            #expect(!goesOn(other, old, root, size, path) && !goesOn(earlier, old, other, size, path))
            #expect(!goesOn(root, size, earlier, old, path) && !goesOn(earlier, -1, root, size, path))
            #expect(!goesOn(earlier, old, root, size, path + [other]) && !goesOn(earlier, old, root, size, []))
            for i in path.indices {
                var bad = path
                bad[i] = other
                #expect(!goesOn(earlier, old, root, size, bad))
            }
        }
    }

    @Test("An entry, a size or a hash that the log does not have is refused with a sentence") func outOfRange() throws {
        let tree = MemoryLog(MemoryLog.entries(10)).contents.tree
        for body in [
            { _ = try tree.root(ofFirst: 11) }, { _ = try tree.inclusionProof(of: 10) },
            { _ = try tree.inclusionProof(of: -1) },
            { _ = try tree.inclusionProof(of: 5, inFirst: 5) }, { _ = try tree.consistencyProof(from: 8, to: 7) },
            { _ = try tree.consistencyProof(from: -1) }, { _ = try tree.root(ofFirst: -1) },
        ] as [() throws -> Void] {
            #expect(throws: LogError.self) { try body() }
        }
        let holed = HashTree(size: 300) { _, _ in [] }
        #expect(throws: LogError.self) { try holed.root() }
    }
}

func hex(_ text: String) -> Data {
    let digits = Array(text.utf8)
    return Data(
        stride(from: 0, to: digits.count, by: 2).map {
            UInt8(String(decoding: digits[$0..<($0 + 2)], as: UTF8.self), radix: 16)!
        })
}
