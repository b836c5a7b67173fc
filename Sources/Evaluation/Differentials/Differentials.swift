import Foundation

/// How far apart groups' rates are, in three numbers, each with an interval.
///
/// - `worstOverBest`: the highest rate over the lowest (NIST IR 8280, 2019).
/// - `worstOverMean`: the highest rate over the geometric mean of all (NIST IR 8429, 2022).
/// - `gini`: n / (n - 1) times the Gini coefficient of the n rates, 0 for equal ones and 1 when one group has all errors
///   (Howard et al., Evaluating Proposed Fairness Models for Face Recognition Algorithms, 2022; ISO/IEC 19795-10).
///
/// Groups whose counts carry no rate take no part and are named in `leftOut`; with fewer than two left there is nothing.
///
/// The intervals keep the order that the groups have in the data: the worst stays the worst. The highest of several
/// chance numbers is always above their mean, so that worst over best would never include 1; with the order kept, an
/// interval that goes below 1 (below 0 for `gini`) says that the order itself may be chance. Where many groups are alike,
/// the worst is still the one that chance had it in for, and the figure is too high: hence the permutation test.
public struct Differentials: Sendable, Hashable {
    public struct Figure: Sendable, Hashable {
        public let value: Double
        /// nil when the rates have no replicates.
        public let interval: Interval?
    }

    /// The numbers of the groups that take part, from the best to the worst.
    public let ranking: [Int]
    public let leftOut: [Int]
    public let worstOverBest: Figure
    public let worstOverMean: Figure
    public let gini: Figure

    public var best: Int { ranking[0] }
    public var worst: Int { ranking[ranking.count - 1] }

    /// - Parameters:
    ///   - rates: for each group of `grouping`; people without a label take no part.
    public init?(_ rates: [EstimatedRate], of grouping: Grouping) {
        let groups = rates.indices.filter { !grouping.isUnstated($0) }
        let ranking = groups.filter { rates[$0].value != nil }.sorted { a, b in
            let x = rates[a].counted.value, y = rates[b].counted.value
            return x != y ? x < y : a < b
        }
        guard ranking.count >= 2 else { return nil }
        let ranked = ranking.map { rates[$0] }
        let values = ranked.compactMap(\.value)
        let repetitions = ranked.map(\.replicates.count).min() ?? 0
        func figure(_ measure: ([Double]) -> Double) -> Figure {
            let replicates = (0..<repetitions).map { b in measure(ranked.map { $0.replicates[b] }) }
            return Figure(value: measure(values), interval: Interval(replicates: replicates))
        }
        self.ranking = ranking
        leftOut = groups.filter { rates[$0].value == nil }
        worstOverBest = figure(Self.worstOverBest)
        worstOverMean = figure(Self.worstOverMean)
        gini = figure(Self.gini)
    }

    // The rates come in the order of the ranking.

    static func worstOverBest(_ rates: [Double]) -> Double { ratio(rates[rates.count - 1], rates[0]) }

    static func worstOverMean(_ rates: [Double]) -> Double {
        ratio(rates[rates.count - 1], geometricMean(rates))
    }

    private static func geometricMean(_ rates: [Double]) -> Double {
        var sum = 0.0
        for rate in rates { sum += log(rate) }
        return exp(sum / Double(rates.count))
    }

    /// With x(1) <= ... <= x(n): sum of (2 i - n - 1) x(i), over (n - 1) times the sum of x, which is
    /// n / (n - 1) * sum |x(i) - x(j)| / (2 n^2 mean).
    static func gini(_ rates: [Double]) -> Double {
        let n = Double(rates.count)
        let sum = rates.reduce(0, +)
        guard sum > 0 else { return 0 }
        var weighted = 0.0
        for (i, rate) in rates.enumerated() { weighted += (2 * Double(i + 1) - n - 1) * rate }
        return weighted / ((n - 1) * sum)
    }

    /// Nothing over nothing is even; something over nothing is beyond all bounds.
    private static func ratio(_ a: Double, _ b: Double) -> Double { b > 0 ? a / b : a > 0 ? .infinity : 1 }
}
