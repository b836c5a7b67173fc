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
        let rows = try PaddedRows(templates)
        let queue = Mutex(0)
        let sum = Mutex(Partial(limit: limit))
        DispatchQueue.concurrentPerform(iterations: max(1, threads)) { _ in
            var own = Partial(limit: limit)
            while true {
                let first = queue.withLock { next in
                    defer { next += PaddedRows.block }
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

/// Templates in rows of eight components at a time, filled up with zeros, which add nothing to a dot product; and rows
/// of zeros up to a multiple of four.
private struct PaddedRows: Sendable {
    /// How many rows a thread takes at once: 64 rows of 128 components fill 32 KB, the usual first-level cache.
    static let block = 64
    private static let columns = 4

    let count: Int
    private let width: Int
    private let values: [SIMD8<Float>]

    init(_ templates: [Template]) throws {
        count = templates.count
        let dimension = templates.first?.components.count ?? 0
        let width = (dimension + 7) / 8
        let padded = (count + Self.columns - 1) / Self.columns * Self.columns
        var values = [SIMD8<Float>](repeating: .zero, count: padded * width)
        for (row, template) in templates.enumerated() {
            guard template.model == templates[0].model, template.components.count == dimension else {
                throw RecognitionError(
                    .modelMismatch,
                    "Templates of the models \(templates[0].model) and \(template.model) cannot be compared; extract all with one model."
                )
            }
            for (i, component) in template.components.enumerated() { values[row * width + i / 8][i % 8] = component }
        }
        self.width = width
        self.values = values
    }

    /// Compares each row of a block with every row that comes after it: four of those at a time, so that each row of the
    /// block is loaded once for four products.
    @inline(__always)
    func compare(blockAt first: Int, _ found: (Int, Int, Float) -> Void) {
        let end = min(first + Self.block, count), width = self.width
        values.withUnsafeBufferPointer { values in
            for j in stride(from: first, to: count, by: Self.columns) {
                for i in first..<min(end, j + Self.columns - 1) {
                    var s0 = SIMD8<Float>.zero, s1 = s0, s2 = s0, s3 = s0
                    let a = i * width, b = j * width
                    for k in 0..<width {
                        let x = values[a + k]
                        s0 += x * values[b + k]
                        s1 += x * values[b + width + k]
                        s2 += x * values[b + 2 * width + k]
                        s3 += x * values[b + 3 * width + k]
                    }
                    if j > i { found(i, j, s0.sum()) }
                    if j + 1 > i, j + 1 < count { found(i, j + 1, s1.sum()) }
                    if j + 2 > i, j + 2 < count { found(i, j + 2, s2.sum()) }
                    if j + 3 > i, j + 3 < count { found(i, j + 3, s3.sum()) }
                }
            }
        }
    }
}
