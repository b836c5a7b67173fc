import FaceRecognition
import Testing

@Suite struct AxisScalingTests {
    @Test("The image's outer corner stays, and the far corner becomes the photograph's")
    func corners() {
        let image = PixelImage(
            size: PixelSize(width: 2, height: 1), pixels: [UInt8](repeating: 0, count: 6),
            photographSize: PixelSize(width: 8, height: 3))
        let scaling = image.toPhotograph
        #expect(scaling(Point(x: -0.5, y: -0.5)) == Point(x: -0.5, y: -0.5))
        #expect(scaling(Point(x: 1.5, y: 0.5)) == Point(x: 7.5, y: 2.5))
        // The centre of a pixel of four goes to the middle of the four.
        #expect(scaling(Point(x: 0, y: 0)) == Point(x: 1.5, y: 1))
    }

    @Test("The inverse takes points and boxes back")
    func inverse() {
        let scaling = AxisScaling(x: 4, y: 0.5)
        let box = BoundingBox(x: 3, y: -8, width: 10, height: 20)
        #expect(scaling(box) == BoundingBox(x: 13.5, y: -4.25, width: 40, height: 10))
        #expect(scaling.inverse(scaling(box)) == box)
    }
}
