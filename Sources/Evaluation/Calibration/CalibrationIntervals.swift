import Dispatch
public import FaceRecognition
import Foundation
import Synchronization

/// How far other people of the same kind would have moved a calibration: for each similarity the false match rate at the
/// score that the table has for it, with an interval from a bootstrap over people.
///
/// A repetition draws people, counts each comparison as often as both of its people were drawn, multiplied (the pigeonhole
/// bootstrap: Owen, Annals of Applied Statistics 1(2), 2007), and fits the tail anew to the excesses, so weighted. It takes
/// the chance of single pairs three times, which is not taken out again here: the intervals are too wide rather than too
/// narrow. See `FalseMatchRates` for rates that were counted.
public struct CalibrationIntervals: Sendable {
    public struct Row: Sendable, Hashable {
        public let similarity: Similarity
        public let score: ComparisonScore
        /// What the table promises.
        public let falseMatchRate: FalseMatchRate
        /// nil where the score is below those that were kept one by one, or the tail could not be fitted.
        public let interval: Interval?
    }

    public let rows: [Row]

    /// - Parameter survey: of the photographs that the calibration was made of.
    public init(
        _ calibration: Calibration, _ survey: ComparisonSurvey, at similarities: [Similarity],
        plan: BootstrapPlan = BootstrapPlan()
    ) {
        let scores = similarities.map { calibration.score(at: $0).value }
        let threshold = calibration.points[calibration.points.count - 1].score.value
        // From the highest down to the lowest that is asked for, or to where the tail begins.
        let lowest = min(scores.min() ?? threshold, threshold)
        let hits = survey.hits[..<survey.hits.partitioningIndex { Double($0.score) < lowest }]
        let isKept = lowest >= Double(survey.floor)
        let draw = PersonWeights(survey.groupings[0], seed: plan.seed)
        let photographs = survey.subjects.acquired
        let next = Mutex(0)
        let found = Mutex([[Double]](repeating: [], count: plan.repetitions))
        DispatchQueue.concurrentPerform(iterations: isKept ? plan.threads : 0) { _ in
            var weights = draw.none
            while true {
                let repetition = next.withLock { next in
                    defer { next += 1 }
                    return next
                }
                guard repetition < plan.repetitions else { break }
                draw(repetition, into: &weights)
                let rates = Self.rates(hits, weights, photographs, threshold: threshold, at: scores)
                found.withLock { $0[repetition] = rates }
            }
        }
        let replicates = found.withLock { $0 }
        rows = similarities.indices.map { i in
            Row(
                similarity: similarities[i], score: ComparisonScore(scores[i]),
                falseMatchRate: similarities[i].falseMatchRate,
                interval: isKept ? Interval(replicates: replicates.map { $0.isEmpty ? .nan : $0[i] }) : nil)
        }
    }

    /// One repetition's rate at each score; empty when the tail could not be fitted.
    private static func rates(
        _ hits: ArraySlice<ComparisonSurvey.Hit>, _ weights: [Int32], _ photographs: [Int], threshold: Double,
        at scores: [Double]
    ) -> [Double] {
        var all = 0.0, squares = 0.0
        for (person, weight) in weights.enumerated() {
            let own = Double(weight) * Double(photographs[person])
            all += own
            squares += own * own
        }
        let total = (all * all - squares) / 2
        var excesses: [(excess: Double, weight: Double)] = []
        var counts = Array(repeating: 0.0, count: scores.count)
        for hit in hits {
            let weight = Double(weights[Int(hit.first)] &* weights[Int(hit.second)])
            guard weight > 0 else { continue }
            let score = Double(hit.score)
            if score >= threshold { excesses.append((score - threshold, weight)) }
            for i in scores.indices where score >= scores[i] { counts[i] += weight }
        }
        guard total > 0, let tail = GeneralisedPareto(fittingFalling: excesses) else { return [] }
        let above = excesses.reduce(0) { $0 + $1.weight } / total
        return scores.indices.map { i in
            scores[i] <= threshold ? counts[i] / total : above * tail.exceedance(scores[i] - threshold)
        }
    }
}
