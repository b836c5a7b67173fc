import FaceTestSupport
import Foundation
import Testing

@testable import FaceRecognition

@Suite struct FaceAttributesTests {
    private func face(
        _ mesh: FaceMesh? = .test(), eyeDistance: Double = 20, pitch: Double = 0, yaw: Double? = nil,
        disagreement: Double? = 0.1
    ) -> DescribedFace {
        var it = DetectedFace.preset
        it.mesh = mesh
        let pose = mesh.map(HeadPose.init).map { HeadPose(yaw: yaw ?? $0.yaw, pitch: pitch, roll: $0.roll) }
        return DescribedFace(
            face: it,
            quality: SampleQuality(
                eyeDistance: eyeDistance, sharpness: 50, brightness: 50, pose: pose, landmarkDisagreement: disagreement))
    }

    @Test("Eyes are found open from an aspect ratio of 0.215 on, more surely from 0.23, and never closed")
    func eyes() {
        for (ratio, confidence) in [(0.231, 0.98), (0.229, 0.96), (0.216, 0.96)] {
            let found = face(.test(eyes: ratio)).attributes.eyesOpen
            #expect(found?.value == true && found?.confidence == confidence, "\(ratio)")
        }
        for ratio in [0, 0.1, 0.214] { #expect(face(.test(eyes: ratio)).attributes.eyesOpen == nil) }
        #expect(FaceAttributes.eyesOpen(0.23)?.confidence == 0.98 && FaceAttributes.eyesOpen(0.215)?.confidence == 0.96)
    }

    @Test("Lips are found apart from a gap of 0.07 of the mouth's width on, the more surely the farther from it")
    func mouth() throws {
        for (gap, value) in [(0, false), (0.02, false), (0.069, false), (0.071, true), (0.12, true), (1, true)] {
            let found = try #require(face(.test(mouth: gap)).attributes.mouthOpen)
            #expect(found.value == value, "\(gap)")
            #expect((0.5...0.98).contains(found.confidence))
        }
        #expect(FaceAttributes.mouthOpen(0.07) == .init(value: true, confidence: 0.5))
        let sure = [0.07, 0.1, 0.15, 0.2].map { FaceAttributes.mouthOpen($0)?.confidence ?? 0 }
        #expect(sure == sure.sorted() && FaceAttributes.mouthOpen(.nan) == nil)
    }

    @Test("Nothing is found to hide a face where the networks agree, and nothing is said where they do not")
    func occlusion() {
        for (disagreement, confidence) in [(0, 0.97), (0.139, 0.97), (0.14, 0.94), (0.18, 0.89), (0.279, 0.89)] {
            let found = face(disagreement: disagreement).attributes.isOccluded
            #expect(found?.value == false && found?.confidence == confidence, "\(disagreement)")
        }
        for disagreement in [0.28, 1, .infinity, .nan] {
            #expect(face(disagreement: disagreement).attributes.isOccluded == nil)
        }
    }

    @Test("Nothing is told of a face that is turned too far, is too small, or has no mesh")
    func nothing() {
        let told = face(yaw: -25).attributes
        #expect(told.eyesOpen != nil && told.mouthOpen != nil && told.isOccluded != nil)
        #expect(face(pitch: 30, yaw: 25).attributes == told)
        for silent in [
            face(yaw: 25.01), face(yaw: -25.01), face(pitch: 30.01), face(pitch: -30.01), face(eyeDistance: 19.99),
            face(nil, disagreement: nil), face(.test(turned: 40)),
        ] {
            let told = silent.attributes
            #expect(told.eyesOpen == nil && told.mouthOpen == nil && told.isOccluded == nil)
        }
    }

    @Test("A mesh whose points lie in one place tells nothing that is no number")
    func degenerate() {
        let mesh = FaceMesh(points: [MeshPoint](repeating: MeshPoint(x: 1, y: 1, z: 1), count: 468), presence: 1)
        let told = face(mesh, yaw: 0).attributes
        #expect(told.eyesOpen == nil && told.mouthOpen?.value == false)
    }
}

@Suite struct QualityBarTests {
    private static let photograph = PixelSize(width: 100, height: 100)

    private func face(
        confidence: Double = 0.9, eyeDistance: Double = 40, brightness: Double = 50, sharpness: Double = 60,
        yaw: Double = 0, pitch: Double = 0, disagreement: Double? = 0.1, x: Double = 10
    ) -> DescribedFace {
        DescribedFace(
            face: DetectedFace(
                box: BoundingBox(x: x, y: 10, width: 50, height: 50), confidence: confidence,
                landmarks: DetectedFace.preset.landmarks),
            quality: SampleQuality(
                eyeDistance: eyeDistance, sharpness: sharpness, brightness: brightness,
                pose: disagreement.map { _ in HeadPose(yaw: yaw, pitch: pitch, roll: 0) },
                landmarkDisagreement: disagreement))
    }

    @Test("Each bar refuses at its own bound", arguments: [QualityBar.low, .medium, .high])
    func bounds(bar: QualityBar) {
        func check(_ shortcoming: QualityShortcoming, _ at: DescribedFace, _ beyond: DescribedFace) {
            #expect(bar.shortcomings(of: at, in: Self.photograph) == [])
            #expect(bar.shortcomings(of: beyond, in: Self.photograph) == [shortcoming])
        }
        check(.lowConfidence, face(confidence: bar.confidence), face(confidence: bar.confidence.nextDown))
        check(.smallFace, face(eyeDistance: bar.eyeDistance), face(eyeDistance: bar.eyeDistance.nextDown))
        let (dark, bright) = (bar.brightness.lowerBound, bar.brightness.upperBound)
        check(.lowBrightness, face(brightness: dark), face(brightness: dark.nextDown))
        check(.lowFaceQuality, face(brightness: bright), face(brightness: bright.nextUp))
        check(.lowSharpness, face(sharpness: bar.sharpness), face(sharpness: bar.sharpness.nextDown))
        for sign in [-1.0, 1] {
            check(.extremePose, face(yaw: sign * bar.yaw), face(yaw: sign * bar.yaw.nextUp))
            check(.extremePose, face(pitch: sign * bar.pitch), face(pitch: sign * bar.pitch.nextUp))
        }
        check(.lowFaceQuality, face(disagreement: bar.disagreement), face(disagreement: bar.disagreement.nextUp))
        // The box is 50 wide, and the photograph begins half a pixel before its first centre.
        let cut = -0.5 - 50 * (1 - bar.inside)
        check(.lowFaceQuality, face(x: cut + 0.01), face(x: cut - 0.01))
    }

    @Test("A higher bar refuses whatever a lower one does, and no bar refuses nothing", arguments: 0..<200)
    func order(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        func number(_ range: ClosedRange<Double>) -> Double { .random(in: range, using: &random) }
        let it = face(
            confidence: number(0.6...1), eyeDistance: number(1...60), brightness: number(0...100),
            sharpness: number(0...100), yaw: number(-90...90), pitch: number(-90...90),
            disagreement: Bool.random(using: &random) ? number(0...1) : nil, x: number(-40...90))
        var before: Set<QualityShortcoming> = []
        for bar in [QualityBar.none, .low, .medium, .high] {
            let now = Set(bar.shortcomings(of: it, in: Self.photograph))
            #expect(now.isSuperset(of: before), "seed \(seed)")
            if bar == .none { #expect(now.isEmpty) }
            before = now
        }
    }

    @Test("A face without a mesh passes no bar but none") func noMesh() {
        for bar in [QualityBar.low, .medium, .high] {
            #expect(bar.shortcomings(of: face(disagreement: nil), in: Self.photograph) == [.lowFaceQuality])
        }
        #expect(QualityBar.none.shortcomings(of: face(disagreement: nil), in: Self.photograph).isEmpty)
    }

    @Test("Everything that is wrong is told") func several() {
        let worst = face(
            confidence: 0, eyeDistance: 0, brightness: 0, sharpness: 0, yaw: 90, disagreement: 9, x: 1_000)
        #expect(QualityBar.low.shortcomings(of: worst, in: Self.photograph) == QualityShortcoming.allCases)
    }
}
