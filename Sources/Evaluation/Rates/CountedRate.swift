/// A share with the counts that it comes from: no rate is given without them.
public struct CountedRate: Sendable, Hashable {
    public let count: Int
    public let total: Int

    /// - Precondition: `0...total`.
    public init(count: Int, total: Int) {
        precondition((0...max(0, total)).contains(count), "A count lies between 0 and its total")
        self.count = count
        self.total = total
    }

    /// 0...1; not a number when nothing was counted.
    public var value: Double { Double(count) / Double(total) }

    /// The largest count that is at most the share `rate` of `total`.
    ///
    /// `rate * total` alone will not do: 0.29 * 100 is 28.999999999999996.
    static func largestCount(upTo rate: Double, of total: Int) -> Int {
        guard total > 0, rate > 0 else { return 0 }
        guard rate < 1 else { return total }
        let count = Int(rate * Double(total))
        if Double(count + 1) / Double(total) <= rate { return count + 1 }
        return Double(count) / Double(total) > rate ? count - 1 : count
    }
}
