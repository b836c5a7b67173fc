import FaceTestSupport
import Foundation
import Testing

@testable import TransparencyLog

@Suite("The verifier") struct LogVerifierTests {
    private let entries = MemoryLog.entries(700)

    /// What is found; nil when the log fits.
    private func finding(_ log: MemoryLog, _ checkpoints: [Checkpoint] = []) -> LogError? {
        do {
            _ = try LogVerifier.verify(
                log.contents, against: checkpoints.map { .init($0, from: "the checkpoint over \($0.size)") })
        } catch { return error as? LogError }
        return nil
    }

    private func kept(_ index: Int, _ entry: Data?, _ leaf: TreeHash?) -> LogContents.Kept {
        .init(index: index, entry: entry, leaf: leaf)
    }

    @Test("A log fits its own checkpoints of every size", arguments: [0, 1, 2, 255, 256, 257, 512, 700]) func fits(
        size: Int
    ) throws {
        let log = MemoryLog(Array(entries.prefix(size)))
        let checkpoints = try Set([0, 1, size / 3, size / 2, max(0, size - 1), size]).filter { $0 <= size }.map {
            try log.checkpoint($0)
        }
        #expect(finding(log, checkpoints.shuffled()) == nil)
        #expect(try LogVerifier.verify(log.contents) == log.contents.tree.root())
    }

    @Test("A byte that is flipped in an entry or a hash is found at its entry") func flipped() throws {
        let log = MemoryLog(entries)
        var random = SeededGenerator(seed: 3)
        for index in [0, 1, 255, 256, 511, 512, 699] {
            var entry = entries[index]
            entry[Int.random(in: 0..<entry.count, using: &random)] ^= 1 << Int.random(in: 0..<8, using: &random)
            var damaged = log
            damaged.kept[index] = kept(index, entry, log.kept[index].leaf)
            #expect(finding(damaged)?.code == .changed && finding(damaged)?.index == index)
            damaged.kept[index] = kept(index, entries[index], .leaf(entry))
            #expect(finding(damaged)?.code == .changed && finding(damaged)?.index == index)
        }
        for tile in 0..<2 {
            var damaged = log
            damaged.upper[0][tile] = .leaf(Data("x".utf8))
            #expect(finding(damaged)?.code == .changed && finding(damaged)?.index == 256 * tile)
        }
        var damaged = log
        damaged.upper[0].removeLast()
        #expect(finding(damaged)?.code == .incomplete && finding(damaged)?.index == 256)
    }

    @Test("An entry that is dropped, repeated or put elsewhere is found, and told for what it is") func moved() {
        let log = MemoryLog(entries)
        var damaged = log
        damaged.kept.remove(at: 300)
        #expect(finding(damaged)?.code == .missing && finding(damaged)?.index == 300)
        // The others move up, and their hashes stay.
        damaged = log
        for i in 300..<699 { damaged.kept[i] = kept(i, entries[i + 1], log.kept[i].leaf) }
        #expect(finding(damaged)?.code == .missing && finding(damaged)?.index == 300)
        damaged = log
        damaged.kept[300] = kept(300, entries[20], log.kept[300].leaf)
        #expect(finding(damaged)?.code == .repeated && finding(damaged)?.message.contains("entry 20") == true)
        for other in [301, 600] {
            damaged = log
            damaged.kept[300] = kept(300, entries[other], log.kept[300].leaf)
            damaged.kept[other] = kept(other, entries[300], log.kept[other].leaf)
            #expect(finding(damaged)?.code == .reordered && finding(damaged)?.index == 300, "\(other)")
        }
        // Together with its hash: the tree tells.
        damaged = log
        damaged.kept[20] = kept(20, entries[30], log.kept[30].leaf)
        damaged.kept[30] = kept(30, entries[20], log.kept[20].leaf)
        #expect(finding(damaged)?.code == .changed && finding(damaged)?.index == 0)
    }

    @Test("Whoever makes every hash anew is found by a checkpoint that was taken away before, between two of them")
    func rehashed() throws {
        let log = MemoryLog(entries)
        let checkpoints = try [100, 400, 700].map { try log.checkpoint($0) }
        var changed = entries, dropped = entries, repeated = entries, reordered = entries, spliced = entries
        changed[250].append(0)
        dropped.remove(at: 250)
        repeated.insert(entries[3], at: 250)
        reordered.swapAt(250, 251)
        spliced[250] = MemoryLog.entries(700, seed: 9)[250]
        for forged in [changed, dropped, repeated, reordered, spliced] {
            let log = MemoryLog(forged)
            #expect(finding(log) == nil)
            let found = finding(log, checkpoints)
            #expect(found?.code == .changed && found?.index == 100)
            #expect(
                found?.message.contains("entries 100 to 399") == true
                    && found?.message.contains("checkpoint over 400") == true)
        }
    }

    @Test("A log that was cut off, or set back to last week, is found by a checkpoint") func cutOff() throws {
        let checkpoint = try MemoryLog(entries).checkpoint()
        for size in [0, 1, 256, 512, 699] {
            let found = finding(MemoryLog(Array(entries.prefix(size))), [checkpoint])
            #expect(found?.code == .cutOff && found?.index == size)
        }
        #expect(
            finding(MemoryLog(Array(entries)), [checkpoint, try MemoryLog(Array(entries.prefix(10))).checkpoint()])
                == nil)
    }

    @Test("Two checkpoints that contradict each other are told, though the log fits one") func contradiction() throws {
        let log = MemoryLog(entries)
        let other = Checkpoint(origin: "example.org/log", size: 500, root: .leaf(Data()))
        #expect(finding(log, [try log.checkpoint(500), other])?.code == .changed)
        #expect(finding(log, [Checkpoint(origin: "o", size: 0, root: .leaf(Data()))])?.code == .changed)
    }

    @Test("Any one change of a random log is found", arguments: 0..<40) func random(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let entries = MemoryLog.entries(Int.random(in: 2...600, using: &random), seed: UInt64(seed))
        let log = MemoryLog(entries), checkpoint = try log.checkpoint()
        var forged = entries
        let i = Int.random(in: 0..<forged.count, using: &random)
        switch seed % 5 {
        case 0:
            forged[i][Int.random(in: 0..<forged[i].count, using: &random)] ^= UInt8.random(in: 1...255, using: &random)
        case 1: forged.remove(at: i)
        case 2: forged.insert(forged[i], at: Int.random(in: 0...forged.count, using: &random))
        case 3: forged.swapAt(i, (i + 1) % forged.count)
        default: forged.removeLast(forged.count - i)
        }
        #expect(finding(MemoryLog(forged), [checkpoint]) != nil)
        #expect(finding(log, [checkpoint]) == nil)
    }
}
