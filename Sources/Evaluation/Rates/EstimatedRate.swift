import FaceRecognition

/// A rate of a group, with what it rests on and, where that carries it, with a figure and an interval.
///
/// A rate on a handful of errors is no rate but an accident: `value` is nil then, and `lack` says why. The counts are
/// always there.
public struct EstimatedRate: Sendable, Hashable {
    /// What a figure lacks.
    public enum Lack: Sendable, Hashable {
        /// No comparison at all.
        case nothingCounted
        /// Fewer than `leastPeople`.
        case fewPeople
        /// Fewer than `leastErrors`.
        case fewErrors
    }

    /// With fewer people a bootstrap over people draws from too few to tell how they vary.
    public static let leastPeople = 10
    /// With ten independent errors the standard error is about 1 / sqrt(10) of the rate: a third. Doddington's rule of 30
    /// (Speech Communication 31, 2000), which ISO/IEC 19795-1 quotes, asks for thirty, for 30% at 90% confidence.
    public static let leastErrors = 10
    public static let ruleOf30 = 30

    public let counted: CountedRate
    /// How many people the group has: the smaller one's where there are two.
    public let people: Int
    public let lack: Lack?
    /// What the rate would have been with other people of the same kind; empty where no figure is given.
    public let replicates: [Double]
    /// nil where no figure is given, or where more comparisons reach the threshold than were kept one by one.
    public let interval: Interval?

    /// - Parameter replicates: made only when the counts carry a figure.
    init(_ counted: CountedRate, people: Int, replicates: () -> [Double]) {
        self.counted = counted
        self.people = people
        lack =
            counted.total == 0 ? .nothingCounted
            : people < Self.leastPeople ? .fewPeople : counted.count < Self.leastErrors ? .fewErrors : nil
        self.replicates = lack == nil ? replicates() : []
        interval = Interval(replicates: self.replicates)
    }

    /// nil where the counts do not carry it.
    public var value: Double? { lack == nil ? counted.value : nil }

    /// Whether there is a figure, but on fewer errors than the rule of 30 asks for.
    public var isWeak: Bool { lack == nil && counted.count < Self.ruleOf30 }

    /// Where there are too few errors, what the rate stays below with 95% confidence if the comparisons were independent:
    /// the exact Poisson limit, 3 / n for none (ISO/IEC 19795-1's rule of 3).
    public var upperBound: Double? {
        guard lack == .fewErrors else { return nil }
        return min(1, Self.poissonLimits[counted.count] / Double(counted.total))
    }

    /// scipy.stats.chi2.ppf(0.95, 2 * (k + 1)) / 2 for k = 0...9 (scipy 1.17.1).
    private static let poissonLimits = [
        2.9957322735539895, 4.743864518390577, 6.295793621871988, 7.753656527932725, 9.153519026637573,
        10.513034908741535, 11.842395652420288, 13.148113802432116, 14.434649715196311, 15.705216422115459,
    ]
}

extension EstimatedRate {
    /// A rate of which only the counts matter.
    public init(counted: CountedRate, people: Int) { self.init(counted, people: people) { [] } }
}
