import FaceRecognition
import FaceTestSupport
import Testing

@testable import Evaluation

@Suite struct AllComparisonsTests {
    @Test("Every pair is compared once, as one by one", arguments: [0, 1, 2, 3, 4, 5, 63, 64, 65, 131])
    func bruteForce(count: Int) throws {
        for dimension in [1, 7, 8, 9, 33] {
            var random = SeededGenerator(seed: UInt64(count * 100 + dimension))
            let templates = (0..<count).map { _ in Template.random(dimension, using: &random) }
            let people = (0..<count).map { _ in "person \(Int.random(in: 0..<max(1, count / 2), using: &random))" }
            let all = try AllComparisons(templates, of: people)
            var mated: [Double] = [], different: [Double] = []
            for i in 0..<count {
                for j in (i + 1)..<max(count, i + 1) {
                    let score = try templates[i].compared(with: templates[j]).value
                    if people[i] == people[j] { mated.append(score) } else { different.append(score) }
                }
            }
            let found = all.nonMated.highest(.max).map(\.value)
            #expect(all.photographs == count && all.people == Set(people).count)
            #expect(all.nonMated.count == different.count && all.mated.count == mated.count)
            // 33 products of at most 1 added in single precision: each addition rounds by at most 2^-24 of a sum below 6
            // (Cauchy-Schwarz keeps the sum of their magnitudes below 1, so 1e-5 has room to spare).
            #expect(zip(all.mated, mated.sorted()).allSatisfy { abs($0.value - $1) < 1e-5 })
            #expect(zip(found, different.sorted(by: >)).allSatisfy { abs($0 - $1) < 1e-5 })
        }
    }

    @Test("One thread and three find the same")
    func threads() throws {
        var random = SeededGenerator(seed: 7)
        let templates = (0..<200).map { _ in Template.random(16, using: &random) }
        let people = (0..<200).map { $0 / 3 }
        let one = try AllComparisons(templates, of: people, keepingExactly: 50, threads: 1)
        let three = try AllComparisons(templates, of: people, keepingExactly: 50, threads: 3)
        #expect(one.mated == three.mated)
        #expect(Array(one.nonMated.highest(50)) == Array(three.nonMated.highest(50)))
        for score in stride(from: -1.0, to: 1, by: 0.01) {
            let score = ComparisonScore(score)
            #expect(one.nonMated.count(atLeast: score) == three.nonMated.count(atLeast: score))
        }
    }

    @Test("Templates of two models, and labels that do not fit, are refused")
    func refused() throws {
        let a = try Template(model: .test, normalising: [1, 0])
        let b = try Template(model: TemplateModelID(rawValue: "other"), normalising: [1, 0])
        #expect { try AllComparisons([a, b], of: [1, 2]) } throws: { ($0 as? RecognitionError)?.code == .modelMismatch }
        #expect { try AllComparisons([a, a], of: [1]) } throws: { ($0 as? RecognitionError)?.code == .invalidValue }
    }
}
