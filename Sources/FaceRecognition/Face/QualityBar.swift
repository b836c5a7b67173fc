/// Why a face is not good enough to be compared.
public enum QualityShortcoming: String, Sendable, Hashable, Codable, CaseIterable {
    /// The detector is not sure of it.
    case lowConfidence
    /// It has too few pixels.
    case smallFace
    case lowBrightness
    case lowSharpness
    /// The head is turned too far.
    case extremePose
    /// It is overexposed, cut off by the photograph's edge, or the two landmark networks do not agree on where its parts
    /// are.
    case lowFaceQuality
}

/// How good a face must be for a comparison to be worth making: `none` lets every face pass; `low`, `medium` and `high`
/// each refuse what the one before refuses, and more.
///
/// How many they refuse, counted on LFW (7,701 press photographs of 250 x 250 pixels; 2026-11-26): of the 7,701 largest
/// faces `low` 32, `medium` 123, `high` 734 (0.4%, 1.6%, 9.5%); of the 1,699 other faces, people in the background
/// mostly, 1,012, 1,262 and 1,562 (60%, 74%, 92%).
public struct QualityBar: Sendable, Hashable {
    /// The detector's score, at least. YuNet reports faces from 0.6 on; of LFW's largest faces 999 in 1,000 reach 0.86.
    let confidence: Double
    /// Pixels between the eyes, at least. The crop that is compared has 35: `low` is a third of it, `high` nearly all.
    let eyeDistance: Double
    /// Mean luma of the crop, 0...100. LFW's largest faces have 18 to 77.
    let brightness: ClosedRange<Double>
    /// As `SampleQuality.sharpness`, at least. LFW's median is 55; 1 in 200 has less than 23.
    let sharpness: Double
    /// Degrees either way, at most. The mesh's estimates end at some 57 degrees of yaw: a profile is found by the
    /// disagreement instead.
    let yaw: Double
    /// Degrees either way, at most.
    let pitch: Double
    /// As `SampleQuality.landmarkDisagreement`, at most; a face without a mesh has none that is low enough. LFW's median
    /// is 0.11; from 0.5 on the networks are not looking at the same face.
    let disagreement: Double
    /// The share of the box that lies inside the photograph, at least.
    let inside: Double

    /// Every face passes.
    public static let none = QualityBar(
        confidence: 0, eyeDistance: 0, brightness: 0...100, sharpness: 0, yaw: 180, pitch: 180, disagreement: .infinity,
        inside: 0)
    /// What is hardly a face, or too small, too dark or too blurred for anybody to know it by.
    public static let low = QualityBar(
        confidence: 0.7, eyeDistance: 12, brightness: 10...98, sharpness: 10, yaw: 50, pitch: 40, disagreement: 0.5,
        inside: 0.5)
    /// For galleries that are to be searched at low false match rates.
    public static let medium = QualityBar(
        confidence: 0.8, eyeDistance: 18, brightness: 15...95, sharpness: 20, yaw: 45, pitch: 30, disagreement: 0.3,
        inside: 0.75)
    /// Nearly a portrait.
    public static let high = QualityBar(
        confidence: 0.87, eyeDistance: 30, brightness: 20...90, sharpness: 30, yaw: 30, pitch: 25, disagreement: 0.2,
        inside: 0.9)

    /// What keeps a face from passing; none when it passes.
    /// - Parameters:
    ///   - face: in the photograph's pixels, described with the mesh.
    ///   - photograph: its size.
    public func shortcomings(of face: DescribedFace, in photograph: PixelSize) -> [QualityShortcoming] {
        guard self != .none else { return [] }
        let quality = face.quality
        let checks: [(QualityShortcoming, isShort: Bool)] = [
            (.lowConfidence, face.face.confidence < confidence),
            (.smallFace, quality.eyeDistance < eyeDistance),
            (.lowBrightness, quality.brightness < brightness.lowerBound),
            (.lowSharpness, quality.sharpness < sharpness),
            (.extremePose, quality.pose.map { abs($0.yaw) > yaw || abs($0.pitch) > pitch } ?? false),
            (
                .lowFaceQuality,
                quality.brightness > brightness.upperBound
                    || quality.landmarkDisagreement.map { $0 > disagreement } ?? true
                    || face.face.box.share(inside: photograph) < inside
            ),
        ]
        return checks.filter(\.isShort).map(\.0)
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
