import FaceTestSupport
import Foundation
import Testing

@testable import TransparencyLog

@Suite("A published folder") final class TileFolderTests {
    private let path = NSTemporaryDirectory() + "tiles-\(UUID().uuidString)"
    private let signer = try! NoteSigner(name: "example.org/log", seed: Data(repeating: 7, count: 32))
    private let entries = MemoryLog.entries(700)
    private var folder: TileFolder { TileFolder(path) }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    @discardableResult
    private func export(_ log: MemoryLog, _ signer: NoteSigner? = nil, entries: Bool = true) throws -> Int {
        let signer = signer ?? self.signer
        let note = try signer.sign(log.checkpoint(origin: signer.key.name).text)
        return try folder.export(log.contents, checkpoint: note, key: signer.key, entries: entries)
    }

    private func verify(_ outside: [Checkpoint] = []) throws {
        let latest = try Checkpoint(note: try #require(try folder.checkpoint()), key: signer.key)
        _ = try LogVerifier.verify(
            folder.contents(size: latest.size),
            against: [.init(latest, from: "the folder's checkpoint")]
                + outside.map { .init($0, from: "the checkpoint") })
    }

    private func finding(_ outside: [Checkpoint] = []) -> LogError? {
        do { try verify(outside) } catch { return error as? LogError }
        return nil
    }

    private func files() throws -> [String: Data] {
        try FileManager.default.subpathsOfDirectory(atPath: path).reduce(into: [:]) { files, name in
            var isFolder: ObjCBool = false
            let file = path + "/" + name
            if FileManager.default.fileExists(atPath: file, isDirectory: &isFolder), !isFolder.boolValue {
                files[name] = try Data(contentsOf: URL(fileURLWithPath: file))
            }
        }
    }

    @Test("A folder that grows at each run has what one has that is written at once, and always fits")
    func incremental() throws {
        for (size, before) in [(0, 0), (3, 0), (3, 3), (255, 3), (256, 255), (257, 256), (512, 257), (700, 512)] {
            #expect(try export(MemoryLog(Array(entries.prefix(size)))) == before)
            try verify()
            #expect(try folder.publicKey() == signer.key)
        }
        let grown = try files()
        try FileManager.default.removeItem(atPath: path)
        try export(MemoryLog(entries))
        let whole = try files()
        for (name, bytes) in whole where name != "checkpoint" { #expect(grown[name] == bytes, "\(name)") }
        // What an earlier checkpoint needs stays until the full tile has it.
        #expect(Set(grown.keys).subtracting(whole.keys) == ["tile/1/000.p/1"])
    }

    @Test("Hashes alone fit as well, and prove the same") func hashesOnly() throws {
        let log = MemoryLog(entries)
        try export(log, entries: false)
        try verify([log.checkpoint(300)])
        #expect(!folder.hasEntries)
        #expect(
            try folder.contents(size: 700).tree.inclusionProof(of: 300) == log.contents.tree.inclusionProof(of: 300))
        #expect(throws: LogError.self) { try export(log) }
    }

    @Test("Any byte that is flipped in any file is found") func flipped() throws {
        let log = MemoryLog(Array(entries.prefix(515)))
        try export(log)
        let checkpoint = try log.checkpoint(), whole = try files()
        #expect(
            whole.keys.sorted() == [
                "checkpoint", "public-key", "tile/0/000", "tile/0/001", "tile/0/002.p/3", "tile/1/000.p/2",
                "tile/entries/000",
                "tile/entries/001", "tile/entries/002.p/3",
            ])
        var random = SeededGenerator(seed: 5)
        for (name, bytes) in whole where name != "public-key" {
            for _ in 0..<12 {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                var other = bytes
                other[place] ^= 1 << Int.random(in: 0..<8, using: &random)
                try other.write(to: URL(fileURLWithPath: path + "/" + name))
                // The bits that base64 leaves over at a signature's end mean nothing.
                if name == "checkpoint", let note = String(data: other, encoding: .utf8),
                    (try? SignedNote(note)) == (try? SignedNote(String(decoding: bytes, as: UTF8.self)))
                {
                    continue
                }
                #expect(finding([checkpoint]) != nil, "\(name), byte \(place)")
            }
            try bytes.write(to: URL(fileURLWithPath: path + "/" + name))
        }
        #expect(finding([checkpoint]) == nil)
    }

    @Test(
        "A file that is cut off, gone, or another kind of file is found",
        arguments: [
            "tile/entries/000", "tile/0/000", "tile/entries/002.p/3", "tile/0/002.p/3", "tile/1/000.p/2",
        ]) func lost(name: String) throws
    {
        try export(MemoryLog(Array(entries.prefix(515))))
        let file = path + "/" + name, bytes = try Data(contentsOf: URL(fileURLWithPath: file))
        for damaged in [bytes.dropLast(), bytes.prefix(32), bytes + Data([0]), Data()] {
            try damaged.write(to: URL(fileURLWithPath: file))
            #expect(finding() != nil)
        }
        try FileManager.default.removeItem(atPath: file)
        #expect(finding() != nil)
        try #require(mkfifo(file, 0o600) == 0)
        #expect(finding()?.code == .unusable)
        try FileManager.default.removeItem(atPath: file)
        try bytes.write(to: URL(fileURLWithPath: file))
        #expect(finding() == nil)
    }

    @Test("An entry that is dropped from its bundle, repeated or swapped is told for what it is") func moved() throws {
        let log = MemoryLog(entries)
        try export(log)
        let file = URL(fileURLWithPath: path + "/tile/entries/001"), second = Array(entries[256..<512])
        func with(_ change: (inout [Data]) -> Void) throws -> LogError? {
            var some = second
            change(&some)
            try EntryBundle.encoded(some).write(to: file)
            return finding()
        }
        var found = try with { $0.remove(at: 44) }
        #expect(found?.code == .missing && found?.index == 300)
        found = try with { $0.insert($0[3], at: 44) }
        #expect(found?.code == .repeated && found?.index == 300)
        found = try with { $0.swapAt(44, 45) }
        #expect(found?.code == .reordered && found?.index == 300)
        found = try with { $0.removeLast() }
        #expect(found?.code == .missing && found?.index == 511)
        found = try with { $0.append(Data("more".utf8)) }
        #expect(found?.code == .changed && found?.index == 512)
        found = try with { _ in }
        #expect(found == nil)
    }

    @Test("A folder of another log, of a log that was set back or changed, or of other files is left as it is")
    func refused() throws {
        let log = MemoryLog(Array(entries.prefix(300)))
        try export(log)
        let before = try files()
        func refusal(_ log: MemoryLog, _ signer: NoteSigner? = nil) -> LogError? {
            do { try export(log, signer) } catch { return error as? LogError }
            return nil
        }
        let other = try NoteSigner(name: "example.org/other", seed: Data(repeating: 7, count: 32))
        let newKey = try NoteSigner(name: "example.org/log", seed: Data(repeating: 8, count: 32))
        #expect(refusal(log, other)?.code == .otherLog)
        #expect(refusal(log, newKey)?.code == .otherKey)
        #expect(refusal(MemoryLog(Array(entries.prefix(299))))?.code == .cutOff)
        var forged = entries
        forged[123].append(0)
        let found = refusal(MemoryLog(forged))
        #expect(found?.code == .changed && found?.index == 123)
        #expect(try files() == before)
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try Data("theirs".utf8).write(to: URL(fileURLWithPath: path + "/theirs"))
        #expect(refusal(log)?.code == .unusable)
        #expect(try files().keys.sorted() == ["theirs"])
    }

    @Test("What a run that was cut short left is gone on with") func cutShort() throws {
        let log = MemoryLog(entries)
        try export(log)
        let whole = try files()
        for name in ["checkpoint", "public-key", "tile/entries/001"] {
            try FileManager.default.removeItem(atPath: path + "/" + name)
        }
        try Data("half".utf8).write(to: URL(fileURLWithPath: path + "/tile/0/000"))
        #expect(try export(log) == 0)
        #expect(try files().filter { $0.key != "checkpoint" } == whole.filter { $0.key != "checkpoint" })
        try verify()
    }
}
