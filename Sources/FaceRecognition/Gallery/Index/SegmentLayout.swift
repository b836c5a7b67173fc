/// Where the parts of a segment lie in its memory: offsets in bytes, each a multiple of 64.
struct SegmentLayout: Sendable, Hashable {
    /// Rows of a pair of blocks, which the kernels take at once.
    static let rowsOfPair = 32

    let dimension: Int
    /// Rows that there is room for: a multiple of 32.
    let capacity: Int
    let hasExpiry: Bool

    /// Groups of 8 components.
    var groups: Int { (dimension + 7) / 8 }
    var high: Int { 0 }
    var low: Int { high + capacity * groups * 4 }
    var steps: Int { low + capacity * groups * 4 }
    var coarseErrors: Int { steps + capacity * 4 }
    var fineErrors: Int { coarseErrors + capacity * 4 }
    var people: Int { fineErrors + capacity * 4 }
    var enrolled: Int { people + capacity * 4 }
    var rows: Int { enrolled + capacity * 8 }
    var expiries: Int { rows + capacity * 8 }
    var byteCount: Int { expiries + (hasExpiry ? capacity * 8 : 0) }

    /// Where a row's dword of the first group lies among the high nibbles.
    func highOffset(_ position: Int) -> Int { (position / 16) * groups * 64 + (position % 16) * 4 }
    /// Where a row's low nibbles lie among theirs.
    func lowOffset(_ position: Int) -> Int { position * groups * 4 }

    /// A layout that holds at least so many rows: twice the room when it must grow, so that appending stays cheap.
    func grown(toHold count: Int, expiry: Bool) -> SegmentLayout {
        var capacity = capacity
        if count > capacity {
            capacity = min(IndexSegment.maximumCount, max(2 * capacity, Self.padded(count)))
        }
        return SegmentLayout(dimension: dimension, capacity: capacity, hasExpiry: hasExpiry || expiry)
    }

    /// The next multiple of 32.
    static func padded(_ count: Int) -> Int { (count + rowsOfPair - 1) / rowsOfPair * rowsOfPair }
}
