import FaceRecognition
import FaceTestSupport
import Foundation
import Testing

@Suite struct CalibrationTests {
    private func calibration(
        _ points: [(Double, Double)] = [(-1, 1), (0, 0.1), (0.5, 0.001)], scale: Double = 0.05, shape: Double = -0.1
    ) throws -> Calibration {
        try Calibration(
            dataset: "d", date: "2026-01-01", photographs: 2, people: 2, comparisons: 1_000,
            points: points.map { .init(score: ComparisonScore($0.0), falseMatchRate: FalseMatchRate($0.1)) },
            tail: .init(scale: scale, shape: shape, excesses: 300))
    }

    @Test("Between two points the rate's logarithm runs straight")
    func interpolation() throws {
        let c = try calibration()
        for (score, rate) in [(-2, 1), (-1, 1), (-0.5, pow(10, -0.5)), (0, 0.1), (0.25, 0.01), (0.5, 0.001)] {
            #expect(abs(c.falseMatchRate(at: ComparisonScore(score)).value / rate - 1) < 1e-12, "\(score)")
        }
    }

    @Test("Above the last point stands the fitted law")
    func tail() throws {
        let above = ComparisonScore(0.6)
        #expect(abs(try calibration().falseMatchRate(at: above).value / (0.001 * pow(0.8, 10)) - 1) < 1e-9)
        #expect(abs(try calibration(shape: 0).falseMatchRate(at: above).value / (0.001 * exp(-2)) - 1) < 1e-9)
        #expect(abs(try calibration(shape: 0.5).falseMatchRate(at: above).value / (0.001 * pow(2, -2)) - 1) < 1e-9)
        // Shape -0.1 ends at an excess of 0.5.
        #expect(try calibration().falseMatchRate(at: ComparisonScore(1.01)).value == 0)
        #expect(abs(try calibration().score(at: FalseMatchRate(0)).value - 1) < 1e-12)
        #expect(try calibration(shape: 0).score(at: FalseMatchRate(0)).value == .infinity)
        #expect(try calibration(shape: 0.5).score(at: FalseMatchRate(0)).value == .infinity)
        #expect(try calibration().score(at: FalseMatchRate(1)).value == -.infinity)
    }

    @Test("Score to rate and back, over thirteen powers of ten", arguments: [-0.1, 0, 0.2])
    func inverse(shape: Double) throws {
        let c = try calibration(shape: shape)
        for m in stride(from: 0.01, through: 13, by: 0.01) {
            let rate = pow(10, -m)
            let score = c.score(at: FalseMatchRate(rate))
            // Where the bounded law ends, one unit in the last place of the score is worth more of the rate.
            #expect(abs(c.falseMatchRate(at: score).value / rate - 1) < 1e-8, "m = \(m)")
            #expect(abs(c.similarity(of: score).value - Similarity(falseMatchRate: FalseMatchRate(rate)).value) < 1e-6)
        }
    }

    @Test("A table that is too short, out of order, tied or without a law is refused")
    func refused() {
        let tables: [[(Double, Double)]] = [
            [], [(0, 1)], [(0, 0.9), (1, 0.1)], [(0, 1), (0, 0.1)], [(1, 1), (0, 0.1)], [(0, 1), (1, 1)],
            [(0, 1), (1, 0.1), (2, 0.2)], [(0, 1), (1, 0)], [(-.infinity, 1), (0, 0.1)], [(0, 1), (.infinity, 0.1)],
            [(.nan, 1), (0, 0.1)],
        ]
        for table in tables {
            #expect(performing: { try calibration(table) }, throws: { ($0 as? RecognitionError)?.code == .invalidValue })
        }
        for (scale, shape) in [(0, 0), (-1, 0), (.nan, 0), (.infinity, 0), (1, .nan), (1, .infinity)] as [(Double, Double)] {
            #expect(throws: RecognitionError.self) { try calibration(scale: scale, shape: shape) }
        }
    }

    @Test("It comes back from JSON, which is checked as well")
    func codable() throws {
        let c = try calibration()
        let json = try JSONEncoder().encode(c)
        #expect(try JSONDecoder().decode(Calibration.self, from: json) == c)
        let broken = String(decoding: json, as: UTF8.self).replacing("\"scale\":0.05", with: "\"scale\":-1")
        #expect(throws: RecognitionError.self) { try JSONDecoder().decode(Calibration.self, from: Data(broken.utf8)) }
    }
}
