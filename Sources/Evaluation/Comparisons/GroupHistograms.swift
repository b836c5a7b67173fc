import FaceRecognition

/// For each pair of groups how many comparisons of different people lie in each of 8,192 bins over -1...1.
struct GroupHistograms: Sendable {
    static let bins = 8_192
    /// 2^-12: a power of two, so that finding a score's bin rounds nothing.
    static let width = 0x1p-12

    let groups: Int
    /// For each pair of groups, the lower one first, how many scores lie in a bin or in a higher one.
    private let reaching: [Int]

    /// - Parameter counts: for each ordered pair of groups a histogram.
    init(groups: Int, counts: [Int]) {
        self.groups = groups
        var sums = counts
        for a in 0..<groups {
            for b in a..<groups {
                let to = (a * groups + b) * Self.bins, from = (b * groups + a) * Self.bins
                if a != b { for bin in 0..<Self.bins { sums[to + bin] += counts[from + bin] } }
                for bin in (0..<(Self.bins - 1)).reversed() { sums[to + bin] += sums[to + bin + 1] }
            }
        }
        reaching = sums
    }

    /// - Precondition: -1...1. The sum is exact in double precision for every score of single precision down to 2^-28.
    @inline(__always)
    static func bin(_ score: Float) -> Int { min(bins - 1, Int((Double(score) + 1) * 4_096)) }

    static func edge(_ bin: Int) -> Double { -1 + Double(bin) * width }

    func total(_ a: Int, _ b: Int) -> Int { count(a, b, from: 0) }

    /// How many scores lie in the bin or in a higher one: those that reach its edge, exactly.
    func count(_ a: Int, _ b: Int, from bin: Int) -> Int {
        bin < Self.bins ? reaching[(min(a, b) * groups + max(a, b)) * Self.bins + max(0, bin)] : 0
    }

    func inBin(_ a: Int, _ b: Int, _ bin: Int) -> Int { count(a, b, from: bin) - count(a, b, from: bin + 1) }
}
