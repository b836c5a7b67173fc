import FaceRecognition
import Foundation
import Testing

@testable import Evaluation

/// Against scikit-learn and scipy on the same scores: `Vectors/make_vectors.py` makes them.
@Suite struct MetricsTests {
    struct Vectors: Decodable {
        struct Point: Decodable { let threshold, fmr, fnmr: Double }
        struct Percentiles: Decodable {
            let of: [Double]
            let low, high: Double
        }
        let mated, nonMated: [Double]
        let det: [Point]
        let equalErrorRate: Double
        let errors, trials: [Int]
        let firstGroup: Int
        let interval: [Double]
        let permutation: Double
        let rates: [Double]
        let worstOverBest, worstOverMean, gini: Double
        let percentiles: Percentiles
    }

    private let vectors: Vectors

    init() throws {
        let file = try #require(Bundle.module.url(forResource: "metrics", withExtension: "json", subdirectory: "Vectors"))
        vectors = try JSONDecoder().decode(Vectors.self, from: Data(contentsOf: file))
    }

    @Test("False match and false non-match rates are scikit-learn's at every threshold")
    func det() {
        let curve = ErrorCurve(
            mated: vectors.mated.map(ComparisonScore.init), nonMated: vectors.nonMated.map(ComparisonScore.init))
        var points: [Double: ErrorCurve.Point] = [:]
        for point in curve.points { points[point.threshold.value] = point }
        #expect(vectors.det.count > 30)
        for expected in vectors.det {
            let point = points[expected.threshold]
            #expect(point != nil, "threshold \(expected.threshold)")
            #expect(abs((point?.falseMatches.value ?? -1) - expected.fmr) < 1e-12)
            #expect(abs((point?.falseNonMatches.value ?? -1) - expected.fnmr) < 1e-12)
        }
    }

    @Test("The equal error rate is where scikit-learn's ROC curve crosses the diagonal")
    func equalErrorRate() throws {
        let curve = ErrorCurve(
            mated: vectors.mated.map(ComparisonScore.init), nonMated: vectors.nonMated.map(ComparisonScore.init))
        #expect(abs(try #require(curve.equalErrorRate) - vectors.equalErrorRate) < 1e-9)
    }

    @Test("The bootstrap over people gives scipy's interval")
    func bootstrap() throws {
        let rate = ClusteredRate(errors: vectors.errors, trials: vectors.trials)
        let found = rate.rates(by: .everybody(vectors.errors.count), plan: BootstrapPlan(repetitions: 20_000))[0]
        let interval = try #require(found.interval)
        // The percentile's own standard error at 20,000 repetitions is about 0.0004 of a rate with standard error 0.03.
        #expect(abs(interval.low - vectors.interval[0]) < 0.003)
        #expect(abs(interval.high - vectors.interval[1]) < 0.003)
    }

    @Test("The permutation test gives scipy's p")
    func permutation() throws {
        let grouping = try Grouping(
            name: "g", values: vectors.errors.indices.map { $0 < vectors.firstGroup ? "a" : "b" })
        let test = try #require(
            PermutationTest(
                of: ClusteredRate(errors: vectors.errors, trials: vectors.trials), by: grouping, groups: [0, 1],
                deals: 20_000))
        let p = vectors.permutation
        // Two Monte Carlo errors of 20,000 deals each, four of their joint standard error.
        #expect(abs(test.p - p) < 4 * (2 * p * (1 - p) / 20_000).squareRoot() + 1e-4, "\(test.p) for \(p)")
    }

    @Test("The differentials are numpy's")
    func differentials() {
        let rising = vectors.rates.sorted()
        #expect(abs(Differentials.worstOverBest(rising) - vectors.worstOverBest) < 1e-9)
        #expect(abs(Differentials.worstOverMean(rising) - vectors.worstOverMean) < 1e-9)
        #expect(abs(Differentials.gini(rising) - vectors.gini) < 1e-9)
        #expect(Differentials.gini([0.1, 0.1, 0.1]) == 0)
        #expect(abs(Differentials.gini([0, 0, 1]) - 1) < 1e-12)
    }

    @Test("An interval's ends are numpy's percentiles")
    func percentiles() throws {
        let interval = try #require(Interval(replicates: vectors.percentiles.of))
        #expect(abs(interval.low - vectors.percentiles.low) < 1e-12)
        #expect(abs(interval.high - vectors.percentiles.high) < 1e-12)
        #expect(Interval(replicates: [1]) == nil && Interval(replicates: [1, .nan]) == nil)
    }
}
