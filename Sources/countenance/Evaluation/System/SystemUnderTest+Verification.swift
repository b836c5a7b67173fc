import Evaluation
import FaceRecognition
import Foundation
import RekognitionAPI

// Comparisons of two photographs: CompareFaces.
extension SystemUnderTest {
    /// Two places among the photographs.
    struct Pair: Sendable, Hashable {
        let first: Int
        let second: Int

        func key(_ photographs: SentPhotographs) -> String? {
            guard let a = photographs.keys[first], let b = photographs.keys[second] else { return nil }
            return "compare \(a) \(b)"
        }
    }

    /// Announces the calls, and makes them.
    /// - Returns: for each pair its similarity; nil where there is none to have, since a photograph shows no face, cannot
    ///   be used or cannot be sent.
    func similarities(of pairs: [Pair], among photographs: SentPhotographs) async throws -> [Double?] {
        let asked = unanswered(pairs) { $0.key(photographs) }
        announce(asked.count, known: pairs.count { $0.key(photographs) != nil } - asked.count)
        return try await similarities(of: pairs, among: photographs, asking: asked)
    }

    private func similarities(
        of pairs: [Pair], among photographs: SentPhotographs, asking asked: [Asked<Pair>]
    ) async throws -> [Double?] {
        try await ask(asked, unit: "comparisons") { [client] pair in
            SystemAnswers.Answer(
                try await client.compare(photographs.bytes(pair.first), photographs.bytes(pair.second))
            ) { $0.similarity = $1 }
        }
        return pairs.map { $0.key(photographs).flatMap { answers[$0]?.similarity } }
    }

    /// What all comparisons of some photographs gave.
    struct Survey {
        let survey: ComparisonSurvey
        let source: EvaluationSource
    }

    /// Compares all photographs with each other, once it is known which of them show a face.
    /// - Parameters:
    ///   - people: whom each photograph shows, of so many.
    func survey(
        _ photographs: SentPhotographs, people: [Int], of count: Int, groupings: [Grouping]
    ) async throws -> Survey {
        let start = ContinuousClock.now
        func faceKey(_ place: Int) -> String? { photographs.keys[place].map { "detect \($0)" } }
        func pairs(_ places: [Int]) -> [Pair] {
            places.indices.flatMap { i in places[(i + 1)...].map { Pair(first: places[i], second: $0) } }
        }
        let places = Array(photographs.paths.indices), sent = places.filter { photographs.keys[$0] != nil }
        let looks = unanswered(places, key: faceKey)
        let most = unanswered(pairs(sent)) { $0.key(photographs) }.count
        let earlier = sent.count - looks.count + sent.count * (sent.count - 1) / 2 - most
        announce(looks.count + most, known: earlier)

        try await ask(looks, unit: "photographs looked at") { [client] place in
            SystemAnswers.Answer(try await client.countFaces(in: photographs.bytes(place))) { $0.faces = $1 }
        }
        let seen = places.map { faceKey($0).flatMap { answers[$0] } }
        let shown = places.filter { seen[$0]?.faces ?? 0 > 0 }
        let refused = places.filter { seen[$0]?.outcome == .unusable }
        let empty = sent.filter { !shown.contains($0) && !refused.contains($0) }
        for place in empty { Console.note("\(photographs.paths[place].printable): no face") }
        for place in refused { Console.error("\(photographs.paths[place].printable): \(name) cannot use it.") }

        let compared = pairs(shown)
        let similarities = try await similarities(
            of: compared, among: photographs, asking: unanswered(compared) { $0.key(photographs) })
        guard !shown.isEmpty else { throw seesNobody }
        let hasFace = Set(shown)
        var tally = ComparisonSurvey.Tally(
            try EvaluationSubjects(
                people: count, acquired: shown.map { people[$0] },
                failed: places.filter { !hasFace.contains($0) }.map { people[$0] }, groupings: groupings))
        for (pair, similarity) in zip(compared, similarities) {
            // What has none is below every threshold.
            tally.add(people[pair.first], people[pair.second], score: similarity.map(ScoreScale.single) ?? -1)
        }
        let described = described(earlier: earlier, unexplained: similarities.count { $0 == nil })
        return Survey(
            survey: ComparisonSurvey(tally),
            source: EvaluationSource(
                photographs, model: nil, withoutFace: empty.count, refused: refused.count,
                duration: ContinuousClock.now - start, self, described))
    }
}
