import Foundation

/// What the face mesh tells of a face besides its place: whether the eyes and the mouth are open, and whether something
/// hides part of it. nothing about sex, age or feelings, and nothing about gaze: the mesh has no iris.
public struct FaceAttributes: Sendable, Hashable {
    /// A yes or a no, and how sure it is.
    public struct Finding: Sendable, Hashable {
        public let value: Bool
        /// 0.5...1: the share of such findings that are right.
        public let confidence: Double
    }

    /// Whether both eyes are open; nil where the mesh cannot tell.
    public let eyesOpen: Finding?
    public let mouthOpen: Finding?
    public let isOccluded: Finding?

    init(of face: DescribedFace) {
        eyesOpen = nil
        mouthOpen = nil
        isOccluded = nil
    }
}
