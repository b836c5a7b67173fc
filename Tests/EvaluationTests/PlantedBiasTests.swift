import FaceRecognition
import FaceTestSupport
import Foundation
import Testing

@testable import Evaluation

/// Scores made with a known differential: it must be found as often as the interval says, and none where there is none.
///
/// A comparison of two people scores `shift + 0.06 (a + b) + 0.1 e`, with a, b a person's own and e the pair's own standard
/// normal numbers: people who are easily taken for others are, in all their comparisons.
@Suite struct PlantedBiasTests {
    private static let own = 0.06, pair = 0.1
    private static let threshold = 0.22

    private func normal(_ random: inout SeededGenerator) -> Double {
        let u = 1 - Double.random(in: 0..<1, using: &random), v = Double.random(in: 0..<1, using: &random)
        return (-2 * log(u)).squareRoot() * cos(2 * .pi * v)
    }

    /// The chance that a comparison within a group with this shift reaches the threshold.
    private func truth(_ shift: Double) -> Double {
        let deviation = (2 * Self.own * Self.own + Self.pair * Self.pair).squareRoot()
        return 0.5 * erfc((Self.threshold - shift) / deviation / 2.0.squareRoot())
    }

    private func survey(shifts: [Double], people: Int, seed: Int) throws -> ComparisonSurvey {
        var random = SeededGenerator(seed: UInt64(seed))
        let own = (0..<people).map { _ in normal(&random) }
        let group = (0..<people).map { $0 % shifts.count }
        let grouping = try Grouping(name: "g", values: group.map { "group \($0)" })
        let subjects = try EvaluationSubjects(people: people, acquired: Array(0..<people), groupings: [grouping])
        var tally = ComparisonSurvey.Tally(subjects)
        for i in 0..<people {
            for j in (i + 1)..<max(people, i + 1) {
                let shift = group[i] == group[j] ? shifts[group[i]] : shifts.min()!
                tally.add(i, j, score: Float(shift + Self.own * (own[i] + own[j]) + Self.pair * normal(&random)))
            }
        }
        return ComparisonSurvey(tally)
    }

    private static let repetitions = 200

    @Test("The interval covers a planted differential in about 95% of 200 repetitions")
    func covered() throws {
        let shifts = [0.0, 0.05], expected = truth(0.05) / truth(0)
        var ratio = 0, rate = 0
        for seed in 1...Self.repetitions {
            let survey = try survey(shifts: shifts, people: 160, seed: seed)
            let rates = FalseMatchRates(
                survey, by: 1, at: [ComparisonScore(Self.threshold)],
                plan: BootstrapPlan(repetitions: 300, seed: UInt64(seed)))
            let differentials = try #require(Differentials(rates.withinGroups(0), of: rates.grouping))
            if differentials.worst == 1, differentials.worstOverBest.interval?.contains(expected) ?? false { ratio += 1 }
            if rates.rate(0, 1, 1).interval?.contains(truth(0.05)) ?? false { rate += 1 }
        }
        print("covered: ratio \(ratio), rate \(rate) of \(Self.repetitions)")
        // 95% of 200 has a standard deviation of 3.1: three of them are 1.5% to either side of 180...199.
        #expect((180...199).contains(ratio), "the ratio is covered in \(ratio) of 200")
        #expect((180...199).contains(rate), "the rate is covered in \(rate) of 200")
    }

    @Test("Where no bias is planted the permutation test cries wolf in about 5%, and finds one that is")
    func permutation() throws {
        var wolf = 0, found = 0
        for seed in 1...Self.repetitions {
            func p(_ shifts: [Double]) throws -> Double {
                let survey = try survey(shifts: shifts, people: 90, seed: 10_000 + seed)
                return try #require(
                    PermutationTest(
                        falseMatchesOf: survey, by: 1, groups: Array(shifts.indices), at: ComparisonScore(Self.threshold),
                        deals: 199, seed: UInt64(seed))
                ).p
            }
            if try p([0, 0, 0]) <= 0.05 { wolf += 1 }
            if seed <= 40, try p([0, 0, 0.1]) <= 0.05 { found += 1 }
        }
        print("cried wolf: \(wolf) of \(Self.repetitions); found: \(found) of 40")
        // 5% of 200 is 10 with a standard deviation of 3.1.
        #expect((2...19).contains(wolf), "\(wolf) of 200")
        #expect(found >= 36, "\(found) of 40")
    }
}
