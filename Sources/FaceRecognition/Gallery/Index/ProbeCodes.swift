import CGalleryScan

/// A probe as the index compares it: whole numbers, and how far they may lead astray.
///
/// The letters are those of Documentation/ExactSearch.md, where each bound is proved.
///
/// No object, so that threads that share it count no references to it.
struct ProbeCodes: ~Copyable {
    /// No template is longer than this (`Template.lengthTolerance`).
    static let longestTemplate = 1 + 2 * Template.lengthTolerance
    /// More than all rounding of the bounds over blocks, coarse and middle, in single precision.
    static let blockSlack = 2e-6
    /// More than all rounding of the fine bounds, and of the score itself, in double precision.
    static let fineSlack = 1e-9
    private static let fineScale = 32_767.0
    /// What a fine product is multiplied by, besides the row's step.
    private static let fineUnit = 1 / (32 * fineScale)

    /// 8 a group; scaled so that the largest component is 127.
    let coarse: UnsafeMutablePointer<Int8>
    /// 8 a group; scaled by 32,767.
    let fine: UnsafeMutablePointer<Int16>
    /// 15 times the sum of the coarse codes.
    let offset: Int32
    /// What a coarse product is multiplied by, besides the row's step.
    let coarseScale: Float
    /// |q| + |q - q'|: what a row's coarse or fine error is multiplied by in a bound over blocks.
    let blockSpread: Float
    /// |q - q'| N: what the coarse codes of the probe lead astray by themselves.
    private let coarseError: Double
    private let length: Double
    private let fineError: Double

    init(_ probe: Template) {
        let groups = (probe.components.count + 7) / 8
        coarse = .allocate(capacity: 8 * groups)
        fine = .allocate(capacity: 8 * groups)
        let q = probe.components.span
        let largest = probe.components.reduce(0) { max($0, abs($1)) }
        // In single precision: the errors are measured against the very scale that the bound uses.
        let scale = largest / 127
        let unit = Double(scale), inverse = 1 / unit
        var squares = 0.0, coarseSquares = 0.0, fineSquares = 0.0
        var sum: Int32 = 0, fineSum: Int64 = 0
        for i in q.indices {
            let component = Double(q[i])
            // No component is larger than the largest, but a template may be longer than 1 by a little.
            let c = WholeNumber(component * inverse)
            let f = WholeNumber(max(-Self.fineScale, min(Self.fineScale, component * Self.fineScale)))
            (coarse + i).initialize(to: Int8(truncatingIfNeeded: c.integer))
            (fine + i).initialize(to: Int16(truncatingIfNeeded: f.integer))
            sum &+= Int32(truncatingIfNeeded: c.integer)
            fineSum &+= abs(f.integer)
            squares += component * component
            coarseSquares += square(component - c.value * unit)
            fineSquares += square(component - f.value * (1 / Self.fineScale))
        }
        (coarse + q.count).initialize(repeating: 0, count: 8 * groups - q.count)
        (fine + q.count).initialize(repeating: 0, count: 8 * groups - q.count)
        offset = 15 * sum
        coarseScale = scale / 2
        length = Self.upperBound(squares)
        let coarseLength = Self.upperBound(coarseSquares)
        blockSpread = Float(length + coarseLength).nextUp
        coarseError = coarseLength * Self.longestTemplate
        fineError = Self.upperBound(fineSquares)
        // The magnitudes from which the slack was reckoned, and the kernels' room in whole numbers.
        assert(length <= Self.longestTemplate && coarseLength <= 0.127 && fineError <= 6e-4)
        assert(fineSum < Int64(Int32.max) / 256)
    }

    deinit {
        coarse.deallocate()
        fine.deallocate()
    }

    /// The least coarse and the least middle bound that a row of at least this score can have.
    func blockThreshold(_ score: Double) -> Float {
        max(-Float.greatestFiniteMagnitude, Float(score - coarseError - Self.blockSlack).nextDown)
    }

    /// For the kernels: the least score that a row must be able to have.
    func described(threshold score: Double) -> gallery_probe {
        gallery_probe(
            codes: coarse, offset: offset, scale: coarseScale, spread: blockSpread, threshold: blockThreshold(score))
    }

    /// Between what the score of a row lies, by its middle bound.
    func bounds(middle bound: Float, error: Float) -> (lower: Double, upper: Double) {
        let upper = Double(bound) + (coarseError + Self.blockSlack)
        return (upper - 2 * (Double(blockSpread) * Double(error) + coarseError + Self.blockSlack), upper)
    }

    /// Between what the score of a row lies, by its fine codes.
    /// - Parameter sum: what `gallery_refine` gives.
    func bounds(fineSum sum: Int32, step: Float, error: Float) -> (lower: Double, upper: Double) {
        let score = Double(sum) * Double(step) * Self.fineUnit
        let error = Double(error)
        let spread = length * error + fineError * (Self.longestTemplate + error) + Self.fineSlack
        return (score - spread, score + spread)
    }

    /// A bound of a length from its square, which some roundings have touched.
    private static func upperBound(_ squares: Double) -> Double { squares.squareRoot() * (1 + 1e-9) + 1e-12 }
}

private func square(_ x: Double) -> Double { x * x }

/// The nearest whole number, without a call or a check: at this magnitude double precision has no fractions, and its
/// last bits are the number. (Whatever number it is, the error is measured.)
private struct WholeNumber {
    private static let shift = 0x1.8p52
    private let shifted: Double

    /// - Precondition: below 2^51 in magnitude.
    init(_ x: Double) { shifted = x + Self.shift }

    var value: Double { shifted - Self.shift }
    var integer: Int64 { Int64(bitPattern: shifted.bitPattern &- Self.shift.bitPattern) }
}
