import Foundation

/// The law of excesses over a high threshold: `P(X > x) = (1 + shape x / scale) ^ (-1 / shape)`, `exp(-x / scale)` for
/// shape 0 (Pickands, Annals of Statistics 3(1), 1975).
struct GeneralisedPareto: Sendable, Hashable {
    let scale: Double
    let shape: Double

    /// Fits by probability-weighted moments (Hosking and Wallis, Technometrics 29(3), 1987, with k = -shape).
    ///
    /// With `a0 = E[X]` and `a1 = E[X (1 - F(X))]`: `shape = 2 - a0 / (a0 - 2 a1)`, `scale = 2 a0 a1 / (a0 - 2 a1)`. For
    /// a1 the unbiased estimate is taken: `1/n * sum of x(j) (n - j) / (n - 1)` over the rising x(1) ... x(n).
    ///
    /// A fit whose law ends below an excess that was seen would call a score impossible that has occurred. The
    /// exponential law takes its place then, whose longer tail gives higher false match rates, not lower.
    ///
    /// - Returns: nil for fewer than two excesses, or when all are the same.
    init?(fitting excesses: [Double]) {
        let rising = excesses.sorted(), n = Double(rising.count)
        guard let lowest = rising.first, let highest = rising.last, lowest >= 0, lowest < highest, highest.isFinite
        else {
            return nil
        }
        let a0 = rising.reduce(0, +) / n
        var a1 = 0.0
        for (i, x) in rising.enumerated() { a1 += x * (n - 1 - Double(i)) / (n - 1) / n }
        self.init(a0: a0, a1: a1, highest: highest)
    }

    /// The same for excesses of which each counts as often as its weight says; whole numbers give what repeating them would.
    /// - Parameter excesses: falling; weights above 0.
    init?(fittingFalling excesses: [(excess: Double, weight: Double)]) {
        let n = excesses.reduce(0) { $0 + $1.weight }
        guard let highest = excesses.first?.excess, let lowest = excesses.last?.excess, lowest >= 0, lowest < highest,
            highest.isFinite, n > 1
        else { return nil }
        var a0 = 0.0, a1 = 0.0, above = 0.0
        for (x, weight) in excesses {
            a0 += weight * x / n
            // Those of one value have the ranks n - j of above, above + 1, ... above + weight - 1.
            a1 += x * (weight * above + weight * (weight - 1) / 2) / (n - 1) / n
            above += weight
        }
        self.init(a0: a0, a1: a1, highest: highest)
    }

    private init?(a0: Double, a1: Double, highest: Double) {
        let shape = 2 - a0 / (a0 - 2 * a1), scale = 2 * a0 * a1 / (a0 - 2 * a1)
        // a0 - 2 a1 is half the mean difference of two excesses, so above 0; a1 is 0 only if all but one excess are.
        guard scale > 0, scale.isFinite, shape.isFinite else { return nil }
        let reaches = shape >= 0 || -scale / shape > highest
        self.init(scale: reaches ? scale : a0, shape: reaches ? shape : 0)
    }

    init(scale: Double, shape: Double) {
        self.scale = scale
        self.shape = shape
    }

    /// The excess that the share `p` of all exceeds.
    func quantile(exceededBy p: Double) -> Double {
        abs(shape) < 1e-9 ? -scale * log(p) : scale * (pow(p, -shape) - 1) / shape
    }

    /// The share of excesses that reach `excess`.
    func exceedance(_ excess: Double) -> Double {
        if abs(shape) < 1e-9 { return exp(-excess / scale) }
        let base = 1 + shape * excess / scale
        return base <= 0 ? 0 : min(1, pow(base, -1 / shape))
    }
}
