/// The similarity at which a search or a comparison answers, and what that means for a gallery of a given size.
public struct OperatingPoint: Sendable, Hashable {
    /// The false candidates that `recommended` lets one expect in one search.
    public static let acceptedFalseCandidates = 0.01

    public let similarity: Similarity
    /// Whether the caller asked for it, or it was chosen for the gallery's size.
    public let isRecommended: Bool

    public init(similarity: Similarity, isRecommended: Bool = false) {
        self.similarity = similarity
        self.isRecommended = isRecommended
    }

    /// The similarity at which a gallery of this size lets one expect at most 0.01 false candidates; at least 80.
    public static func recommended(gallerySize: Int) -> OperatingPoint {
        let rate = FalseMatchRate(acceptedFalseCandidates / Double(max(1, gallerySize)))
        return OperatingPoint(similarity: max(.eighty, Similarity(falseMatchRate: rate)), isRecommended: true)
    }

    /// How many of a gallery's faces a probe reaches by chance, when the person it shows is not there.
    public func expectedFalseCandidates(gallerySize: Int) -> Double {
        Double(gallerySize) * similarity.falseMatchRate.value
    }
}
