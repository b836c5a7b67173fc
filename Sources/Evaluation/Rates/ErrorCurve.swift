public import FaceRecognition

/// False match rate against false non-match rate over all thresholds: the detection error trade-off (Martin et al.,
/// Eurospeech 1997; ISO/IEC 19795-1).
public struct ErrorCurve: Sendable, Hashable {
    public struct Point: Sendable, Hashable {
        /// A comparison matches when its score is at least this.
        public let threshold: ComparisonScore
        public let falseMatches: CountedRate
        public let falseNonMatches: CountedRate
    }

    /// Thresholds rising: false matches fall, false non-matches rise.
    public let points: [Point]

    init(points: [Point]) { self.points = points }

    /// At every score that occurs, and above the highest.
    /// - Parameters:
    ///   - mated: of one person's photographs; minus infinity for a photograph without a template.
    ///   - nonMated: of different people's.
    public init(mated: [ComparisonScore], nonMated: [ComparisonScore]) {
        let mated = mated.sorted(), nonMated = nonMated.sorted()
        var thresholds = Set(mated + nonMated).filter { $0.value > -.infinity }.sorted()
        thresholds.append(ComparisonScore(.infinity))
        points = thresholds.map { threshold in
            let matches = nonMated.count - nonMated.partitioningIndex { $0 >= threshold }
            return Point(
                threshold: threshold, falseMatches: CountedRate(count: matches, total: nonMated.count),
                falseNonMatches: CountedRate(count: mated.partitioningIndex { $0 >= threshold }, total: mated.count))
        }
    }

    /// Of a survey, at the edges of its bins, 0.00025 apart; the counts at these are exact.
    /// - Parameter group: of comparisons within one group; nil is all comparisons.
    public init(_ survey: ComparisonSurvey, by grouping: Int = 0, group: Int = 0) {
        let labels = survey.groupings[grouping].ofPerson
        let mated = survey.mated.filter { labels[Int($0.person)] == group }.map(\.score)
        let failed = survey.groupings[grouping].members(of: group)
            .map(survey.subjects.mated(failingToAcquire:)).reduce(0, +)
        let histogram = survey.histograms[grouping]
        let total = histogram.total(group, group)
        var points: [Point] = []
        for bin in 0...GroupHistograms.bins {
            let edge = bin < GroupHistograms.bins ? GroupHistograms.edge(bin) : 1.0.nextUp
            let matches = histogram.count(group, group, from: bin)
            let misses = failed + mated.partitioningIndex { Double($0) >= edge }
            if let last = points.last, last.falseMatches.count == matches, last.falseNonMatches.count == misses { continue }
            points.append(
                Point(
                    threshold: ComparisonScore(edge), falseMatches: CountedRate(count: matches, total: total),
                    falseNonMatches: CountedRate(count: misses, total: mated.count + failed)))
        }
        self.points = points
    }

    /// Where both rates are equal, on the straight line between the two points around it; nil when there are no
    /// comparisons of one kind.
    public var equalErrorRate: Double? {
        guard let first = points.first, first.falseMatches.total > 0, first.falseNonMatches.total > 0 else { return nil }
        let place = points.partitioningIndex { $0.falseNonMatches.value >= $0.falseMatches.value }
        guard place < points.count else { return points.last?.falseMatches.value }
        let b = points[place]
        guard place > 0 else { return b.falseNonMatches.value }
        return Self.crossing(
            points[place - 1].falseMatches.value, points[place - 1].falseNonMatches.value, b.falseMatches.value,
            b.falseNonMatches.value)
    }

    /// Where the line from (fm1, fn1) to (fm2, fn2) meets equality; fn1 <= fm1 and fn2 >= fm2.
    static func crossing(_ fm1: Double, _ fn1: Double, _ fm2: Double, _ fn2: Double) -> Double {
        let before = fm1 - fn1, after = fn2 - fm2
        guard before + after > 0 else { return fm1 }
        let t = before / (before + after)
        return fm1 + t * (fm2 - fm1)
    }

    /// The rates at the lowest threshold whose false match rate is at most `rate`.
    public func point(at rate: FalseMatchRate) -> Point? {
        guard let total = points.first?.falseMatches.total else { return nil }
        let limit = CountedRate.largestCount(upTo: rate.value, of: total)
        let place = points.partitioningIndex { $0.falseMatches.count <= limit }
        return place < points.count ? points[place] : nil
    }
}
