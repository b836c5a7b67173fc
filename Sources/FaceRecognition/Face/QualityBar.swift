/// Why a face is not good enough to be compared.
public enum QualityShortcoming: String, Sendable, Hashable, Codable, CaseIterable {
    case lowConfidence, smallFace, lowBrightness, lowSharpness, extremePose, lowFaceQuality
}

/// How good a face must be for a comparison to be worth making: `none` lets every face pass, then `low`, `medium` and
/// `high`, each of which refuses what the one before refuses.
public struct QualityBar: Sendable, Hashable {
    /// The detector's score, at least.
    let confidence: Double
    /// Pixels between the eyes, at least.
    let eyeDistance: Double
    /// Mean luma of the crop, 0...100.
    let brightness: ClosedRange<Double>
    /// As `SampleQuality.sharpness`, at least.
    let sharpness: Double
    /// Degrees either way, at most.
    let yaw: Double
    let pitch: Double
    /// As `SampleQuality.landmarkDisagreement`, at most.
    let disagreement: Double
    /// The share of the box that lies inside the photograph, at least.
    let inside: Double

    public static let none = QualityBar(
        confidence: 0, eyeDistance: 0, brightness: 0...100, sharpness: 0, yaw: 180, pitch: 180, disagreement: .infinity,
        inside: 0)
    public static let low = QualityBar(
        confidence: 0.7, eyeDistance: 16, brightness: 10...95, sharpness: 10, yaw: 60, pitch: 50, disagreement: 0.4,
        inside: 0.6)
    public static let medium = QualityBar(
        confidence: 0.8, eyeDistance: 24, brightness: 15...92, sharpness: 25, yaw: 45, pitch: 35, disagreement: 0.25,
        inside: 0.75)
    public static let high = QualityBar(
        confidence: 0.85, eyeDistance: 32, brightness: 20...90, sharpness: 40, yaw: 30, pitch: 25, disagreement: 0.15,
        inside: 0.9)

    /// What keeps a face from passing; none when it passes.
    /// - Parameters:
    ///   - face: in the photograph's pixels.
    ///   - photograph: its size.
    public func shortcomings(of face: DescribedFace, in photograph: PixelSize) -> [QualityShortcoming] {
        guard self != .none else { return [] }
        let quality = face.quality
        var found: [QualityShortcoming] = []
        func note(_ shortcoming: QualityShortcoming, _ isShort: Bool) { if isShort { found.append(shortcoming) } }
        note(.lowConfidence, face.face.confidence < confidence)
        note(.smallFace, quality.eyeDistance < eyeDistance)
        note(.lowBrightness, quality.brightness < brightness.lowerBound)
        note(.lowSharpness, quality.sharpness < sharpness)
        note(.extremePose, quality.pose.map { abs($0.yaw) > yaw || abs($0.pitch) > pitch } ?? false)
        note(
            .lowFaceQuality,
            quality.brightness > brightness.upperBound
                || quality.landmarkDisagreement.map { $0 > disagreement } ?? true
                || face.face.box.share(inside: photograph) < inside)
        return found
    }
}

extension BoundingBox {
    /// How much of the box lies inside a photograph of this size, 0...1.
    func share(inside size: PixelSize) -> Double {
        let w = min(x + width, Double(size.width) - 0.5) - max(x, -0.5)
        let h = min(y + height, Double(size.height) - 0.5) - max(y, -0.5)
        return area > 0 ? max(0, w) * max(0, h) / area : 0
    }
}
