import FaceRecognition
import Testing

@Suite struct OperatingPointTests {
    @Test(
        "The recommended point lets one expect a hundredth of a false candidate, and is 80 at least",
        arguments: [(0, 80.0), (1, 80), (100, 80), (1_000, 90), (10_000, 99), (100_000, 99.9)])
    func recommended(gallerySize: Int, similarity: Double) {
        let point = OperatingPoint.recommended(gallerySize: gallerySize)
        #expect(point.isRecommended)
        #expect(abs(point.similarity.value - similarity) < 1e-9)
        #expect(point.expectedFalseCandidates(gallerySize: gallerySize) <= 0.01 * (1 + 1e-9))
    }

    @Test("False candidates grow with the gallery")
    func expected() {
        let point = OperatingPoint(similarity: .eighty)
        #expect(!point.isRecommended)
        #expect(abs(point.expectedFalseCandidates(gallerySize: 20_000) - 2) < 1e-9)
        #expect(point.expectedFalseCandidates(gallerySize: 0) == 0)
    }
}
