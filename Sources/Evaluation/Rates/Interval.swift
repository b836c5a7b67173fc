/// From where to where a figure may well lie.
public struct Interval: Sendable, Hashable, Codable {
    /// How many of a hundred such intervals hold the true value.
    public static let confidence = 0.95

    public let low: Double
    public let high: Double

    public init(low: Double, high: Double) {
        self.low = low
        self.high = high
    }

    /// The middle 95% of bootstrap replicates (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13),
    /// between two of them by a straight line, as numpy's `percentile` has it.
    /// - Returns: nil for fewer than two, or one that is not a number.
    public init?(replicates: [Double]) {
        guard replicates.count >= 2, !replicates.contains(where: \.isNaN) else { return nil }
        let sorted = replicates.sorted()
        let tail = (1 - Self.confidence) / 2
        low = Self.quantile(tail, of: sorted)
        high = Self.quantile(1 - tail, of: sorted)
    }

    public func contains(_ value: Double) -> Bool { low <= value && value <= high }

    /// - Precondition: rising, not empty.
    static func quantile(_ share: Double, of sorted: [Double]) -> Double {
        let place = share * Double(sorted.count - 1)
        let below = Int(place), above = min(below + 1, sorted.count - 1)
        if sorted[below] == sorted[above] { return sorted[below] }
        return sorted[below] + (place - Double(below)) * (sorted[above] - sorted[below])
    }
}
