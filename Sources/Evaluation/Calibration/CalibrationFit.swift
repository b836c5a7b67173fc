public import FaceRecognition
import Foundation

/// Turns measured comparisons of different people into a model's calibration.
///
/// The table starts at rate 1 with the lowest score that occurred; then come the scores at 10^-0.1, 10^-0.2, ... as far
/// down as `minimumSupport` comparisons reach the score. Each point carries the rate that was counted at its score, not
/// the rounder one that was aimed at. Above the last point stands a generalised Pareto law, fitted to the excesses over it
/// (see `GeneralisedPareto`): Pickands' theorem says that this is the form every usual law's far tail takes.
///
/// - Note: comparisons that share a photograph are not independent, and photographs of one person under two names look
///   like false matches. Both weigh most at the lowest rates; `CalibrationIntervals` says how much the first does.
public struct CalibrationFit: Sendable, Hashable {
    /// Fewer comparisons than this do not make a point. With 300 independent ones a rate's relative standard error is
    /// 1 / sqrt(300), 6%, and the fitted shape's about sqrt(4/3 / 300), 0.07 (Hosking and Wallis, 1987, at shape 0).
    public static let minimumSupport = 300
    /// How many points the table has for each power of ten.
    static let pointsPerDecade = 10

    public let calibration: Calibration

    /// - Parameters:
    ///   - dataset: the photographs' name, for people to read.
    ///   - date: of the measurement, as 2026-01-31.
    /// - Throws: `.invalidValue` when there are too few comparisons of different people (under 3,000), or too few of
    ///   their scores differ.
    public init(_ comparisons: AllComparisons, dataset: String, date: String) throws {
        try self.init(
            comparisons.nonMated, photographs: comparisons.photographs, people: comparisons.people, dataset: dataset,
            date: date)
    }

    init(_ scores: ScoreDistribution, photographs: Int, people: Int, dataset: String, date: String) throws {
        let needed = 10 * Self.minimumSupport
        guard let minimum = scores.minimum, scores.count >= needed else {
            throw RecognitionError(
                .invalidValue,
                "A calibration needs at least \(needed) comparisons of different people; there are \(scores.count)."
            )
        }
        var points = [Calibration.Point(score: minimum, falseMatchRate: FalseMatchRate(1))]
        var support = scores.count
        for step in 1... {
            let rate = pow(10, -Double(step) / Double(Self.pointsPerDecade))
            let limit = CountedRate.largestCount(upTo: rate, of: scores.count)
            let score = scores.lowestScore(reachedByAtMost: limit)
            let count = scores.count(atLeast: score)
            guard count >= Self.minimumSupport else { break }
            // Scores that many comparisons share can make two steps one.
            guard score > points[points.count - 1].score, count < support else { continue }
            support = count
            points.append(
                Calibration.Point(score: score, falseMatchRate: FalseMatchRate(Double(count) / Double(scores.count))))
        }
        let last = points[points.count - 1].score.value
        let excesses = scores.highest(support).map { $0.value - last }
        guard points.count >= 2, excesses.count == support, let tail = GeneralisedPareto(fitting: excesses) else {
            throw RecognitionError(
                .invalidValue, "The comparisons of different people have too few different scores for a calibration.")
        }
        calibration = try Calibration(
            dataset: dataset, date: date, photographs: photographs, people: people, comparisons: scores.count,
            points: points, tail: .init(scale: tail.scale, shape: tail.shape, excesses: excesses.count))
    }
}
