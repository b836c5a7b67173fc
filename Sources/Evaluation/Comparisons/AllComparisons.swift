import Dispatch
public import FaceRecognition
import Synchronization

/// Everybody compared with everybody, once: n (n - 1) / 2 comparisons of n templates.
///
/// Scores are cosines added in *single* precision, which differ from `Template.compared` in the seventh digit: right for
/// rates over millions of comparisons, not for a decision on one.
///
/// Cost: n^2 / 2 dot products; 7,701 templates of 128 components take under 1 s in a release build. Memory: the templates,
/// the mated scores (8 bytes each) and, for each thread, 0.5 MB and the exact highest scores.
public struct AllComparisons: Sendable {
    public let photographs: Int
    public let people: Int
    /// Of two photographs of one person; rising.
    public let mated: [ComparisonScore]
    /// Of photographs of different people.
    public let nonMated: ScoreDistribution

    /// - Parameters:
    ///   - people: whom each template shows, a number or a name.
    ///   - keepingExactly: how many of the highest non-mated scores are kept exactly.
    /// - Throws: `.modelMismatch` when the templates are not all of one model; `.invalidValue` when there is not one
    ///   person for each.
    public init<Person: Hashable>(
        _ templates: [Template], of people: [Person], keepingExactly limit: Int = 100_000, threads: Int = 2
    ) throws {
        guard templates.count == people.count else {
            throw RecognitionError(
                .invalidValue, "\(templates.count) templates were given with \(people.count) people; give one for each."
            )
        }
        var numbers: [Person: Int32] = [:]
        var labels: [Int32] = []
        for person in people {
            let number = numbers[person] ?? Int32(numbers.count)
            numbers[person] = number
            labels.append(number)
        }
        let whom = labels
        let rows = try TemplateRows(templates)
        let queue = Mutex(0)
        let sum = Mutex(Partial(limit: limit))
        DispatchQueue.concurrentPerform(iterations: max(1, threads)) { _ in
            var own = Partial(limit: limit)
            while true {
                let first = queue.withLock { next in
                    defer { next += TemplateRows.block }
                    return next
                }
                guard first < whom.count else { break }
                rows.compare(blockAt: first) { i, j, score in
                    if whom[i] == whom[j] { own.mated.append(score) } else { own.nonMated.add(score) }
                }
            }
            sum.withLock { $0.add(own) }
        }
        let total = sum.withLock { $0 }
        photographs = templates.count
        self.people = numbers.count
        mated = total.mated.sorted().map { ComparisonScore(Double($0)) }
        nonMated = ScoreDistribution(total.nonMated)
    }

    /// What one thread has found.
    private struct Partial {
        var mated: [Float] = []
        var nonMated: ScoreDistribution.Tally

        init(limit: Int) { nonMated = ScoreDistribution.Tally(limit: limit) }

        mutating func add(_ other: Partial) {
            mated += other.mated
            nonMated.add(other.nonMated)
        }
    }
}
