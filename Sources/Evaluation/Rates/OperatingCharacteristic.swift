public import FaceRecognition

/// False match rate against true match rate over all thresholds, with the counts.
///
/// A comparison is a match when its score is *at least* the threshold. The words are those of ISO/IEC 19795-1.
public struct OperatingCharacteristic: Sendable {
    /// Rising.
    private let mated: [ComparisonScore]
    private let nonMated: ScoreDistribution

    /// - Parameter mated: in any order; minus infinity for a comparison that failed to acquire a face.
    public init(mated: [ComparisonScore], nonMated: ScoreDistribution) {
        self.mated = mated.sorted()
        self.nonMated = nonMated
    }

    public init(_ comparisons: AllComparisons) {
        self.init(mated: comparisons.mated, nonMated: comparisons.nonMated)
    }

    /// The share of comparisons of different people that reach `score`.
    public func falseMatchRate(at score: ComparisonScore) -> CountedRate {
        CountedRate(count: nonMated.count(atLeast: score), total: nonMated.count)
    }

    /// The lowest score whose false match rate is at most `rate`: minus infinity for a rate of 1.
    public func score(at rate: FalseMatchRate) -> ComparisonScore {
        nonMated.lowestScore(reachedByAtMost: CountedRate.largestCount(upTo: rate.value, of: nonMated.count))
    }

    /// The share of comparisons of one person's photographs that reach `score`: 1 less the false non-match rate.
    ///
    /// A comparison that failed to acquire a face reaches no score, not even minus infinity.
    public func trueMatchRate(at score: ComparisonScore) -> CountedRate {
        let reached = mated.count - mated.partitioningIndex { $0 >= score && $0.value > -.infinity }
        return CountedRate(count: reached, total: mated.count)
    }

    /// The rates at the threshold that a stated false match rate gives.
    public func row(at rate: FalseMatchRate) -> RateTable.Row {
        let threshold = score(at: rate)
        return RateTable.Row(
            stated: rate, threshold: threshold, falseMatches: falseMatchRate(at: threshold),
            trueMatches: trueMatchRate(at: threshold))
    }
}

/// True match rates at stated false match rates.
public struct RateTable: Sendable, Hashable {
    public struct Row: Sendable, Hashable {
        /// What was asked for.
        public let stated: FalseMatchRate
        /// The lowest score whose false match rate is at most that.
        public let threshold: ComparisonScore
        /// What the threshold lets through in fact; 0 of many is no proof of a rate of 0.
        public let falseMatches: CountedRate
        public let trueMatches: CountedRate
    }

    public let rows: [Row]

    public init(
        _ characteristic: OperatingCharacteristic,
        at rates: [FalseMatchRate] = [1e-2, 1e-3, 1e-4, 1e-5, 1e-6].map(FalseMatchRate.init)
    ) {
        rows = rates.map(characteristic.row)
    }
}
