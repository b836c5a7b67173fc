import FaceTestSupport
import Foundation
import TransparencyLog

/// A log in memory, whose parts a test may damage.
struct MemoryLog {
    var kept: [LogContents.Kept] = []
    /// From level 1 on.
    var upper: [[TreeHash]] = []

    init(_ entries: [Data]) {
        for entry in entries { append(entry) }
    }

    mutating func append(_ entry: Data) {
        kept.append(.init(index: kept.count, entry: entry, leaf: .leaf(entry)))
        guard kept.count % 256 == 0 else { return }
        var below = kept.suffix(256).map { $0.leaf! }, level = 0, count = kept.count / 256
        while true {
            if upper.count == level { upper.append([]) }
            upper[level].append(.root(of: below))
            guard count % 256 == 0 else { return }
            below = Array(upper[level].suffix(256))
            level += 1
            count /= 256
        }
    }

    /// Every hash made anew over the entries as they are: what an attacker does who can write everything.
    var rehashed: MemoryLog { MemoryLog(kept.map { $0.entry! }) }

    var size: Int { kept.count }

    var contents: LogContents {
        LogContents(size: size) { number in
            .init(Array(kept.dropFirst(256 * number).prefix(256)))
        } hashes: { level, range in
            guard level <= upper.count else { return [] }
            return Array(upper[level - 1].dropFirst(range.lowerBound).prefix(range.count))
        }
    }

    func checkpoint(_ count: Int? = nil, origin: String = "example.org/log") throws -> Checkpoint {
        Checkpoint(origin: origin, size: count ?? size, root: try contents.tree.root(ofFirst: count))
    }

    static func entries(_ count: Int, seed: UInt64 = 1) -> [Data] {
        var random = SeededGenerator(seed: seed)
        return (0..<count).map { i in
            Data("entry \(i) ".utf8)
                + Data(
                    (0..<Int.random(in: 0...40, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) })
        }
    }
}
