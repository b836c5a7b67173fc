import FaceRecognition
import FaceTestSupport
import Testing

@testable import Evaluation

@Suite struct IdentificationTests {
    @Test("Each probe's closest mate and stranger are those of comparing one by one", arguments: [1, 3, 64, 67])
    func bruteForce(count: Int) throws {
        var random = SeededGenerator(seed: UInt64(count))
        func some(_ count: Int) -> [Template?] {
            (0..<count).map { _ in Int.random(in: 0..<8, using: &random) == 0 ? nil : Template.random(7, using: &random) }
        }
        let gallery = some(2 * count), probes = some(count)
        let galleryPeople = gallery.indices.map { $0 % (count + 1) }
        let probePeople = probes.indices.map { $0 * 2 }
        let found = try ProbeOutcome.search(gallery, of: galleryPeople, for: probes, of: probePeople)
        for (i, outcome) in found.enumerated() {
            func closest(_ isMate: Bool) throws -> Double? {
                guard let probe = probes[i] else { return nil }
                return try gallery.indices.filter { (galleryPeople[$0] == probePeople[i]) == isMate }
                    .compactMap { try gallery[$0].map { try $0.compared(with: probe).value } }.max()
            }
            for (own, expected) in [(outcome.mate, try closest(true)), (outcome.stranger, try closest(false))] {
                #expect((own == nil) == (expected == nil))
                // Seven products added in single precision.
                if let own, let expected { #expect(abs(own.score.value - expected) < 1e-6) }
            }
            #expect(outcome.hasMate == galleryPeople.contains(probePeople[i]) && outcome.acquired == (probes[i] != nil))
        }
    }

    @Test("The rates by hand: probes with a mate, without one, and without a face")
    func byHand() throws {
        func outcome(_ person: Int, mate: Double?, stranger: Double?, acquired: Bool = true, hasMate: Bool) -> ProbeOutcome {
            ProbeOutcome(
                person: person, hasMate: hasMate, acquired: acquired,
                mate: mate.map { .init(score: ComparisonScore($0), reference: 0) },
                stranger: stranger.map { .init(score: ComparisonScore($0), reference: 1) })
        }
        let outcomes = [
            outcome(0, mate: 0.9, stranger: 0.2, hasMate: true),
            outcome(0, mate: 0.6, stranger: 0.6, hasMate: true),  // found, but a tie is not the first
            outcome(1, mate: 0.4, stranger: 0.7, hasMate: true),  // missed, and a stranger instead
            outcome(2, mate: nil, stranger: nil, acquired: false, hasMate: true),
            outcome(3, mate: nil, stranger: 0.5, hasMate: false),  // at the threshold
            outcome(4, mate: nil, stranger: 0.4, hasMate: false),
            outcome(4, mate: nil, stranger: nil, acquired: false, hasMate: false),
        ]
        let rates = IdentificationRates(
            outcomes, by: .everybody(5), at: ComparisonScore(0.5), plan: BootstrapPlan(repetitions: 5))
        #expect(rates.falsePositive[0].counted == CountedRate(count: 1, total: 3))
        #expect(rates.falseNegative[0].counted == CountedRate(count: 2, total: 4))
        #expect(rates.rankOneMiss[0].counted == CountedRate(count: 3, total: 4))
        #expect(rates.strangerFound[0].counted == CountedRate(count: 3, total: 7))
        #expect(rates.peopleTakenForStrangers[0].counted == CountedRate(count: 3, total: 5))
        #expect(rates.falsePositive[0].lack == .fewPeople && rates.falsePositiveTest == nil)
    }
}
