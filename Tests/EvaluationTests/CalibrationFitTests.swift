import FaceRecognition
import FaceTestSupport
import Foundation
import Testing

@testable import Evaluation

@Suite struct CalibrationFitTests {
    private func fit(_ scores: [Float]) throws -> Calibration {
        try CalibrationFit(
            ScoreDistribution(scores), photographs: 1, people: 1, dataset: "made up", date: "2026-01-01"
        ).calibration
    }

    @Test("Exponential scores give back their own rates, in the table and beyond it")
    func exponential() throws {
        // rate(s) = exp(-20 (s + 0.5)): 200,000 scores at the law's own quantiles.
        let n = 200_000
        let calibration = try fit((0..<n).map { Float(-0.5 - log((Double($0) + 0.5) / Double(n)) / 20) }.filter { $0 < 1 })
        #expect(calibration.points.count == 29)
        for m in stride(from: 0.2, through: 6, by: 0.1) {
            let score = ComparisonScore(-0.5 + m * log(10) / 20)
            let found = -log10(calibration.falseMatchRate(at: score).value)
            // In the table only the grid of 1/n and the histogram round. Beyond, quantiles in place of a random sample
            // leave the moments' truncation: under 0.01 in the shape, so under 0.1 over three powers of ten.
            #expect(abs(found - m) < (m < 2.8 ? 0.003 : 0.1), "m = \(m), found \(found)")
        }
    }

    @Test("Each point's rate is what a count gives, and the last has 300 behind it")
    func points() throws {
        var random = SeededGenerator(seed: 5)
        // The sum of twelve: nearly a normal law.
        let scores = (0..<50_000).map { _ in
            (0..<12).reduce(Float(0)) { sum, _ in sum + Float.random(in: -0.08...0.08, using: &random) }
        }
        let calibration = try fit(scores)
        #expect(calibration.points[0].score.value == Double(scores.min()!))
        for point in calibration.points {
            let count = scores.count { Double($0) >= point.score.value }
            #expect(Double(count) / 50_000 == point.falseMatchRate.value)
            #expect(count >= 300)
        }
        #expect(calibration.tail.excesses == Int(calibration.points.last!.falseMatchRate.value * 50_000 + 0.5))
        #expect(calibration.falseMatchRate(at: ComparisonScore(Double(scores.max()!))).value > 0)
        #expect(calibration.comparisons == 50_000)
    }

    @Test("Scores with many ties still make a table that is strictly monotone")
    func ties() throws {
        var random = SeededGenerator(seed: 6)
        let scores = (0..<20_000).map { _ in
            Float((0..<8).reduce(0) { sum, _ in sum + Int.random(in: -1...1, using: &random) }) / 16
        }
        let points = try fit(scores).points
        #expect(points.count >= 2)
    }

    @Test("Too few comparisons, or too few different scores, are refused")
    func refused() {
        for scores in [[], [Float](repeating: 0.1, count: 2_999), [Float](repeating: 0.1, count: 5_000)] {
            #expect { try fit(scores) } throws: { ($0 as? RecognitionError)?.code == .invalidValue }
        }
    }
}
