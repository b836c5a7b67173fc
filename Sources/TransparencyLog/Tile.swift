/// A file of a log that is published as static files (https://c2sp.org/tlog-tiles): 256 consecutive hashes of a level,
/// or as many entries; fewer at the end of the log.
public struct Tile: Sendable, Hashable {
    /// Of the subtree in a tile: 256 leaves.
    public static let height = 8
    public static let fullWidth = 1 << height

    /// 0 for leaves; nil for the entries themselves.
    public let level: Int?
    /// Counted from 0 in its level.
    public let number: Int
    /// How many hashes or entries: 1...256.
    public let width: Int

    /// - Returns: nil when a log of this size has no such tile.
    public init?(level: Int?, number: Int, inLogOf size: Int) {
        let count = size >> (Self.height * (level ?? 0))
        guard number >= 0, number <= count >> Self.height else { return nil }
        let width = min(Self.fullWidth, count - number << Self.height)
        guard width > 0 else { return nil }
        self.level = level
        self.number = number
        self.width = width
    }

    public var isFull: Bool { width == Self.fullWidth }

    /// Where it lies, with `/` between the parts: `tile/0/x001/x234/067`, `tile/entries/000.p/17`.
    public var path: String { isFull ? fullPath : "\(folderOfPartial)/\(width)" }

    /// Of the tile with all its hashes.
    public var fullPath: String {
        var rest = number, parts: [String] = []
        repeat {
            parts.append((parts.isEmpty ? "" : "x") + Self.digits(rest % 1_000))
            rest /= 1_000
        } while rest > 0
        return "tile/\(level.map { "\($0)" } ?? "entries")/" + parts.reversed().joined(separator: "/")
    }

    /// Holds the tile's earlier states, until it is full.
    public var folderOfPartial: String { fullPath + ".p" }

    private static func digits(_ number: Int) -> String {
        String(repeating: "0", count: number < 10 ? 2 : number < 100 ? 1 : 0) + "\(number)"
    }

    /// Those that a log of this size has and one of an earlier size had not, of all levels and the entries.
    /// - Parameter size: smaller than `later`.
    public static func added(since size: Int, inLogOf later: Int, entries: Bool) -> [Tile] {
        var tiles: [Tile] = []
        func add(_ level: Int?) {
            let shift = height * (level ?? 0)
            var number = (size >> shift) >> height
            // Nothing is new where the level has not grown.
            guard later >> shift > size >> shift else { return }
            while let tile = Tile(level: level, number: number, inLogOf: later) {
                tiles.append(tile)
                number += 1
            }
        }
        if entries { add(nil) }
        var level = 0
        while later >> (height * level) > 0 {
            add(level)
            level += 1
        }
        return tiles
    }
}
