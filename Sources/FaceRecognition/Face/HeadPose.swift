import Foundation

/// How the head is turned, in degrees; 0, 0, 0 looks straight into the camera.
public struct HeadPose: Sendable, Hashable, Codable {
    /// About the upright axis, positive when the nose points to the photograph's right.
    public let yaw: Double
    /// Nodding, positive when the face looks up.
    public let pitch: Double
    /// In the image's plane, positive clockwise.
    public let roll: Double

    public init(yaw: Double, pitch: Double, roll: Double) {
        self.yaw = yaw
        self.pitch = pitch
        self.roll = roll
    }

    /// Reads the pose off the mesh: two axes of the head, from the outer corner of the right eye (33) to that of the left
    /// (263), and from the top of the forehead (10) to the chin (152), in MediaPipe's numbering.
    ///
    /// The mesh's depth is the network's own guess, in the unit of x; yaw and pitch are estimates of some degrees'
    /// accuracy, roll is as good as the eye corners are.
    public init(_ mesh: FaceMesh) {
        func axis(_ from: Int, _ to: Int) -> (x: Double, y: Double, z: Double) {
            let a = mesh.points[from], b = mesh.points[to]
            return (b.x - a.x, b.y - a.y, b.z - a.z)
        }
        func degrees(_ opposite: Double, _ adjacent: Double) -> Double { atan2(opposite, adjacent) * 180 / .pi }
        let across = axis(33, 263), down = axis(10, 152)
        // The left eye lies to the photograph's right and goes away from the camera when the nose turns that way.
        yaw = degrees(across.z, (across.x * across.x + across.y * across.y).squareRoot())
        // The chin comes closer (smaller z) when the face looks up.
        pitch = degrees(-down.z, (down.x * down.x + down.y * down.y).squareRoot())
        roll = degrees(across.y, across.x)
    }
}
