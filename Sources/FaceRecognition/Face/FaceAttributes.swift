import Foundation

/// What the face mesh tells of a face besides its place: whether the eyes and the mouth are open, and whether something
/// hides part of it. Nothing about sex, age or feelings; nothing about gaze either: the mesh has no iris.
///
/// Every confidence was counted. The largest faces of the 7,701 LFW photographs were put in order of what the mesh
/// measures, and 63 to 126 of each span of it, picked at random, were looked at by eye (2026-11-26: 615 pairs of eyes, 441
/// mouths, 314 whole faces). A confidence is the share of those for which the finding is right, what could not be told
/// counted half: on press photographs, then, where the eyes are closed once in 25 to 30 times. Where closed eyes or
/// hidden faces gather, they are still outnumbered: the mesh puts lids where lids usually are, and a cheek where a hand
/// is. So the eyes are never found closed and no face is found hidden; nothing is offered there.
///
/// Of the 7,701 faces 7,268 have a finding about the mouth, 6,638 about the eyes, 7,242 about what hides the face.
public struct FaceAttributes: Sendable, Hashable {
    /// A yes or a no, and how sure it is.
    public struct Finding: Sendable, Hashable {
        public let value: Bool
        /// 0.5...1: the share of such findings that are right.
        public let confidence: Double
    }

    /// Whether both eyes are open; nil where the mesh cannot tell.
    public let eyesOpen: Finding?
    /// Whether the lips are apart, in speech or in a smile that shows the teeth; nil where the mesh cannot tell.
    public let mouthOpen: Finding?
    /// Whether a hand or a thing hides part of the face; spectacles do not count. nil where the mesh cannot tell.
    public let isOccluded: Finding?

    /// Nothing was counted beyond these: 19 of 20 of LFW's faces are turned less, and 999 of 1,000 are larger.
    private static let greatestYaw = 25.0, greatestPitch = 30.0, leastEyeDistance = 20.0

    /// - Parameter face: in the photograph's pixels.
    init(of face: DescribedFace) {
        guard let mesh = face.face.mesh, let pose = face.quality.pose, abs(pose.yaw) <= Self.greatestYaw,
            abs(pose.pitch) <= Self.greatestPitch, face.quality.eyeDistance >= Self.leastEyeDistance
        else {
            (eyesOpen, mouthOpen, isOccluded) = (nil, nil, nil)
            return
        }
        eyesOpen = Self.eyesOpen(mesh.eyeAspectRatio)
        mouthOpen = Self.mouthOpen(mesh.lipGap)
        isOccluded = face.quality.landmarkDisagreement.flatMap(Self.isOccluded)
    }

    /// Looked at: 252 pairs from 0.23 on, of which 1 was closed and 8 could not be told; 126 from 0.215, 3 and 3; 237
    /// below, 12 and 9, which were no more frequent at the lowest ratios.
    static func eyesOpen(_ ratio: Double) -> Finding? {
        switch ratio {
        case 0.23...: Finding(value: true, confidence: 0.98)
        case 0.215...: Finding(value: true, confidence: 0.96)
        default: nil
        }
    }

    /// Looked at: 63 mouths in each of seven spans of the gap. The share with the lips apart was 16% below 0.02, then 27%,
    /// 51%, 76%, 89% and 94% up to 0.05, 0.09, 0.13, 0.17 and 0.22, and 98% above: a logistic curve through one half at
    /// 0.07, which lies within 3 percentage points of these, and is not taken for surer than that.
    static func mouthOpen(_ gap: Double) -> Finding? {
        guard gap.isFinite else { return nil }
        let share = 1 / (1 + exp(-27 * (gap - 0.07)))
        return Finding(value: share >= 0.5, confidence: min(0.98, max(share, 1 - share)))
    }

    /// Looked at: of 126 faces below 0.14, 4 had something before them; of 84 up to 0.18, 5; of 72 up to 0.28, 8. Above,
    /// it was a third, and most of the others were two faces close together, between which the networks chose differently.
    static func isOccluded(_ disagreement: Double) -> Finding? {
        switch disagreement {
        case ..<0.14: Finding(value: false, confidence: 0.97)
        case ..<0.18: Finding(value: false, confidence: 0.94)
        case ..<0.28: Finding(value: false, confidence: 0.89)
        default: nil
        }
    }
}

extension FaceMesh {
    /// How far the eyes are open, for their width: the eye aspect ratio (Soukupová and Čech, CVWW 2016) over both eyes, by
    /// MediaPipe's numbers for the corners and for two points of each lid.
    var eyeAspectRatio: Double {
        func ratio(_ corners: (Int, Int), _ lids: [(Int, Int)]) -> Double {
            lids.map { distance($0.0, $0.1) }.reduce(0, +) / Double(lids.count) / max(distance(corners.0, corners.1), 1e-9)
        }
        return (ratio((33, 133), [(160, 144), (158, 153)]) + ratio((263, 362), [(385, 380), (387, 373)])) / 2
    }

    /// How far the lips are apart, for the mouth's width: the mean of three gaps between the inner lips, over the distance
    /// of their corners.
    var lipGap: Double {
        let gaps = [(82, 87), (13, 14), (312, 317)].map { distance($0.0, $0.1) }
        return gaps.reduce(0, +) / Double(gaps.count) / max(distance(78, 308), 1e-9)
    }

    private func distance(_ a: Int, _ b: Int) -> Double { (self[a] - self[b]).length }
}
