/// How often each person is drawn in a repetition of the bootstrap: people are drawn with replacement, within their
/// groups, so that a group keeps its size.
///
/// People and not comparisons: those of one person's photographs depend on each other (Bolle, Ratha and Pankanti, CVIU
/// 93(1), 2004; for two people a comparison: Snijders and Borgatti, Connections 22(2), 1999).
struct PersonWeights: Sendable {
    private let members: [[Int]]
    private let people: Int
    private let seed: UInt64

    init(_ grouping: Grouping, seed: UInt64) {
        members = grouping.labels.indices.map(grouping.members)
        people = grouping.ofPerson.count
        self.seed = seed
    }

    /// The same for the same seed and repetition, whoever asks.
    func callAsFunction(_ repetition: Int, into weights: inout [Int32]) {
        for i in weights.indices { weights[i] = 0 }
        var random = RepeatableGenerator(seed: seed, stream: UInt64(repetition) + 1)
        for group in members {
            for _ in group.indices { weights[group[random.below(group.count)]] += 1 }
        }
    }

    var none: [Int32] { Array(repeating: 0, count: people) }
}

/// How a bootstrap is made.
public struct BootstrapPlan: Sendable, Hashable {
    public let repetitions: Int
    public let seed: UInt64
    public let threads: Int

    public init(repetitions: Int = 1_000, seed: UInt64 = 1, threads: Int = 2) {
        self.repetitions = max(2, repetitions)
        self.seed = seed
        self.threads = max(1, threads)
    }
}
