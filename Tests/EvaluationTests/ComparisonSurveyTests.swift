import FaceRecognition
import FaceTestSupport
import Testing

@testable import Evaluation

@Suite struct ComparisonSurveyTests {
    private func made(_ count: Int, seed: UInt64) throws -> (templates: [Template], subjects: EvaluationSubjects) {
        var random = SeededGenerator(seed: seed)
        let people = max(1, count / 3)
        let whom = (0..<count).map { _ in Int.random(in: 0..<people, using: &random) }
        let grouping = try Grouping(name: "g", values: (0..<people).map { ["x", "y", nil][$0 % 3] })
        let templates = (0..<count).map { _ in Template.random(9, using: &random) }
        return (templates, try EvaluationSubjects(people: people, acquired: whom, failed: [0], groupings: [grouping]))
    }

    @Test("Every rate by pair of groups is what comparing one by one counts", arguments: [2, 5, 64, 65, 130])
    func bruteForce(count: Int) throws {
        let (templates, subjects) = try made(count, seed: UInt64(count))
        let survey = try ComparisonSurvey(templates, of: subjects, threads: 2)
        for threshold in [-2, -0.5, 0.013, 0.3, 0.7, 1.5] {
            var expected: [[Int]] = Array(repeating: [0, 0, 0], count: 3), misses = 0, mated = 0
            for i in 0..<count {
                for j in (i + 1)..<max(count, i + 1) {
                    let reaches = try templates[i].compared(with: templates[j]).value >= threshold
                    let a = subjects.ofPhotographs[i], b = subjects.ofPhotographs[j]
                    if a == b {
                        mated += 1
                        if !reaches { misses += 1 }
                    } else if reaches {
                        let x = subjects.groupings[0].ofPerson[a], y = subjects.groupings[0].ofPerson[b]
                        expected[min(x, y)][max(x, y)] += 1
                    }
                }
            }
            let score = ComparisonScore(threshold)
            let rates = FalseMatchRates(survey, by: 1, at: [score], plan: BootstrapPlan(repetitions: 10))
            var total = 0
            for a in survey.groupings[1].labels.indices {
                for b in a..<survey.groupings[1].labels.count {
                    #expect(rates.rate(0, a, b).counted.count == expected[a][b], "\(count), \(threshold), \(a), \(b)")
                    #expect(rates.rate(0, a, b).counted == rates.rate(0, b, a).counted)
                    total += expected[a][b]
                }
            }
            #expect(survey.falseMatchRate(at: score).count == total)
            // The photograph that failed misses all the others of its person.
            let failed = subjects.acquired[0]
            #expect(survey.falseNonMatchRate(at: score) == CountedRate(count: misses + failed, total: mated + failed))
        }
    }

    @Test("Bounded memory changes no count: not at a threshold above what is kept, and below it by a bin at most")
    func bounded() throws {
        let (templates, subjects) = try made(300, seed: 11)
        let all = try ComparisonSurvey(templates, of: subjects)
        let few = try ComparisonSurvey(templates, of: subjects, keeping: 500, threads: 3)
        #expect(few.hits.count <= 500 && few.floor > 0 && all.floor == -.infinity)
        #expect(all.nonMated == few.nonMated && all.hits.count == all.nonMated)
        #expect(Array(all.hits.prefix(few.hits.count)) == few.hits)
        for threshold in stride(from: -1.0, through: 1, by: 0.003) {
            let score = ComparisonScore(threshold), lower = ComparisonScore(threshold - GroupHistograms.width)
            let exact = all.falseMatchRate(at: score), found = few.falseMatchRate(at: score)
            #expect(found.count >= exact.count && found.count <= all.falseMatchRate(at: lower).count)
            if threshold >= Double(few.floor) { #expect(found == exact) }
        }
        for rate in [1e-4, 1e-3, 0.01, 0.1, 0.5, 1] {
            let score = few.score(at: FalseMatchRate(rate))
            #expect(few.falseMatchRate(at: score).value <= rate)
        }
        #expect(few.score(at: FalseMatchRate(1e-3)) == all.score(at: FalseMatchRate(1e-3)))
    }

    @Test("Of many comparisons about as many of the highest are kept as were asked for, and every one of them")
    func looksAhead() throws {
        let (templates, subjects) = try made(1_500, seed: 14)
        let survey = try ComparisonSurvey(templates, of: subjects, keeping: 10_000, threads: 2)
        #expect((8_000...10_000).contains(survey.hits.count), "\(survey.hits.count)")
        // The histograms know nothing of what is kept.
        let edge = ComparisonScore((Double(survey.floor) / GroupHistograms.width).rounded(.up) * GroupHistograms.width)
        #expect(survey.hits(reaching: edge).count == survey.histograms[0].count(0, 0, from: GroupHistograms.bin(Float(edge.value))))
        #expect(survey.nonMated + survey.mated.count == 1_500 * 1_499 / 2)
        for threads in [1, 7] {
            let other = try ComparisonSurvey(templates, of: subjects, keeping: 10_000, threads: threads)
            #expect(other.hits == survey.hits && other.floor == survey.floor)
        }
    }

    @Test("A threshold below what was kept gets its counts and no interval")
    func belowFloor() throws {
        let (templates, subjects) = try made(200, seed: 12)
        let survey = try ComparisonSurvey(templates, of: subjects, keeping: 100)
        let rates = FalseMatchRates(
            survey, by: 0, at: [ComparisonScore(-0.5), ComparisonScore(Double(survey.floor))],
            plan: BootstrapPlan(repetitions: 20))
        #expect(rates.rate(0, 0, 0).value != nil && rates.rate(0, 0, 0).interval == nil)
        #expect(rates.rate(1, 0, 0).interval != nil)
    }

    @Test("The same seed gives the same interval on one thread and on three; another seed another one")
    func repeatable() throws {
        let (templates, subjects) = try made(120, seed: 13)
        let survey = try ComparisonSurvey(templates, of: subjects)
        func interval(_ seed: UInt64, _ threads: Int) -> Interval? {
            FalseMatchRates(
                survey, by: 1, at: [ComparisonScore(0.4)], plan: BootstrapPlan(repetitions: 50, seed: seed, threads: threads)
            ).rate(0, 0, 1).interval
        }
        #expect(interval(5, 1) != nil && interval(5, 1) == interval(5, 3) && interval(5, 1) != interval(6, 1))
    }

    @Test("Too few errors, or too few people, make no figure, but say why")
    func lacks() {
        func rate(_ count: Int, _ total: Int, people: Int) -> EstimatedRate {
            EstimatedRate(CountedRate(count: count, total: total), people: people) { [0.1, 0.2] }
        }
        #expect(rate(9, 1_000, people: 50).value == nil && rate(9, 1_000, people: 50).lack == .fewErrors)
        #expect(rate(10, 1_000, people: 50).value == 0.01 && rate(10, 1_000, people: 50).isWeak)
        #expect(!rate(30, 1_000, people: 50).isWeak)
        #expect(rate(50, 1_000, people: 9).lack == .fewPeople && rate(50, 1_000, people: 10).lack == nil)
        #expect(rate(0, 0, people: 50).lack == .nothingCounted)
        #expect(abs((rate(0, 1_000, people: 50).upperBound ?? 0) - 0.002996) < 1e-6)
        #expect(rate(9, 1_000, people: 50).replicates.isEmpty && rate(9, 1_000, people: 50).interval == nil)
    }

    @Test("A column of names is no column of groups; numbers that name nobody are refused")
    func refused() {
        #expect { try Grouping(name: "g", values: (0..<65).map(String.init)) } throws: {
            ($0 as? RecognitionError)?.code == .invalidValue
        }
        #expect { try EvaluationSubjects(people: 2, acquired: [0, 2]) } throws: {
            ($0 as? RecognitionError)?.code == .invalidValue
        }
    }
}
