import Evaluation
import FaceRecognition

/// Which system an evaluation is about, and which photographs: what its document says beside the figures.
struct EvaluationSource {
    /// Our model's id, or what another system calls its own.
    var model: String
    /// Empty for another system's.
    var modelDigest: String
    /// Which face of a photograph is meant.
    var subject: String
    var photographs: Int
    var withoutFace: Int
    var unusable: Int
    /// SHA-256 over the photographs' own.
    var digest: String
    /// How long templates took, or another system's answers.
    var duration: Duration
    var scale: ScoreScale
    var system: EvaluationDocument.System?
    var caveats: [String] = []
    var quality: [EvaluationDocument.QualityTable] = []

    /// - Parameters:
    ///   - people: whom the last photographs show, of whose quality is told; as many as are given.
    ///   - groupings: besides everybody.
    init(
        _ sampled: EvaluatedPhotographs, subject: SubjectRule, people: [Int], groupings: [Grouping]
    ) throws {
        model = sampled.model.id.rawValue
        modelDigest = sampled.model.sha256
        self.subject = subject.rawValue
        photographs = sampled.templates.count
        withoutFace = sampled.withoutFace
        unusable = sampled.unusable
        digest = sampled.digest
        duration = sampled.duration
        scale = try .calibrated(sampled.model.calibrated())
        let count = groupings.first?.ofPerson.count ?? (people.max() ?? -1) + 1
        quality = ([.everybody(count)] + groupings).map {
            EvaluationDocument.QualityTable(sampled.samples.suffix(people.count), people: people, by: $0)
        }
        if sampled.withSeveralFaces > 0 {
            caveats.append(
                "\(sampled.withSeveralFaces) photographs show several faces; the \(subject.rawValue) one was taken for the person's.")
        }
    }

    /// Of another system.
    init(
        _ sent: SentPhotographs, model: String?, withoutFace: Int, refused: Int, duration: Duration, _ system: SystemUnderTest,
        _ described: EvaluationDocument.System
    ) {
        self.model = model ?? "unknown"
        modelDigest = ""
        subject = SubjectRule.largest.rawValue
        photographs = sent.paths.count
        self.withoutFace = withoutFace
        unusable = sent.unusable + refused
        digest = sent.digest
        self.duration = duration
        scale = .similarities
        self.system = described
        caveats = system.caveats(described)
    }
}

/// What scores an evaluation counts in, and what they mean.
struct ScoreScale: Sendable {
    /// The score that a similarity asks for.
    let score: @Sendable (Similarity) -> ComparisonScore
    /// A score as the document shows it.
    let shown: @Sendable (ComparisonScore) -> Double
    /// The similarity of a score, 0...100.
    let similarity: @Sendable (ComparisonScore) -> Double
    /// Whether scores are our cosines, with a false match rate to each similarity.
    let isCalibrated: Bool

    static func calibrated(_ calibration: Calibration) -> ScoreScale {
        ScoreScale(
            score: { calibration.score(at: $0) }, shown: \.value, similarity: { calibration.similarity(of: $0).value },
            isCalibrated: true)
    }

    /// Another system's similarities, 0...100, brought into -1...1, where distributions are counted: divided by a power of
    /// two, which rounds nothing.
    static let similarities = ScoreScale(
        score: { ComparisonScore($0.value / unit) }, shown: { $0.value * unit }, similarity: { $0.value * unit },
        isCalibrated: false)
    private static let unit = 128.0

    /// A similarity among those scores, rounded down where single precision cannot hold it: so that none reaches a
    /// threshold that it does not.
    static func single(_ similarity: Double) -> Float {
        let value = similarity / unit, rounded = Float(value)
        return Double(rounded) > value ? rounded.nextDown : rounded
    }
}
