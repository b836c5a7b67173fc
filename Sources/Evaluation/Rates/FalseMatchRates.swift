import Dispatch
public import FaceRecognition
import Foundation
import Synchronization

/// False match rates of every pair of groups at several thresholds, with a bootstrap over people.
///
/// A comparison has two people, and either brings its own peculiarity into all its comparisons. So a repetition draws
/// people, and a comparison counts as often as its two people were drawn, multiplied: Owen's pigeonhole bootstrap (Annals
/// of Applied Statistics 1(2), 2007). A person is not compared with themselves.
///
/// That bootstrap gets right what people bring along, but takes what is a single pair's own chance three times: with a
/// weight that is the product of two nearly Poisson numbers of mean 1, E[(vw)^2] - 1 = 3 in place of 1. False matches are
/// mostly single pairs', so that its intervals would be up to sqrt(3) too wide. The pairs' own part I is known from the
/// counts: the sum over pairs of people of (c - rate n)^2, over the square of all comparisons. The replicates' logarithms
/// are therefore drawn towards the rate by k, with k^2 = (V - 2 I) / V, V the bootstrap's variance, and no less than 1/3.
public struct FalseMatchRates: Sendable {
    public let grouping: Grouping
    /// As they were asked for.
    public let thresholds: [ComparisonScore]
    /// For each threshold, for each pair of groups, the lower one first: `index(_:_:)`.
    private let rates: [[EstimatedRate]]

    public func rate(_ threshold: Int, _ a: Int, _ b: Int) -> EstimatedRate {
        rates[threshold][Pairs(grouping.labels.count).index(a, b)]
    }

    /// Of comparisons within each group.
    public func withinGroups(_ threshold: Int) -> [EstimatedRate] {
        grouping.labels.indices.map { rate(threshold, $0, $0) }
    }

    /// - Parameters:
    ///   - grouping: which of the survey's groupings; 0 is everybody.
    ///   - acrossGroups: whether pairs of different groups get intervals as well, for which there is seldom a need at many
    ///     thresholds.
    public init(
        _ survey: ComparisonSurvey, by grouping: Int, at thresholds: [ComparisonScore], acrossGroups: Bool = true,
        plan: BootstrapPlan = BootstrapPlan()
    ) {
        let groups = survey.groupings[grouping]
        let pairs = Pairs(groups.labels.count)
        // From the highest threshold down: a score that reaches one reaches all that come after it.
        let order = thresholds.indices.sorted { thresholds[$0] > thresholds[$1] }
        let falling = order.map { thresholds[$0].value }
        let kept = falling.prefix { $0 >= Double(survey.floor) }.count
        let sums = PairSums(survey, groups, pairs, falling: Array(falling.prefix(kept)), acrossGroups: acrossGroups)
        let replicates = sums.replicates(plan)

        var rates: [[EstimatedRate]] = Array(repeating: [], count: thresholds.count)
        for (place, threshold) in order.enumerated() {
            for (pair, (a, b)) in pairs.all.enumerated() {
                let total = survey.histograms[grouping].total(a, b)
                let count =
                    place < kept && (acrossGroups || a == b)
                    ? sums.counts[place * pairs.count + pair]
                    : survey.falseMatches(at: thresholds[threshold], by: grouping, a, b)
                let counted = CountedRate(count: count, total: total)
                rates[threshold].append(
                    EstimatedRate(counted, people: min(sums.people[a], sums.people[b])) {
                        guard place < kept, acrossGroups || a == b else { return [] }
                        let own = replicates.map { $0[place * pairs.count + pair] }
                        return sums.drawnIn(own, slot: place * pairs.count + pair, pair: (a, b), counted: counted)
                    })
            }
        }
        self.grouping = groups
        self.thresholds = thresholds
        self.rates = rates
    }
}

/// Unordered pairs of groups, numbered.
struct Pairs {
    let groups: Int
    let all: [(Int, Int)]

    init(_ groups: Int) {
        self.groups = groups
        all = (0..<groups).flatMap { a in (a..<groups).map { (a, $0) } }
    }

    var count: Int { all.count }

    func index(_ a: Int, _ b: Int) -> Int {
        let low = min(a, b), high = max(a, b)
        return low * groups - low * (low - 1) / 2 + high - low
    }
}

/// What the bootstrap sums over.
private struct PairSums: Sendable {
    private struct Entry {
        let first: Int32
        let second: Int32
        /// The highest threshold that is reached, times the pairs of groups, plus the pair.
        let slot: Int32
    }

    private let entries: [Entry]
    private let grouping: Grouping
    private let pairs: [(Int, Int)]
    private let slots: Int
    /// Photographs of each person.
    private let photographs: [Int]
    /// For each threshold and pair of groups, how many comparisons reach it.
    let counts: [Int]
    /// For each threshold and pair: over pairs of people the sums of c^2 and of c n.
    private let squares: [Double]
    private let products: [Double]
    /// People of each group who have a photograph.
    let people: [Int]

    init(_ survey: ComparisonSurvey, _ grouping: Grouping, _ pairs: Pairs, falling: [Double], acrossGroups: Bool) {
        self.grouping = grouping
        self.pairs = pairs.all
        slots = falling.count * pairs.count
        photographs = survey.subjects.acquired
        people = grouping.labels.indices.map { group in
            grouping.members(of: group).count { survey.subjects.acquired[$0] > 0 }
        }
        var entries: [Entry] = []
        var counts = Array(repeating: 0, count: slots)
        var place = 0
        for hit in survey.hits {
            while place < falling.count, Double(hit.score) < falling[place] { place += 1 }
            guard place < falling.count else { break }
            let a = grouping.ofPerson[Int(hit.first)], b = grouping.ofPerson[Int(hit.second)]
            guard acrossGroups || a == b else { continue }
            let slot = place * pairs.count + pairs.index(a, b)
            counts[slot] += 1
            entries.append(Entry(first: hit.first, second: hit.second, slot: Int32(slot)))
        }
        Self.accumulate(&counts, step: pairs.count)
        entries.sort { ($0.first, $0.second, $0.slot) < ($1.first, $1.second, $1.slot) }
        var squares = Array(repeating: 0.0, count: slots), products = squares
        var start = 0
        while start < entries.count {
            let one = entries[start]
            let comparisons = Double(photographs[Int(one.first)] * photographs[Int(one.second)])
            var end = start
            // The slots of two people differ by the threshold only, and rise.
            var count = 0.0, slot = Int(one.slot)
            while slot < slots {
                while end < entries.count, entries[end].first == one.first, entries[end].second == one.second,
                    Int(entries[end].slot) == slot
                {
                    count += 1
                    end += 1
                }
                squares[slot] += count * count
                products[slot] += count * comparisons
                slot += pairs.count
            }
            start = end
        }
        self.entries = entries
        self.counts = counts
        self.squares = squares
        self.products = products
    }

    /// A comparison that reaches one threshold reaches every lower one.
    private static func accumulate(_ values: inout [Int], step: Int) {
        for i in values.indices.dropFirst(step) { values[i] += values[i - step] }
    }

    /// For each repetition the rate at each threshold and pair of groups.
    func replicates(_ plan: BootstrapPlan) -> [[Double]] {
        guard slots > 0 else { return Array(repeating: [], count: plan.repetitions) }
        let weights = PersonWeights(grouping, seed: plan.seed)
        let next = Mutex(0)
        let found = Mutex([[Double]](repeating: [], count: plan.repetitions))
        DispatchQueue.concurrentPerform(iterations: plan.threads) { _ in
            var drawn = weights.none
            while true {
                let repetition = next.withLock { next in
                    defer { next += 1 }
                    return next
                }
                guard repetition < plan.repetitions else { break }
                weights(repetition, into: &drawn)
                let rates = repeated(drawn)
                found.withLock { $0[repetition] = rates }
            }
        }
        return found.withLock { $0 }
    }

    private func repeated(_ weights: [Int32]) -> [Double] {
        var sums = Array(repeating: 0, count: slots)
        weights.withUnsafeBufferPointer { weights in
            entries.withUnsafeBufferPointer { entries in
                sums.withUnsafeMutableBufferPointer { sums in
                    for entry in entries {
                        sums[Int(entry.slot)] += Int(weights[Int(entry.first)] &* weights[Int(entry.second)])
                    }
                }
            }
        }
        Self.accumulate(&sums, step: pairs.count)
        var photographs = Array(repeating: 0, count: grouping.labels.count), squares = photographs
        for (person, weight) in weights.enumerated() {
            let own = Int(weight) * self.photographs[person], group = grouping.ofPerson[person]
            photographs[group] += own
            squares[group] += own * own
        }
        let comparisons = pairs.map { a, b in
            a == b ? (photographs[a] * photographs[a] - squares[a]) / 2 : photographs[a] * photographs[b]
        }
        return sums.indices.map { slot in
            let total = comparisons[slot % pairs.count]
            return total > 0 ? Double(sums[slot]) / Double(total) : .nan
        }
    }

    /// The replicates, drawn towards the rate as `FalseMatchRates` says.
    func drawnIn(_ replicates: [Double], slot: Int, pair: (Int, Int), counted: CountedRate) -> [Double] {
        let rate = counted.value, total = Double(counted.total)
        let mean = replicates.reduce(0, +) / Double(replicates.count)
        let variance =
            replicates.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(replicates.count - 1)
        guard variance > 0 else { return replicates }
        let own =
            (squares[slot] - 2 * rate * products[slot] + rate * rate * comparisonsSquared(pair)) / (total * total)
        let k = max(1.0 / 3, 1 - 2 * own / variance).squareRoot()
        return replicates.map { $0 > 0 ? rate * pow($0 / rate, k) : 0 }
    }

    /// The sum over pairs of people of the square of their comparisons.
    private func comparisonsSquared(_ pair: (Int, Int)) -> Double {
        func sum(_ group: Int, _ power: Int) -> Double {
            grouping.members(of: group).reduce(0) { sum, person in
                let m = Double(photographs[person])
                return sum + (power == 2 ? m * m : m * m * m * m)
            }
        }
        let (a, b) = pair
        return a == b ? (sum(a, 2) * sum(a, 2) - sum(a, 4)) / 2 : sum(a, 2) * sum(b, 2)
    }
}
