import Foundation

/// The share of comparisons of different people that a threshold lets through, 0...1.
public struct FalseMatchRate: Sendable, Hashable, Comparable, Codable {
    public let value: Double

    /// - Precondition: 0...1.
    public init(_ value: Double) {
        precondition((0...1).contains(value), "A rate lies between 0 and 1")
        self.value = value
    }
    public init(from decoder: any Decoder) throws {
        let value = try Double(from: decoder)
        guard (0...1).contains(value) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "a rate lies between 0 and 1"))
        }
        self.value = value
    }
    public func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }
    public static func < (a: FalseMatchRate, b: FalseMatchRate) -> Bool { a.value < b.value }
}

/// From 0 to 100, and it means a false match rate: not a feeling, and not the probability that two people are one.
///
/// | similarity | one false match in so many comparisons of different people |
/// | --- | --- |
/// | 20, 40, 60, 80 | 10, 100, 1,000, 10,000 |
/// | 90 | 100,000 |
/// | 99 | 1,000,000 |
/// | 99.9, 99.99, ... | 10^7, 10^8, ... |
///
/// With m = -log10(FMR): 20 m up to m = 4; 80 + 10 (m - 4) up to 5; 90 + 9 (m - 5) up to 6; above, 100 - 10^(6 - m), so
/// that each further power of ten takes away nine tenths of what is left to 100.
public struct Similarity: Sendable, Hashable, Comparable, Codable, CustomStringConvertible {
    public let value: Double

    /// - Returns: nil outside 0...100.
    public init?(_ value: Double) {
        guard (0...100).contains(value) else { return nil }
        self.value = value
    }
    public init(from decoder: any Decoder) throws {
        guard let similarity = Similarity(try Double(from: decoder)) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "a similarity lies between 0 and 100"))
        }
        self = similarity
    }
    public func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }

    /// The default floor for decisions: one false match in 10,000 comparisons.
    public static let eighty = Similarity(falseMatchRate: FalseMatchRate(1e-4))

    public init(falseMatchRate: FalseMatchRate) {
        guard falseMatchRate.value > 0 else {
            value = 100
            return
        }
        let m = -log10(falseMatchRate.value)
        value =
            switch m {
            case ..<4: max(0, 20 * m)
            case ..<5: 80 + 10 * (m - 4)
            case ..<6: 90 + 9 * (m - 5)
            default: 100 - pow(10, 6 - m)
            }
    }

    public var falseMatchRate: FalseMatchRate {
        let m: Double =
            switch value {
            case ..<80: value / 20
            case ..<90: 4 + (value - 80) / 10
            case ..<99: 5 + (value - 90) / 9
            case ..<100: 6 - log10(100 - value)
            default: .infinity
            }
        return FalseMatchRate(pow(10, -m))
    }

    public static func < (a: Similarity, b: Similarity) -> Bool { a.value < b.value }
    /// With two digits, cut off and not rounded, so that only the highest is written 100.00.
    public var description: String { String(format: "%.2f", (value * 100).rounded(.down) / 100) }
}
