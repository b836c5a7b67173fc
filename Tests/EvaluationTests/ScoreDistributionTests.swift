import FaceRecognition
import FaceTestSupport
import Testing

@testable import Evaluation

@Suite struct ScoreDistributionTests {
    @Test("Counts are exact in the exact tail and too high by at most a bin below it", arguments: [0, 1, 10, 3_000, 9_999])
    func counts(kept: Int) {
        var random = SeededGenerator(seed: 1)
        let scores = (0..<5_000).map { _ in Float.random(in: -0.5...0.9, using: &random) }
        let distribution = ScoreDistribution(scores, keepingExactly: kept)
        let sorted = scores.sorted(by: >)
        #expect(distribution.exactCount == min(kept, 5_000))
        #expect(distribution.highest(.max).map(\.value) == sorted.prefix(kept).map(Double.init))
        #expect(distribution.minimum?.value == Double(sorted[4_999]))
        for rank in stride(from: 0, to: 5_000, by: 37) {
            let score = Double(sorted[rank])
            let truth = scores.count { Double($0) >= score }
            let lower = scores.count { Double($0) >= score - ScoreDistribution.binWidth }
            let found = distribution.count(atLeast: ComparisonScore(score))
            #expect(rank < kept - 1 ? found == truth : (truth...lower).contains(found), "rank \(rank)")
        }
        #expect(distribution.count(atLeast: ComparisonScore(-1)) == 5_000)
        #expect(distribution.count(atLeast: ComparisonScore(1)) == 0)
        #expect(distribution.count(atLeast: ComparisonScore(1.5)) == 0)
    }

    @Test("The lowest score that a number of scores may reach", arguments: [0, 100, 10_000])
    func lowestScore(kept: Int) {
        var random = SeededGenerator(seed: 2)
        // Multiples of 1/64, so that there are many ties.
        let scores = (0..<2_000).map { _ in Float(Int.random(in: -64...64, using: &random)) / 64 }
        let distribution = ScoreDistribution(scores, keepingExactly: kept)
        for limit in [0, 1, 5, 99, 100, 101, 500, 1_999] {
            let score = distribution.lowestScore(reachedByAtMost: limit)
            let next = scores.sorted(by: >)[limit]
            #expect(scores.count { Double($0) >= score.value } <= limit)
            #expect(distribution.count(atLeast: score) <= limit)
            #expect(score.value > Double(next) && score.value <= Double(next) + ScoreDistribution.binWidth)
        }
        #expect(distribution.lowestScore(reachedByAtMost: 2_000).value == -.infinity)
    }

    @Test("A share's largest count is exact where multiplying is not")
    func largestCount() {
        #expect(CountedRate.largestCount(upTo: 0.29, of: 100) == 29)
        #expect(CountedRate.largestCount(upTo: 0.07, of: 100) == 7)
        #expect(CountedRate.largestCount(upTo: 0.001, of: 3_000) == 3)
        #expect(CountedRate.largestCount(upTo: 0.000999, of: 3_000) == 2)
        #expect(CountedRate.largestCount(upTo: 1, of: 3) == 3)
        #expect(CountedRate.largestCount(upTo: 0, of: 3) == 0)
        for total in 1...200 {
            for count in 0...total {
                #expect(CountedRate.largestCount(upTo: Double(count) / Double(total), of: total) == count)
            }
        }
    }
}
