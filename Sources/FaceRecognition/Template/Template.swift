/// The name of a template model. Templates of two models are never compared.
public struct TemplateModelID: RawRepresentable, Sendable, Hashable, Codable, CustomStringConvertible {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
    public init(from decoder: any Decoder) throws { rawValue = try String(from: decoder) }
    public func encode(to encoder: any Encoder) throws { try rawValue.encode(to: encoder) }
    public var description: String { rawValue }

    /// No model's own id has a '+' in it.
    private static let mirrorSuffix = "+mirror"
    /// Whether the templates are means of a face's and its mirror image's (`TemplateModel.mirrored`).
    public var isMirrored: Bool { rawValue.hasSuffix(Self.mirrorSuffix) }
    public var mirrored: TemplateModelID { isMirrored ? self : TemplateModelID(rawValue: rawValue + Self.mirrorSuffix) }
    public var unmirrored: TemplateModelID {
        isMirrored ? TemplateModelID(rawValue: String(rawValue.dropLast(Self.mirrorSuffix.count))) : self
    }
}

/// The numbers that stand for a face: a direction of unit length in the model's space.
///
/// Its `description` shows the model and the length only: a template is personal data and must not reach a log.
public struct Template: Sendable, Hashable, CustomStringConvertible {
    /// The longest template that any model may have.
    public static let maximumDimension = 1_024
    /// How far a stored template's length may be from 1: single precision over 1,024 components, with room to spare.
    static let lengthTolerance = 1e-4

    public let model: TemplateModelID
    /// Unit length, all finite.
    public let components: [Float]

    /// Normalises `components` to unit length.
    /// - Throws: `.invalidTemplate` for none or more than 1,024 components, one that is not finite, or no direction.
    public init(model: TemplateModelID, normalising components: [Float]) throws {
        guard (1...Self.maximumDimension).contains(components.count) else {
            throw RecognitionError(
                .invalidTemplate,
                "A template has 1 to \(Self.maximumDimension) components; this one has \(components.count).")
        }
        let length = Self.length(components)
        guard length.isFinite, length > 1e-30 else {
            throw RecognitionError(
                .invalidTemplate, "The template has a component that is not a finite number, or no direction.")
        }
        self.model = model
        self.components = components.map { Float(Double($0) / length) }
    }

    /// Takes components that are of unit length already, as they were stored.
    /// - Throws: `.invalidTemplate` when they are not.
    public init(model: TemplateModelID, unitLength components: [Float]) throws {
        let length = Self.length(components)
        guard (1...Self.maximumDimension).contains(components.count), abs(length - 1) <= Self.lengthTolerance else {
            throw RecognitionError(
                .invalidTemplate,
                "A stored template must have 1 to \(Self.maximumDimension) finite components and unit length; this one has \(components.count) and length \(length)."
            )
        }
        self.model = model
        self.components = components
    }

    /// Every template that is read is measured, so four sums run side by side; this order is part of no definition.
    private static func length(_ components: [Float]) -> Double {
        components.withUnsafeBufferPointer { components in
            var sums = SIMD4<Double>.zero
            let whole = components.count / 4 * 4
            for i in stride(from: 0, to: whole, by: 4) {
                let four = SIMD4<Double>(
                    SIMD4(components[i], components[i + 1], components[i + 2], components[i + 3]))
                sums += four * four
            }
            var rest = 0.0
            for component in components[whole...] { rest += Double(component) * Double(component) }
            return (sums.sum() + rest).squareRoot()
        }
    }

    /// The direction between several templates of one person: their mean, of unit length.
    /// - Throws: `.modelMismatch` when their models differ; `.invalidTemplate` when they cancel out.
    /// - Precondition: at least one.
    public static func mean(of templates: [Template]) throws -> Template {
        guard let first = templates.first else { preconditionFailure("A mean needs a template") }
        var sum = first.components
        for template in templates.dropFirst() {
            try template.mustMatch(first)
            for i in sum.indices { sum[i] += template.components[i] }
        }
        return try Template(model: first.model, normalising: sum)
    }

    /// How close two templates are.
    ///
    /// The cosine of the angle between them, the products added in double precision from the first component to the
    /// last: this order is part of the definition, so that every search gives the same number to the last bit.
    ///
    /// - Throws: `.modelMismatch` when the models differ: that is an error, not a low score.
    public func compared(with other: Template) throws -> ComparisonScore {
        try mustMatch(other)
        return ComparisonScore(dotProduct(components.span, other.components.span))
    }

    /// The same with some of many templates that lie one after another: four sums side by side, since each has to wait
    /// for its last addition.
    /// - Precondition: they are the same model's.
    func compared(withRows rows: [Int], of components: [Float]) -> [ComparisonScore] {
        let probe = self.components.span, all = components.span, whole = rows.count / 4 * 4
        func place(_ i: Int) -> Range<Int> { rows[i] * probe.count..<(rows[i] + 1) * probe.count }
        var scores: [ComparisonScore] = []
        scores.reserveCapacity(rows.count)
        for first in stride(from: 0, to: whole, by: 4) {
            let a = all.extracting(place(first)), b = all.extracting(place(first + 1))
            let c = all.extracting(place(first + 2)), d = all.extracting(place(first + 3))
            var sums = (0.0, 0.0, 0.0, 0.0)
            for i in probe.indices {
                let component = Double(probe[i])
                sums.0 += component * Double(a[i])
                sums.1 += component * Double(b[i])
                sums.2 += component * Double(c[i])
                sums.3 += component * Double(d[i])
            }
            for sum in [sums.0, sums.1, sums.2, sums.3] { scores.append(ComparisonScore(sum)) }
        }
        for last in whole..<rows.count {
            scores.append(ComparisonScore(dotProduct(probe, all.extracting(place(last)))))
        }
        return scores
    }

    private func mustMatch(_ other: Template) throws {
        guard model == other.model, components.count == other.components.count else {
            throw RecognitionError(
                .modelMismatch,
                "Templates of the models \(model) and \(other.model) cannot be compared; extract both with one model.")
        }
    }

    public var description: String { "Template(\(model), \(components.count) components)" }
}

/// The products of two vectors' components, added in double precision from the first to the last.
///
/// Each product of two single-precision numbers is exact in double precision; only the additions round.
/// - Precondition: the same length.
@inline(__always)
package func dotProduct(_ a: Span<Float>, _ b: Span<Float>) -> Double {
    precondition(a.count == b.count, "Vectors of one length")
    var sum = 0.0
    for i in a.indices { sum += Double(a[i]) * Double(b[i]) }
    return sum
}

/// How close two templates are, in the model's own scale: the cosine, -1...1, higher is closer.
///
/// It says nothing by itself. `Calibration` turns it into a `Similarity`, which stands for a false match rate.
public struct ComparisonScore: Sendable, Hashable, Comparable, Codable {
    public let value: Double
    public init(_ value: Double) { self.value = value }
    public init(from decoder: any Decoder) throws { value = try Double(from: decoder) }
    public func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }
    public static func < (a: ComparisonScore, b: ComparisonScore) -> Bool { a.value < b.value }
}
