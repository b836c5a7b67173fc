extension FaceMesh {
    /// The mesh's own five points: the eyes' centres as the mean of their corners and lids, the tip of the nose, the
    /// corners of the mouth; MediaPipe's numbering.
    public var landmarks: Landmarks {
        func mean(_ indices: [Int]) -> Point {
            indices.map { self[$0] }.reduce(Point(x: 0, y: 0), +) * (1 / Double(indices.count))
        }
        return Landmarks(
            rightEye: mean([33, 133, 159, 145]), leftEye: mean([362, 263, 386, 374]), noseTip: self[1],
            rightMouthCorner: self[61], leftMouthCorner: self[291])
    }
}

extension DetectedFace {
    /// The five points to align by: the detector's, refined by the mesh where there is one.
    public var alignmentLandmarks: Landmarks {
        landmarks
    }
}
