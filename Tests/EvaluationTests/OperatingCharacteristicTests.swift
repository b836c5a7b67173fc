import FaceRecognition
import Testing

@testable import Evaluation

@Suite struct OperatingCharacteristicTests {
    let characteristic = OperatingCharacteristic(
        mated: [0.9, 0.5, 0.7, -.infinity].map(ComparisonScore.init),
        nonMated: ScoreDistribution([0.1, 0.2, 0.25, 0.5, 0.75, 0, -0.1, -0.2, -0.3, -0.4]))

    @Test("Rates come with their counts, and a score that equals the threshold is a match")
    func rates() {
        #expect(characteristic.falseMatchRate(at: ComparisonScore(0.5)) == CountedRate(count: 2, total: 10))
        #expect(characteristic.trueMatchRate(at: ComparisonScore(0.5)) == CountedRate(count: 3, total: 4))
        #expect(characteristic.trueMatchRate(at: ComparisonScore((0.5).nextUp)) == CountedRate(count: 2, total: 4))
    }

    @Test("A comparison without a face is no match at any threshold")
    func failureToAcquire() {
        #expect(characteristic.trueMatchRate(at: ComparisonScore(-.infinity)) == CountedRate(count: 3, total: 4))
    }

    @Test("The table's thresholds are the lowest that keep to the stated rate")
    func table() {
        let table = RateTable(characteristic, at: [0.05, 0.1, 0.25, 1].map(FalseMatchRate.init))
        let highest: [Double] = [0.75, 0.5, 0.25, -.infinity]
        // Just above the score that must not pass; minus infinity stays.
        let expected = highest.map { $0.isFinite ? $0.nextUp : $0 }
        #expect(table.rows.map(\.threshold.value) == expected)
        #expect(table.rows.map(\.falseMatches.count) == [0, 1, 2, 10])
        #expect(table.rows.map(\.trueMatches.count) == [1, 2, 3, 3])
    }
}
