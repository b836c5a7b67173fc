import FaceRecognition
import FaceTestSupport
import Foundation
import Testing

@testable import Evaluation

@Suite struct CalibrationIntervalsTests {
    /// 200 people with a photograph each, whose comparisons follow `rate(s) = exp(-20 (s + 0.5))`, independently.
    private func survey(seed: UInt64, keeping limit: Int = 20_000) throws -> (ComparisonSurvey, Calibration) {
        var random = SeededGenerator(seed: seed)
        let people = 200
        var tally = ComparisonSurvey.Tally(
            try EvaluationSubjects(people: people, acquired: Array(0..<people)), keeping: limit)
        var scores: [Float] = []
        for first in 0..<people {
            for second in (first + 1)..<people {
                let score = Float(-0.5 - log(1 - Double.random(in: 0..<1, using: &random)) / 20)
                tally.add(first, second, score: score)
                scores.append(score)
            }
        }
        let calibration = try CalibrationFit(
            ScoreDistribution(scores), photographs: people, people: people, dataset: "made up", date: "2026-01-01"
        ).calibration
        return (ComparisonSurvey(tally), calibration)
    }

    private func truth(_ score: ComparisonScore) -> Double { min(1, exp(-20 * (score.value + 0.5))) }

    @Test("Intervals of counted rates and of the tail cover the truth in 20 of 20 draws, as wide ones should")
    func coverage() throws {
        // 10^-1 and 10^-2 are counted among 19,900 comparisons, the others the tail's.
        let similarities = [20, 40, 60, 80].compactMap { Similarity($0) }
        var covered = Array(repeating: 0, count: similarities.count)
        for seed in UInt64(1)...20 {
            let (survey, calibration) = try survey(seed: seed)
            let rows = CalibrationIntervals(
                calibration, survey, at: similarities, plan: BootstrapPlan(repetitions: 200, seed: seed)
            ).rows
            for (i, row) in rows.enumerated() {
                let interval = try #require(row.interval)
                #expect(interval.low < interval.high)
                #expect(row.falseMatchRate == similarities[i].falseMatchRate)
                if interval.contains(truth(row.score)) { covered[i] += 1 }
            }
            // Further out the law is known less well.
            let widths = rows.compactMap { row in row.interval.map { $0.high / $0.low } }
            #expect(widths == widths.sorted(), "seed \(seed): \(widths)")
        }
        #expect(covered.allSatisfy { $0 >= 19 }, "\(covered)")
    }

    @Test("Where the scores were not kept there is no interval")
    func notKept() throws {
        let (survey, calibration) = try survey(seed: 1, keeping: 100)
        let rows = CalibrationIntervals(calibration, survey, at: [60].compactMap { Similarity($0) }).rows
        #expect(rows.count == 1 && rows[0].interval == nil)
    }

    @Test("A weight counts as often as repeating would")
    func weights() throws {
        let excesses = [(0.2, 3.0), (0.09, 1), (0.05, 2), (0.02, 1), (0.01, 4)]
        let repeated = excesses.flatMap { Array(repeating: $0.0, count: Int($0.1)) }
        let one = try #require(GeneralisedPareto(fittingFalling: excesses.map { (excess: $0.0, weight: $0.1) }))
        let other = try #require(GeneralisedPareto(fitting: repeated))
        #expect(abs(one.shape - other.shape) < 1e-12 && abs(one.scale - other.scale) < 1e-12)
        #expect(abs(one.exceedance(one.quantile(exceededBy: 1e-3)) - 1e-3) < 1e-12)
        #expect(GeneralisedPareto(fittingFalling: []) == nil)
        #expect(GeneralisedPareto(fittingFalling: [(excess: 0.1, weight: 2), (excess: 0.1, weight: 1)]) == nil)
    }
}
