public import FaceRecognition

/// Is the difference between groups more than chance? The labels are dealt out among the people anew, many times; p is the
/// share of these deals whose Gini aggregate is at least the one seen, the deal that was seen included (Phipson and Smyth,
/// Statistical Applications in Genetics and Molecular Biology 9(1), 2010), so that it is never 0.
///
/// It tests that labels say nothing about the scores. Where that holds, p is below 0.05 in 5% of evaluations at most.
public struct PermutationTest: Sendable, Hashable {
    public let deals: Int
    public let p: Double

    /// Of false match rates within groups.
    /// - Parameter groups: those that take part; at least two.
    /// - Returns: nil when not all comparisons that reach the threshold were kept, or fewer than two groups take part.
    public init?(
        falseMatchesOf survey: ComparisonSurvey, by grouping: Int, groups: [Int], at threshold: ComparisonScore,
        deals: Int = 999, seed: UInt64 = 1
    ) {
        guard groups.count >= 2, threshold.value >= Double(survey.floor) else { return nil }
        let label = survey.groupings[grouping].ofPerson
        let rank = Dictionary(uniqueKeysWithValues: groups.enumerated().map { ($1, $0) })
        let people = label.indices.filter { rank[label[$0]] != nil }
        let number = Dictionary(uniqueKeysWithValues: people.enumerated().map { ($1, $0) })
        let pairs = survey.hits(reaching: threshold).compactMap { hit -> (Int, Int)? in
            guard let a = number[Int(hit.first)], let b = number[Int(hit.second)] else { return nil }
            return (a, b)
        }
        let photographs = people.map { survey.subjects.acquired[$0] }
        self.init(people.map { rank[label[$0]] ?? 0 }, deals: deals, seed: seed) { labels in
            var sums = Array(repeating: 0, count: groups.count), squares = sums, errors = sums
            for (person, own) in photographs.enumerated() {
                sums[labels[person]] += own
                squares[labels[person]] += own * own
            }
            for (a, b) in pairs where labels[a] == labels[b] { errors[labels[a]] += 1 }
            return groups.indices.map { i in
                let trials = (sums[i] * sums[i] - squares[i]) / 2
                return trials > 0 ? Double(errors[i]) / Double(trials) : 0
            }
        }
    }

    /// Of a rate whose errors belong to one person each.
    init?(of rate: ClusteredRate, by grouping: Grouping, groups: [Int], deals: Int = 999, seed: UInt64 = 1) {
        guard groups.count >= 2 else { return nil }
        let rank = Dictionary(uniqueKeysWithValues: groups.enumerated().map { ($1, $0) })
        let people = grouping.ofPerson.indices.filter { rank[grouping.ofPerson[$0]] != nil && rate.trials[$0] > 0 }
        self.init(people.map { rank[grouping.ofPerson[$0]] ?? 0 }, deals: deals, seed: seed) { labels in
            var errors = Array(repeating: 0, count: groups.count), trials = errors
            for (place, person) in people.enumerated() {
                errors[labels[place]] += rate.errors[person]
                trials[labels[place]] += rate.trials[person]
            }
            return groups.indices.map { trials[$0] > 0 ? Double(errors[$0]) / Double(trials[$0]) : 0 }
        }
    }

    private init(_ labels: [Int], deals: Int, seed: UInt64, rates: ([Int]) -> [Double]) {
        func gini(_ labels: [Int]) -> Double { Differentials.gini(rates(labels).sorted()) }
        let seen = gini(labels)
        var random = RepeatableGenerator(seed: seed, stream: 0x7065_726d)
        var dealt = labels
        var asFar = 1
        for _ in 0..<deals {
            dealt.shuffle(using: &random)
            // Sums of the same numbers in another order can differ in their last bits.
            if gini(dealt) >= seen - 1e-12 { asFar += 1 }
        }
        self.deals = deals
        p = Double(asFar) / Double(deals + 1)
    }
}

extension PermutationTest {
    /// Of false non-match rates.
    public init?(
        falseNonMatchesOf survey: ComparisonSurvey, by grouping: Int, groups: [Int], at threshold: ComparisonScore,
        deals: Int = 999, seed: UInt64 = 1
    ) {
        self.init(
            of: survey.falseNonMatches(at: threshold), by: survey.groupings[grouping], groups: groups, deals: deals,
            seed: seed)
    }
}
