import FaceRecognition
import FaceTestSupport
import Testing

@testable import Evaluation

@Suite struct FoldedAccuracyTests {
    private func pairs(_ same: [Double?], _ different: [Double?]) -> [ScoredPair] {
        func scored(_ scores: [Double?], _ samePerson: Bool) -> [ScoredPair] {
            scores.map { ScoredPair(score: $0.map(ComparisonScore.init), samePerson: samePerson) }
        }
        return scored(same, true) + scored(different, false)
    }

    @Test("Three folds by hand")
    func byHand() throws {
        // Held out A: the others' best threshold lies between 0.35 and 0.6: 0.475; A has 0.4 and 0.9 same, so 3 of 4.
        // Held out B: A and C part between 0.2 and 0.4, at 0.3, which B's 0.35 reaches: 3 of 4.
        // Held out C: A and B part between 0.35 and 0.4: 0.375; all 4 right.
        let accuracy = try FoldedAccuracy([
            pairs([0.4, 0.9], [0.1, 0.2]), pairs([0.6, 0.8], [0.35, 0]), pairs([0.7, 0.75], [0.1, 0.15]),
        ])
        #expect(accuracy.folds.map { ($0.threshold.value * 1e9).rounded() / 1e9 } == [0.475, 0.3, 0.375])
        #expect(accuracy.folds.map(\.correct.count) == [3, 3, 4])
        #expect(abs(accuracy.mean - 10.0 / 12) < 1e-12)
        // Standard deviation of 3/4, 3/4, 1 with n - 1: sqrt(1/48); over sqrt(3): 1/12.
        #expect(abs(accuracy.standardError - 1.0 / 12) < 1e-12)
        #expect(accuracy.failuresToAcquire == CountedRate(count: 0, total: 12))
    }

    @Test("A pair without a face is never a match, and stated")
    func failureToAcquire() throws {
        let fold = pairs([0.8, nil], [0.1, nil])
        let accuracy = try FoldedAccuracy([fold, fold])
        #expect(accuracy.folds.map(\.correct) == [CountedRate(count: 3, total: 4), CountedRate(count: 3, total: 4)])
        #expect(accuracy.failuresToAcquire == CountedRate(count: 4, total: 8))
        let all = accuracy.row(at: FalseMatchRate(1))
        #expect(all.trueMatches == CountedRate(count: 2, total: 4) && all.falseMatches == CountedRate(count: 2, total: 4))
    }

    @Test("The threshold at a false match rate lets at most that share through, ties or not")
    func trueMatchRate() throws {
        let different = (0..<1_000).map { Double($0) / 2_000 }
        let accuracy = try FoldedAccuracy([pairs([0.499, 0.6], different), pairs([0.4995, 0.4985], different)])
        // 2 of 2,000 may reach it; both folds' highest is 0.4995, so it lies just above 0.499.
        let row = accuracy.row(at: FalseMatchRate(1e-3))
        #expect(row.threshold.value == 0.499.nextUp)
        #expect(row.falseMatches == CountedRate(count: 2, total: 2_000))
        #expect(row.trueMatches == CountedRate(count: 2, total: 4))
        #expect(accuracy.row(at: FalseMatchRate(0.9e-3)).falseMatches.count == 0)
    }

    @Test("The best threshold is as good as any that is tried")
    func bestThreshold() {
        for seed in 0..<500 {
            var random = SeededGenerator(seed: UInt64(seed))
            let scores = (0..<8).map { _ in Double(Int.random(in: 0..<10, using: &random)) / 10 }
            let list = pairs(Array(scores.prefix(4)), Array(scores.suffix(4)))
            func correct(_ threshold: Double) -> Int {
                list.count { $0.reaches(ComparisonScore(threshold)) == $0.samePerson }
            }
            let best = stride(from: -0.05, to: 1.1, by: 0.05).map(correct).max()!
            #expect(correct(FoldedAccuracy.bestThreshold(for: list).value) == best, "seed \(seed): \(scores)")
        }
    }

    @Test("Templates are looked up by path; a missing one is a failure to acquire")
    func templates() throws {
        let list = try PairProtocol(parsing: "2\t1\nA\t1\t2\nA\t1\tB\t1\nB\t1\t2\nB\t1\tC\t1")
        let x = try Template(model: TemplateModelID(rawValue: "m"), normalising: [1, 0])
        let y = try Template(model: TemplateModelID(rawValue: "m"), normalising: [0, 1])
        let accuracy = try FoldedAccuracy(
            list, templates: ["A/A_0001.jpg": x, "A/A_0002.jpg": x, "B/B_0001.jpg": y, "B/B_0002.jpg": y])
        #expect(accuracy.mean == 1)
        #expect(accuracy.failuresToAcquire == CountedRate(count: 1, total: 4))
        #expect(throws: RecognitionError.self) { try FoldedAccuracy([pairs([1], [0])]) }
    }
}
