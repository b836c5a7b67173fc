public import FaceRecognition

/// How very many comparison scores are distributed, in bounded memory: a histogram of 65,536 bins over -1...1, and the
/// highest scores exactly, since false match rates that matter are decided among those.
///
/// Above the lowest score that is kept exactly, counts are exact. Below it a score is rounded down to its bin's edge, so
/// that a false match rate there comes out too high by at most the share of one bin, 0.00003 wide; never too low.
public struct ScoreDistribution: Sendable {
    /// 2^-15: a power of two, so that finding a score's bin rounds nothing.
    public static let binWidth = 0x1p-15
    static let binCount = 65_536

    public let count: Int
    /// nil when there are none.
    public let minimum: ComparisonScore?
    /// Falling.
    private let exact: [Float]
    /// For each bin, how many scores lie in it or in a higher one.
    private let reaching: [Int]

    /// - Parameter keepingExactly: how many of the highest scores to keep.
    public init(_ scores: some Sequence<Float>, keepingExactly limit: Int = 100_000) {
        var tally = Tally(limit: limit)
        for score in scores { tally.add(score) }
        self.init(tally)
    }

    init(_ tally: Tally) {
        var reaching = tally.bins
        for bin in reaching.indices.dropLast().reversed() { reaching[bin] += reaching[bin + 1] }
        self.reaching = reaching
        count = reaching[0]
        minimum = count > 0 ? ComparisonScore(Double(tally.minimum)) : nil
        var tally = tally
        tally.compact()
        exact = tally.highest
    }

    /// How many of the highest scores are known exactly.
    public var exactCount: Int { exact.count }

    /// The highest scores, falling, each exact.
    public func highest(_ count: Int) -> some Collection<ComparisonScore> {
        exact.prefix(count).lazy.map { ComparisonScore(Double($0)) }
    }

    /// How many scores are at least `score`; see the type for how exactly.
    public func count(atLeast score: ComparisonScore) -> Int {
        // Whatever reaches a score above the lowest exact one is itself exact.
        if exact.count == count || exact.last.map({ score.value > Double($0) }) ?? false {
            return exact.partitioningIndex { Double($0) < score.value }
        }
        guard score.value > -1 else { return count }
        return score.value > 1 ? 0 : reaching[Self.bin(score.value)]
    }

    /// The lowest score that at most `limit` scores reach: just above the next one.
    ///
    /// Minus infinity when `limit` is all of them.
    public func lowestScore(reachedByAtMost limit: Int) -> ComparisonScore {
        guard limit < count else { return ComparisonScore(-.infinity) }
        if limit < exact.count { return ComparisonScore(Double(exact[max(0, limit)]).nextUp) }
        let bin = reaching.partitioningIndex { $0 <= limit }
        // The highest bin holds 1 itself, so that what nothing may reach lies above it.
        let edge = bin < Self.binCount ? -1 + Double(bin) * Self.binWidth : (1.0).nextUp
        return ComparisonScore(exact.last.map { min(edge, Double($0).nextUp) } ?? edge)
    }

    /// - Precondition: -1...1.
    static func bin(_ score: Double) -> Int { min(binCount - 1, Int((score + 1) / binWidth)) }

    /// A distribution in the making; each thread fills its own.
    struct Tally {
        let limit: Int
        var bins = [Int](repeating: 0, count: ScoreDistribution.binCount)
        var minimum = Float.infinity
        /// All scores that may still belong to the `limit` highest, in any order.
        var highest: [Float] = []
        /// What is below it cannot be among the highest.
        private var floor = -Float.infinity

        init(limit: Int) { self.limit = max(0, limit) }

        /// Rounding can take a cosine past 1; it is put back.
        @inline(__always)
        mutating func add(_ score: Float) {
            let score = max(-1, min(1, score))
            // (score + 1) in double precision is exact for every score of single precision down to 2^-28; a smaller one
            // next to 0 may fall into the bin above.
            bins[ScoreDistribution.bin(Double(score))] += 1
            minimum = min(minimum, score)
            guard score >= floor else { return }
            highest.append(score)
            if highest.count >= 2 * limit + 1_024 { compact() }
        }

        /// Drops what is not among the `limit` highest: seldom, so that it costs little for each score.
        mutating func compact() {
            highest.sort(by: >)
            if highest.count > limit { highest.removeLast(highest.count - limit) }
            if highest.count == limit { floor = highest.last ?? .infinity }
        }

        mutating func add(_ other: Tally) {
            for bin in bins.indices { bins[bin] += other.bins[bin] }
            minimum = min(minimum, other.minimum)
            highest += other.highest
            compact()
        }
    }
}
