import Foundation
import Testing

@testable import TransparencyLog

@Suite("Tiles and bundles") struct TileTests {
    @Test("Paths are those of tlog-tiles") func paths() throws {
        #expect(Tile(level: 0, number: 1_234_067, inLogOf: .max)?.path == "tile/0/x001/x234/067")
        #expect(Tile(level: nil, number: 0, inLogOf: 17)?.path == "tile/entries/000.p/17")
        #expect(Tile(level: 1, number: 1_000, inLogOf: .max)?.path == "tile/1/x001/000")
        #expect(Tile(level: 0, number: 999, inLogOf: .max)?.path == "tile/0/999")
        #expect(Tile(level: 0, number: 1, inLogOf: 256) == nil)
        #expect(Tile(level: 0, number: -1, inLogOf: 256) == nil)
        #expect(Tile(level: 0, number: 0, inLogOf: 0) == nil)
    }

    @Test("A log of 70,000 entries has the tiles that tlog-tiles counts") func example() {
        let tiles = Tile.added(since: 0, inLogOf: 70_000, entries: true)
        func widths(_ level: Int?) -> [Int] { tiles.filter { $0.level == level }.map(\.width) }
        #expect(widths(0) == Array(repeating: 256, count: 273) + [112])
        #expect(widths(nil) == widths(0))
        #expect(widths(1) == [256, 17])
        #expect(widths(2) == [1])
        #expect(widths(3).isEmpty)
        #expect(Tile.added(since: 0, inLogOf: 256, entries: false).map(\.path) == ["tile/0/000", "tile/1/000.p/1"])
    }

    @Test("What a log gains are the tiles that are new or wider, and no other") func added() {
        #expect(Tile.added(since: 5, inLogOf: 5, entries: true).isEmpty)
        #expect(
            Tile.added(since: 5, inLogOf: 6, entries: true).map(\.path) == ["tile/entries/000.p/6", "tile/0/000.p/6"])
        #expect(
            Tile.added(since: 255, inLogOf: 257, entries: false).map(\.path)
                == ["tile/0/000", "tile/0/001.p/1", "tile/1/000.p/1"])
        #expect(Tile.added(since: 256, inLogOf: 257, entries: false).map(\.path) == ["tile/0/001.p/1"])
        for (a, b) in [(0, 700), (255, 256), (256, 513), (300, 70_000), (65_535, 65_536), (65_536, 131_073)] {
            let all = Set(Tile.added(since: 0, inLogOf: b, entries: true))
            let before = Set(Tile.added(since: 0, inLogOf: a, entries: true))
            #expect(Set(Tile.added(since: a, inLogOf: b, entries: true)) == all.subtracting(before), "\(a) to \(b)")
        }
    }

    @Test("Entries of every length up to 65,535 come back from their bundle; a longer one is refused") func bundles()
        throws
    {
        let entries = [0, 1, 255, 256, 65_534, 65_535].map { Data(repeating: 0xAB, count: $0) }
        let bundle = try EntryBundle.encoded(entries)
        #expect(bundle.prefix(3) == Data([0, 0, 0]) && bundle[3] == 1)
        #expect(EntryBundle.decoded(bundle).entries == entries && EntryBundle.decoded(bundle).isWhole)
        #expect(throws: LogError.self) { try EntryBundle.encoded([Data(count: 65_536)]) }
        for cut in [1, 2, 65_535, 65_536, 65_537] {
            let decoded = EntryBundle.decoded(bundle.dropLast(cut))
            #expect(decoded.entries == Array(entries.prefix(5)) && decoded.isWhole == (cut == 65_537))
        }
    }
}
