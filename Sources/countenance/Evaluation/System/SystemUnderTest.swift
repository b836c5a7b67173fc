import Evaluation
import FaceRecognition
import Foundation
import RekognitionAPI

/// Another system, asked through Rekognition's API. Each answer is kept as it comes, so that what was interrupted goes on
/// from there; a figure is made only when every answer is there.
struct SystemUnderTest: Sendable {
    /// Where it is: `https://host:port`.
    let name: String
    let client: RekognitionClient
    let requestsPerSecond: Double
    let session: Session
    let answers: SystemAnswers
    let collections: TemporaryCollections

    /// Enough for the pace, with answers that take a second or more.
    private static let requestsAtOnce = 16

    /// Something to ask, and what its answer is kept under.
    struct Asked<Question: Sendable>: Sendable {
        let key: String
        let question: Question
    }

    /// Says, before the first one, how many calls there will be.
    func announce(_ calls: Int, known: Int) {
        let seconds = Double(calls) / requestsPerSecond
        let time = seconds < 90 ? "\(Int(seconds.rounded(.up))) seconds" : "\(Int((seconds / 60).rounded(.up))) minutes"
        let earlier = known > 0 ? " (\(known) were made earlier)" : ""
        Console.note(
            "\(calls) calls to \(name)\(earlier): at \(requestsPerSecond.formatted()) a second \(time). Each call may have its price.")
    }

    /// Those of `questions` that have no answer yet, each once.
    /// - Parameter key: nil for what is not to be asked.
    func unanswered<Question>(_ questions: some Sequence<Question>, key: (Question) -> String?) -> [Asked<Question>] {
        var seen: Set<String> = []
        return questions.compactMap { question in
            guard let key = key(question), answers[key] == nil, seen.insert(key).inserted else { return nil }
            return Asked(key: key, question: question)
        }
    }

    /// Asks, a few at once, and keeps the answers.
    /// - Throws: `.systemUnavailable` for an answer that does not come, or is none.
    func ask<Question>(
        _ asked: [Asked<Question>], unit: String,
        _ one: @escaping @Sendable (Question) async throws -> SystemAnswers.Answer
    ) async throws {
        let bar = ProgressBar(total: asked.count, unit: unit)
        defer { bar.finish() }
        try await asked.mapConcurrently(width: Self.requestsAtOnce) { asked in
            // Kept at once, in whatever order they come.
            await Result { try answers.keep(try await one(asked.question), for: asked.key) }
        } each: { _, result in
            do { try result.get() } catch let failure as RekognitionFailure { throw unavailable(failure) }
            bar.advance()
        }
    }

    /// A figure would rest on nothing.
    var seesNobody: RecognitionError {
        RecognitionError(
            .noFace, "The system \(name) gave no similarity for any of the photographs; nothing was measured.")
    }

    func unavailable(_ failure: RekognitionFailure) -> RecognitionError {
        let again = answers.isKept ? "what it answered is kept, and the same command goes on from there" : "nothing was kept"
        guard failure.name != RekognitionFailure.notTrusted else {
            return RecognitionError(
                .systemUnavailable,
                "The system \(name) shows a certificate that this machine does not trust, or speaks no TLS; add its authority to the system's certificates, or measure it on its own machine over http; \(again)."
            )
        }
        let what =
            failure.isTransient
            ? "did not answer as it should (\(failure.name)), however often it was asked; \(again)"
            : "refuses a request (\(failure.name)); \(again), once the key (--profile), the region (--region) or the system itself allows it"
        return RecognitionError(.systemUnavailable, "The system \(name) \(what).", detail: setbacks ?? "")
    }

    /// `3 ThrottlingException, 1 timed-out`: what made requests be sent again; nil for nothing.
    private var setbacks: String? {
        let counted = client.setbacks.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
        return counted.isEmpty ? nil : counted.joined(separator: ", ")
    }

    /// What the document says of it.
    func described(earlier: Int, unexplained: Int = 0, cut: Int = 0) -> EvaluationDocument.System {
        .init(
            endpoint: name, calls: client.calls, answeredEarlier: earlier, askedAgain: client.setbacks,
            unexplained: unexplained, cut: cut)
    }

    /// What is to be known of figures that come from a black box.
    func caveats(_ described: EvaluationDocument.System) -> [String] {
        var caveats = [
            "The system \(name) was asked from outside, through Rekognition's API: it chose the largest face of each photograph, by its own detector, and gave similarities in its own measure."
        ]
        if let setbacks { caveats.append("Requests that had to be sent again: \(setbacks). All were answered in the end.") }
        if described.unexplained > 0 {
            caveats.append(
                "\(described.unexplained) comparisons were refused though both photographs show a face to the same system; they count as below every threshold.")
        }
        if described.cut > 0 {
            caveats.append(
                "\(described.cut) searches gave \(RekognitionClient.mostCandidates) candidates, the most there can be; a person who came after them counts as not found.")
        }
        return caveats
    }
}
