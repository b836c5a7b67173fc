import Crypto
import Evaluation
import FaceRecognition
import Foundation
import RekognitionAPI

// Searches of a gallery: a collection that is made for them, and deleted.
extension SystemUnderTest {
    /// What searches gave.
    struct Searched {
        let outcomes: [ProbeOutcome]
        /// Photographs of the gallery that show a face.
        let galleryFaces: Int
        let source: EvaluationSource
    }

    /// Searches the gallery for every probe.
    /// - Parameters:
    ///   - photographs: the gallery's, then the probes'.
    ///   - people: whom they show, numbered alike.
    ///   - threshold: the lowest similarity that matters, 0...100: candidates below it are not asked for.
    func search(
        _ photographs: SentPhotographs, gallery size: Int, people: [Int], threshold: Double
    ) async throws -> Searched {
        let start = ContinuousClock.now
        try await deletingLeftovers()
        let references = Array(0..<size), probes = Array(photographs.paths.indices.dropFirst(size))
        // Which candidates there are depends on all of the gallery.
        let gallery = Data(references.map { photographs.keys[$0] ?? "none" }.joined(separator: " ").utf8).sha256.prefix(16)
        func referenceKey(_ place: Int) -> String? { photographs.keys[place].map { "index \(gallery) \($0)" } }
        func probeKey(_ place: Int) -> String? { photographs.keys[place].map { "search \(gallery) \(threshold) \($0)" } }
        func versionKey() -> String { "collection \(gallery)" }

        let searches = unanswered(probes, key: probeKey)
        let earlier = probes.count { photographs.keys[$0] != nil } - searches.count
        let indexed = references.filter { photographs.keys[$0] != nil }
        if searches.isEmpty {
            announce(0, known: earlier)
        } else {
            // The collection of an earlier run is gone: all of the gallery is indexed again.
            announce(2 + indexed.count + searches.count, known: earlier)
            do {
                try await collections.using(client) { collection, model in
                    try answers.keep(.named(model), for: versionKey())
                    try await ask(
                        indexed.compactMap { place in referenceKey(place).map { Asked(key: $0, question: place) } },
                        unit: "photographs indexed"
                    ) { [client] place in
                        SystemAnswers.Answer(
                            try await client.index(photographs.bytes(place), as: "r\(place)", in: collection))
                    }
                    try await ask(searches, unit: "probes searched for") { [client] place in
                        let answer = try await client.search(
                            for: photographs.bytes(place), in: collection, threshold: threshold)
                        if case .found(let candidates) = answer {
                            guard candidates.allSatisfy({ Self.reference($0, of: size) != nil }) else {
                                throw RekognitionFailure(name: "unknown-candidate", isTransient: false)
                            }
                        }
                        return SystemAnswers.Answer(answer) { $0.candidates = $1 }
                    }
                }
            } catch let failure as RekognitionFailure { throw unavailable(failure) }
        }

        var cut = 0
        let mates = Set(references.map { people[$0] })
        let outcomes = probes.map { probe -> ProbeOutcome in
            let person = people[probe]
            let candidates = probeKey(probe).flatMap { answers[$0]?.candidates }
            if candidates?.count == RekognitionClient.mostCandidates { cut += 1 }
            var mate: ProbeOutcome.Closest?, stranger: ProbeOutcome.Closest?
            for candidate in candidates ?? [] {
                guard let reference = Self.reference(candidate, of: size) else { continue }
                let found = ProbeOutcome.Closest(score: ComparisonScore(candidate.similarity), reference: reference)
                if people[reference] == person {
                    if mate.map({ $0.score < found.score }) ?? true { mate = found }
                } else if stranger.map({ $0.score < found.score }) ?? true {
                    stranger = found
                }
            }
            return ProbeOutcome(
                person: person, hasMate: mates.contains(person), acquired: candidates != nil, mate: mate, stranger: stranger)
        }
        guard outcomes.contains(where: \.acquired) else { throw seesNobody }
        func answered(_ outcome: SystemAnswers.Answer.Outcome) -> [Int] {
            references.filter { referenceKey($0).flatMap { answers[$0] }?.outcome == outcome }
                + probes.filter { probeKey($0).flatMap { answers[$0] }?.outcome == outcome }
        }
        let empty = answered(.noFace), refused = answered(.unusable)
        for place in empty { Console.note("\(photographs.paths[place].printable): no face") }
        for place in refused { Console.error("\(photographs.paths[place].printable): \(name) cannot use it.") }
        let described = described(earlier: earlier, cut: cut)
        var source = EvaluationSource(
            photographs, model: answers[versionKey()]?.model, withoutFace: empty.count, refused: refused.count,
            duration: ContinuousClock.now - start, self, described)
        source.scale = ScoreScale(
            score: { ComparisonScore($0.value) }, shown: \.value, similarity: \.value, isCalibrated: false)
        return Searched(
            outcomes: outcomes,
            galleryFaces: references.count { referenceKey($0).flatMap { answers[$0] }?.outcome == .found },
            source: source)
    }

    /// Which photograph of the gallery a candidate is; nil for none.
    private static func reference(_ candidate: RekognitionClient.Candidate, of size: Int) -> Int? {
        guard candidate.label.first == "r", let place = Int(candidate.label.dropFirst()), (0..<size).contains(place) else {
            return nil
        }
        return place
    }

    private func deletingLeftovers() async throws {
        do { try await collections.deleteLeftovers(client) } catch let failure as RekognitionFailure {
            throw unavailable(failure)
        }
    }
}
