import FaceRecognition
import Foundation
import Testing

@Suite struct SimilarityTests {
    @Test(
        "The table holds both ways",
        arguments: [
            (0, 1.0), (20, 0.1), (40, 0.01), (60, 1e-3), (80, 1e-4), (90, 1e-5), (99, 1e-6), (99.9, 1e-7), (99.99, 1e-8),
        ])
    func table(similarity: Double, rate: Double) throws {
        #expect(abs(Similarity(falseMatchRate: FalseMatchRate(rate)).value - similarity) < 1e-9)
        // 100 less a similarity cancels digits above 99.
        #expect(abs(try #require(Similarity(similarity)).falseMatchRate.value / rate - 1) < 1e-9)
    }

    @Test("A rate of 0 is 100, and 100 is a rate of 0")
    func ends() throws {
        #expect(Similarity(falseMatchRate: FalseMatchRate(0)).value == 100)
        #expect(try #require(Similarity(100)).falseMatchRate.value == 0)
        for bad in [-0.001, 100.001, .nan, .infinity] { #expect(Similarity(bad) == nil) }
        #expect(Similarity.eighty.value == 80)
        #expect(Similarity.eighty.description == "80.00")
    }

    @Test("Similarity rises as the rate falls, and comes back, over ten thousand values")
    func monotone() throws {
        var last = Similarity(falseMatchRate: FalseMatchRate(1))
        for i in 1...10_000 {
            let rate = pow(10, -Double(i) / 1_000)
            let similarity = Similarity(falseMatchRate: FalseMatchRate(rate))
            #expect(similarity > last, "rate \(rate)")
            // Near 100, 1e-10 of the rate's own share is what one unit in the last place of 99.9999 leaves.
            #expect(abs(similarity.falseMatchRate.value / rate - 1) < 1e-8, "rate \(rate)")
            last = similarity
        }
    }

    @Test("It is one number in JSON, and one outside its range is refused")
    func codable() throws {
        #expect(String(decoding: try JSONEncoder().encode([Similarity.eighty]), as: UTF8.self) == "[80]")
        #expect(try JSONDecoder().decode([Similarity].self, from: Data("[99.5]".utf8))[0].value == 99.5)
        #expect(throws: (any Error).self) { try JSONDecoder().decode([FalseMatchRate].self, from: Data("[1.5]".utf8)) }
        #expect(throws: (any Error).self) { try JSONDecoder().decode([Similarity].self, from: Data("[101]".utf8)) }
    }
}
