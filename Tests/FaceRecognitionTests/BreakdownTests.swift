import FaceTestSupport
import Foundation
import Testing

@testable import FaceRecognition

@Suite("Counts for publication") struct BreakdownTests {
    @Test("Counts of 5 and more are told, the largest first") func told() {
        let breakdown = Breakdown(["a": 5, "b": 7, "c": 100, "none": 0])
        #expect(breakdown.total == .exactly(112))
        #expect(breakdown.rows.map(\.name) == ["c", "b", "a"])
        #expect(breakdown.rows.map(\.count) == [.exactly(100), .exactly(7), .exactly(5)])
        #expect(!breakdown.isWithheld)
    }

    @Test("Nothing at all is told as nothing; a sum below 5 is not told, nor what it is made of") func sums() {
        #expect(Breakdown([:]).total == .exactly(0) && Breakdown([:]).rows.isEmpty && !Breakdown([:]).isWithheld)
        for sum in 1...4 {
            let breakdown = Breakdown(["a": sum])
            #expect(breakdown.total == .fewerThanFive && breakdown.rows.isEmpty && breakdown.isWithheld)
        }
        #expect(Breakdown(["a": 5]).rows.map(\.count) == [.exactly(5)])
    }

    @Test("Where one count is suppressed, another is withheld, so that the sum does not give it away")
    func subtraction() {
        let breakdown = Breakdown(["often": 100, "less": 20, "seldom": 3])
        #expect(breakdown.total == .exactly(123))
        #expect(breakdown.rows.map(\.name) == ["often", "less", "seldom"])
        #expect(breakdown.rows.map(\.count) == [.exactly(100), .withheld, .fewerThanFive])
        // 6 and 1: whoever knows that the sum is 7 and that one is below 5 knows too much.
        #expect(Breakdown(["a": 6, "b": 1]).isWithheld)
        #expect(Breakdown(["a": 1, "b": 1, "c": 1, "d": 1, "e": 1]).isWithheld)
    }

    @Test("What is told bounds what is withheld from above: where that would tell, one more is withheld")
    func order() {
        // 4 follows if only one of the two 5s is told: the other is 5 or more, and no more than it.
        let breakdown = Breakdown(["compare": 5, "detect": 4, "manage": 5])
        #expect(breakdown.total == .exactly(14))
        #expect(breakdown.rows.map(\.count) == [.withheld, .fewerThanFive, .withheld])
        #expect(
            Breakdown(["a": 20, "b": 21, "c": 4]).rows.map(\.count) == [.withheld, .withheld, .fewerThanFive])
        #expect(
            Breakdown(["a": 20, "b": 40, "c": 4]).rows.map(\.count) == [.exactly(40), .withheld, .fewerThanFive])
    }

    @Test("Whoever knows the sum, the rows and how they are chosen has two values or more for each suppressed count")
    func enumerated() {
        var possible: [Breakdown: [String: Set<Int>]] = [:]
        let most = 24
        for a in 0...most {
            for b in 0...(most - a) {
                for c in 0...(most - a - b) {
                    for d in 0...(most - a - b - c) {
                        let counts = ["a": a, "b": b, "c": c, "d": d], breakdown = Breakdown(counts)
                        for row in breakdown.rows where row.count == .fewerThanFive {
                            possible[breakdown, default: [:]][row.name, default: []].insert(counts[row.name] ?? 0)
                        }
                    }
                }
            }
        }
        #expect(!possible.isEmpty)
        for (breakdown, values) in possible where values.values.contains(where: { $0.count < 2 }) {
            Issue.record("\(breakdown) tells \(values)")
        }
    }

    @Test("From what is told, no value from 1 to 4 of any suppressed count can be ruled out", arguments: 0..<300)
    func adversary(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        let counts = Dictionary(
            uniqueKeysWithValues: (0..<Int.random(in: 1...7, using: &random)).map {
                ("\($0)", Int.random(in: 0...(Bool.random(using: &random) ? 6 : 40), using: &random))
            })
        let breakdown = Breakdown(counts)
        for row in breakdown.rows {
            if case .exactly(let told) = row.count { #expect(counts[row.name] == told && told >= 5) }
            if case .fewerThanFive = row.count { #expect((1...4).contains(counts[row.name]!)) }
            if case .withheld = row.count { #expect(counts[row.name]! >= 5) }
        }
        guard !breakdown.rows.isEmpty, case .exactly(let sum) = breakdown.total else { return }
        #expect(breakdown.rows.count == counts.values.count { $0 > 0 })
        let told = breakdown.rows.reduce(0) { if case .exactly(let count) = $1.count { $0 + count } else { $0 } }
        let small = breakdown.rows.count { $0.count == .fewerThanFive },
            withheld = breakdown.rows.count { $0.count == .withheld }
        guard small > 0 else { return #expect(withheld == 0 && told == sum) }
        // Every suppressed one may be 4, or 1, and the withheld ones are still 5 or more.
        for value in 1...4 { #expect(sum - told - small * value >= withheld * 5 && withheld > 0) }
        // Nor are they larger than the smallest that is told, as everybody knows.
        let open = breakdown.rows.compactMap { row -> Int? in if case .exactly(let count) = row.count { count } else { nil } }
        if let least = open.min() { #expect(sum - told - small <= withheld * least) }
    }

    @Test("As JSON a count is a number or says why it is none") func json() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let text = String(decoding: try encoder.encode(Breakdown(["a": 50, "b": 9, "c": 1])), as: UTF8.self)
        #expect(
            text == """
                {"isWithheld":false,"rows":[{"count":50,"name":"a"},{"count":"withheld","name":"b"},{"count":"fewer than 5","name":"c"}],"total":60}
                """)
    }
}

@Suite("The transparency report's counts") struct TransparencyReportTests {
    private let from = Date(timeIntervalSince1970: 1_000), to = Date(timeIntervalSince1970: 2_000)

    private func record(
        _ operation: GatedOperation = .identify, at time: Double = 1_500, candidates: Int? = 0, refused: String? = nil
    ) -> Record {
        let request = AccessRequest(organisation: "rescue", purpose: "missing-child", operation: operation)
        let standing = Standing(policyName: "p", policy: nil, kind: "missing-persons", contact: "me")
        var record = Record(
            refusing: Refusal(
                request: request, rule: refused ?? "trial", reason: "candidates", until: nil, standing: standing),
            at: Date(timeIntervalSince1970: time))
        record.decision = refused == nil ? .permitted : .refused
        record.candidates = candidates.map { (0..<$0).map { _ in .init(face: FaceID(), similarity: Similarity(90)!) } }
        return record
    }

    private func report(_ records: [Record]) -> TransparencyReport {
        var tally = TransparencyReport.Tally(from: from, to: to)
        for record in records { tally.add(record) }
        return tally.report(moratoria: ["None may search."])
    }

    @Test("Entries of the time are counted, its first moment too, its last not") func times() {
        let records = [999.9, 1_000, 1_500, 1_600, 1_700, 1_999.9, 2_000].map { record(at: $0) }
        #expect(report(records).searchesByPurpose.total == .exactly(5))
        #expect(report(records).searchesByKind.rows == [.init(name: "missing-persons", count: .exactly(5))])
        #expect(report(records).moratoria == ["None may search."])
    }

    @Test("A search is counted by how many candidates it found; one in several parts once") func candidates() {
        var records = [0, 1, 2, 5, 6, 20, 21].flatMap { found in (0..<6).map { _ in record(candidates: found) } }
        for _ in 0..<5 {
            var first = record(candidates: 15)
            (first.part, first.parts) = (1, 2)
            var second = first
            second.part = 2
            second.candidates = Array(first.candidates!.prefix(10))
            records += [first, second]
        }
        let outcomes = report(records).searchesByOutcome
        #expect(outcomes.total == .exactly(47))
        #expect(
            Dictionary(uniqueKeysWithValues: outcomes.rows.map { ($0.name, $0.count) }) == [
                "no candidate": .exactly(6), "1 candidate": .exactly(6), "2 to 5 candidates": .exactly(12),
                "6 to 20 candidates": .exactly(12), "more than 20 candidates": .exactly(11),
            ])
    }

    @Test("Refusals are counted by rule and operation, and are no searches") func refusals() {
        let report = report(
            (0..<9).map { _ in record(refused: "moratorium") }
                + (0..<5).map { _ in record(.enrol, candidates: nil, refused: "no-grant") }
                + (0..<7).map { _ in record(.compare, candidates: nil) })
        #expect(report.searchesByKind.total == .exactly(0))
        #expect(report.refusalsByRule.rows.map(\.name) == ["moratorium", "no-grant"])
        #expect(report.refusalsByOperation.rows.map(\.count) == [.exactly(9), .exactly(5)])
        #expect(report.otherRequestsByOperation.rows.map(\.name) == ["compare"])
    }
}
