import Foundation

/// What a model's scores mean: the table from comparison score to false match rate, measured on photographs of different
/// people, with a fitted tail beyond what counts support.
///
/// Between two points of the table the logarithm of the rate runs straight. Above the last point a generalised Pareto law
/// takes over (Pickands, Annals of Statistics 3(1), 1975): with excess e over the last point's score,
/// `rate = lastRate * (1 + shape * e / scale) ^ (-1 / shape)`, and `exp(-e / scale)` for shape 0.
public struct Calibration: Sendable, Hashable, Codable {
    /// One measured pair.
    public struct Point: Sendable, Hashable, Codable {
        public let score: ComparisonScore
        public let falseMatchRate: FalseMatchRate
        public init(score: ComparisonScore, falseMatchRate: FalseMatchRate) {
            self.score = score
            self.falseMatchRate = falseMatchRate
        }
    }

    /// The law of the excesses over the last point.
    public struct Tail: Sendable, Hashable, Codable {
        /// In units of the score; above 0.
        public let scale: Double
        /// Without a unit; below 0 the law ends at `-scale / shape`.
        public let shape: Double
        /// How many excesses it was fitted to.
        public let excesses: Int
        public init(scale: Double, shape: Double, excesses: Int) {
            self.scale = scale
            self.shape = shape
            self.excesses = excesses
        }
    }

    /// Where the numbers come from, for people: data set, date.
    public let dataset: String
    public let date: String
    /// How many photographs, people and comparisons of different people were counted.
    public let photographs: Int
    public let people: Int
    public let comparisons: Int
    /// Scores rising, rates falling, the first rate 1.
    public let points: [Point]
    public let tail: Tail

    /// - Throws: `.invalidValue` when the points are not at least two, in order, starting at rate 1, or the tail's scale
    ///   is not above 0.
    public init(
        dataset: String, date: String, photographs: Int, people: Int, comparisons: Int, points: [Point], tail: Tail
    ) throws {
        self.dataset = dataset
        self.date = date
        self.photographs = photographs
        self.people = people
        self.comparisons = comparisons
        self.points = points
        self.tail = tail
        try validate()
    }

    public init(from decoder: any Decoder) throws {
        let c = try decoder.container(keyedBy: CodingKeys.self)
        try self.init(
            dataset: c.decode(String.self, forKey: .dataset), date: c.decode(String.self, forKey: .date),
            photographs: c.decode(Int.self, forKey: .photographs), people: c.decode(Int.self, forKey: .people),
            comparisons: c.decode(Int.self, forKey: .comparisons), points: c.decode([Point].self, forKey: .points),
            tail: c.decode(Tail.self, forKey: .tail))
    }

    private func validate() throws {
        func refuse(_ why: String) -> RecognitionError {
            RecognitionError(.invalidValue, "The calibration table cannot be used: \(why).")
        }
        guard points.count >= 2, points[0].falseMatchRate.value == 1 else {
            throw refuse("it needs at least two points and must start at a false match rate of 1")
        }
        for (a, b) in zip(points, points.dropFirst()) {
            guard a.score < b.score, a.falseMatchRate > b.falseMatchRate, b.falseMatchRate.value > 0 else {
                throw refuse("scores must rise and rates fall, without ties, and stay above 0")
            }
        }
        guard points.allSatisfy({ $0.score.value.isFinite }), tail.scale > 0, tail.scale.isFinite, tail.shape.isFinite
        else { throw refuse("a number is not finite, or the tail's scale is not above 0") }
    }

    /// The share of comparisons of different people that reach `score`.
    public func falseMatchRate(at score: ComparisonScore) -> FalseMatchRate {
        let s = score.value
        guard s > points[0].score.value else { return FalseMatchRate(1) }
        if let i = points.firstIndex(where: { $0.score.value >= s }) {
            let a = points[i - 1], b = points[i]
            let t = (s - a.score.value) / (b.score.value - a.score.value)
            let la = log(a.falseMatchRate.value), lb = log(b.falseMatchRate.value)
            return FalseMatchRate(min(1, exp(la + t * (lb - la))))
        }
        let last = points[points.count - 1]
        return FalseMatchRate(last.falseMatchRate.value * survival(s - last.score.value))
    }

    /// The lowest score with at most this rate. Infinite where the fitted law never gets that low.
    public func score(at rate: FalseMatchRate) -> ComparisonScore {
        guard rate.value < 1 else { return ComparisonScore(-.infinity) }
        if let i = points.firstIndex(where: { $0.falseMatchRate <= rate }) {
            let a = points[i - 1], b = points[i]
            let la = log(a.falseMatchRate.value), lb = log(b.falseMatchRate.value)
            let t = (log(rate.value) - la) / (lb - la)
            return ComparisonScore(a.score.value + t * (b.score.value - a.score.value))
        }
        let last = points[points.count - 1]
        return ComparisonScore(last.score.value + excess(rate.value / last.falseMatchRate.value))
    }

    public func similarity(of score: ComparisonScore) -> Similarity {
        Similarity(falseMatchRate: falseMatchRate(at: score))
    }

    public func score(at similarity: Similarity) -> ComparisonScore { score(at: similarity.falseMatchRate) }

    private func survival(_ excess: Double) -> Double {
        if abs(tail.shape) < 1e-9 { return exp(-excess / tail.scale) }
        let base = 1 + tail.shape * excess / tail.scale
        return base <= 0 ? 0 : min(1, pow(base, -1 / tail.shape))
    }

    private func excess(_ survival: Double) -> Double {
        if survival <= 0 { return tail.shape < 0 ? -tail.scale / tail.shape : .infinity }
        if abs(tail.shape) < 1e-9 { return -tail.scale * log(survival) }
        return tail.scale * (pow(survival, -tail.shape) - 1) / tail.shape
    }
}
