public import FaceRecognition

/// A pair with its comparison score.
public struct ScoredPair: Sendable, Hashable {
    /// nil when one of the photographs has no template: a failure to acquire. Such a pair stands for a score of minus
    /// infinity, below every threshold: an error when it shows one person.
    public let score: ComparisonScore?
    public let samePerson: Bool

    public init(score: ComparisonScore?, samePerson: Bool) {
        self.score = score
        self.samePerson = samePerson
    }

    func reaches(_ threshold: ComparisonScore) -> Bool { score.map { $0 >= threshold } ?? false }
}

/// Accuracy over folds: each fold is judged with the threshold that is best on all the others (Huang et al., University
/// of Massachusetts, Technical Report 07-49, 2007, with its standard error).
public struct FoldedAccuracy: Sendable, Hashable {
    public struct Fold: Sendable, Hashable {
        /// The best on the other folds.
        public let threshold: ComparisonScore
        /// Pairs judged rightly.
        public let correct: CountedRate
    }

    public let folds: [Fold]
    /// Of all pairs: those with a photograph that has no template.
    public let failuresToAcquire: CountedRate
    private let pairs: [ScoredPair]

    /// - Throws: `.invalidValue` for fewer than two folds or an empty one.
    public init(_ folds: [[ScoredPair]]) throws {
        guard folds.count >= 2, folds.allSatisfy({ !$0.isEmpty }) else {
            throw RecognitionError(.invalidValue, "Accuracy over folds needs at least two folds, each with a pair.")
        }
        self.folds = folds.indices.map { held in
            let others = folds.indices.filter { $0 != held }.flatMap { folds[$0] }
            let threshold = Self.bestThreshold(for: others)
            let correct = folds[held].count { $0.reaches(threshold) == $0.samePerson }
            return Fold(threshold: threshold, correct: CountedRate(count: correct, total: folds[held].count))
        }
        pairs = folds.flatMap { $0 }
        failuresToAcquire = CountedRate(count: pairs.count { $0.score == nil }, total: pairs.count)
    }

    /// Scores the pairs of a list by the photographs' templates, in double precision.
    /// - Parameter templates: by path; a photograph that is missing is a failure to acquire.
    public init(_ list: PairProtocol, templates: [String: Template]) throws {
        try self.init(
            list.folds.map { fold in
                try fold.map { pair in
                    guard let a = templates[pair.first], let b = templates[pair.second] else {
                        return ScoredPair(score: nil, samePerson: pair.samePerson)
                    }
                    return ScoredPair(score: try a.compared(with: b), samePerson: pair.samePerson)
                }
            })
    }

    /// The mean of the folds' accuracies.
    public var mean: Double { folds.map(\.correct.value).reduce(0, +) / Double(folds.count) }

    /// The standard error of that mean: the folds' standard deviation (with n - 1) over the root of their number.
    public var standardError: Double {
        let mean = self.mean, n = Double(folds.count)
        let squares = folds.map { ($0.correct.value - mean) * ($0.correct.value - mean) }.reduce(0, +)
        return (squares / (n - 1) / n).squareRoot()
    }

    /// The rates over all pairs at the lowest threshold that at most the share `rate` of the different pairs reaches.
    ///
    /// With 3,000 different pairs a rate of 0.001 rests on three of them: the interval is wide.
    public func row(at rate: FalseMatchRate) -> RateTable.Row {
        let mated = pairs.filter(\.samePerson), different = pairs.filter { !$0.samePerson }
        let allowed = CountedRate.largestCount(upTo: rate.value, of: different.count)
        let falling = different.compactMap(\.score).sorted(by: >)
        let threshold = ComparisonScore(allowed < falling.count ? falling[allowed].value.nextUp : -.infinity)
        func reaching(_ pairs: [ScoredPair]) -> CountedRate {
            CountedRate(count: pairs.count { $0.reaches(threshold) }, total: pairs.count)
        }
        return RateTable.Row(
            stated: rate, threshold: threshold, falseMatches: reaching(different), trueMatches: reaching(mated))
    }

    /// The threshold that judges most pairs rightly: half way between two neighbouring scores, and the lowest among
    /// equals. Plus infinity when it is best to call nothing a match.
    static func bestThreshold(for pairs: [ScoredPair]) -> ComparisonScore {
        let scored = pairs.compactMap { pair in pair.score.map { (score: $0.value, samePerson: pair.samePerson) } }
            .sorted { $0.score < $1.score }
        // From the lowest threshold upwards: each score passed turns a right "same" wrong, or a wrong one right.
        var correct = scored.count { $0.samePerson }
        var best = (correct: correct, threshold: scored.first?.score ?? .infinity)
        for (i, pair) in scored.enumerated() {
            correct += pair.samePerson ? -1 : 1
            let next = i + 1 < scored.count ? scored[i + 1].score : .infinity
            if next > pair.score, correct > best.correct {
                best = (correct, next == .infinity ? next : pair.score + (next - pair.score) / 2)
                // Half way between two neighbours may round down to the lower, which the threshold must not admit.
                if best.threshold <= pair.score { best.threshold = next }
            }
        }
        return ComparisonScore(best.threshold)
    }
}
