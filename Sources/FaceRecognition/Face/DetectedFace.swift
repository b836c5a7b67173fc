/// The five points by which a face is aligned. Right and left are the subject's own: the right eye lies to the left in a
/// photograph that is not mirrored.
public struct Landmarks: Sendable, Hashable, Codable {
    public var rightEye: Point
    public var leftEye: Point
    public var noseTip: Point
    public var rightMouthCorner: Point
    public var leftMouthCorner: Point

    public init(rightEye: Point, leftEye: Point, noseTip: Point, rightMouthCorner: Point, leftMouthCorner: Point) {
        self.rightEye = rightEye
        self.leftEye = leftEye
        self.noseTip = noseTip
        self.rightMouthCorner = rightMouthCorner
        self.leftMouthCorner = leftMouthCorner
    }

    /// In the order right eye, left eye, nose tip, right mouth corner, left mouth corner.
    /// - Precondition: five points.
    public init(_ points: [Point]) {
        precondition(points.count == 5, "Five landmarks")
        self.init(
            rightEye: points[0], leftEye: points[1], noseTip: points[2], rightMouthCorner: points[3],
            leftMouthCorner: points[4]
        )
    }

    /// In the order of `init(_:)`.
    public var points: [Point] { [rightEye, leftEye, noseTip, rightMouthCorner, leftMouthCorner] }

    public func map(_ transform: (Point) -> Point) -> Landmarks { Landmarks(points.map(transform)) }
}

/// A place on the face's surface: x and y in pixels of the image, z in the same unit, smaller towards the camera.
public struct MeshPoint: Sendable, Hashable, Codable {
    public var x: Double
    public var y: Double
    public var z: Double

    public init(x: Double, y: Double, z: Double) {
        self.x = x
        self.y = y
        self.z = z
    }
}

/// The dense landmarks: 468 points in MediaPipe's canonical face mesh order.
public struct FaceMesh: Sendable, Hashable {
    public let points: [MeshPoint]
    /// How sure the network is that a face lies in its crop, 0...1.
    public let presence: Double

    /// - Precondition: 468 points.
    public init(points: [MeshPoint], presence: Double) {
        precondition(points.count == 468, "MediaPipe's mesh has 468 points")
        self.points = points
        self.presence = presence
    }

    public subscript(_ index: Int) -> Point { Point(x: points[index].x, y: points[index].y) }
}

/// A face found in an image, in that image's own pixels.
public struct DetectedFace: Sendable, Hashable {
    public var box: BoundingBox
    /// The detector's score, 0...1. Not a probability.
    public var confidence: Double
    /// The five points as the detector gave them.
    public var landmarks: Landmarks
    /// The dense landmarks, or nil where the landmark network was not sure of a face.
    public var mesh: FaceMesh?

    public init(box: BoundingBox, confidence: Double, landmarks: Landmarks, mesh: FaceMesh? = nil) {
        self.box = box
        self.confidence = confidence
        self.landmarks = landmarks
        self.mesh = mesh
    }

    /// The same face in another image's pixels.
    public func scaled(by scaling: AxisScaling) -> DetectedFace {
        DetectedFace(
            box: scaling(box), confidence: confidence, landmarks: landmarks.map { scaling($0) },
            mesh: mesh.map { mesh in
                FaceMesh(
                    points: mesh.points.map {
                        let p = scaling(Point(x: $0.x, y: $0.y))
                        return MeshPoint(x: p.x, y: p.y, z: $0.z * scaling.x)
                    }, presence: mesh.presence)
            })
    }
}
