import FaceRecognition
import Testing

@Suite struct SimilarityTransformTests {
    private func near(_ a: Point, _ b: Point, _ tolerance: Double = 1e-9) -> Bool { (a - b).length < tolerance }

    @Test("The least-squares transform is Umeyama's")
    func umeyama() throws {
        // numpy 2.4.6: m, q = p.mean(0), t.mean(0); U, S, V = svd((t-q).T @ (p-m) / n); d = diag(1, sign(det(U @ V)));
        // A = U @ d @ V * (S @ d).sum() * n / ((p-m)**2).sum(); b = q - A @ m; print(A[0,0], A[1,0], *b)
        let face = try #require(
            SimilarityTransform(
                mapping: [(30, 40), (70, 42), (50, 60), (33, 80), (68, 82)].map { Point(x: $0.0, y: $0.1) },
                onto: [
                    (38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041),
                ].map { Point(x: $0.0, y: $0.1) }))
        #expect(abs(face.a - 0.9420611810710494) < 1e-12 && abs(face.b + 0.019821460763520662) < 1e-12)
        #expect(abs(face.tx - 7.5295438958112655) < 1e-10 && abs(face.ty - 15.61849752120893) < 1e-10)
        // Targets that are nearly a mirror image: no reflection may come of them.
        let mirrored = try #require(
            SimilarityTransform(
                mapping: [Point(x: 0, y: 0), Point(x: 10, y: 0), Point(x: 0, y: 10)],
                onto: [Point(x: 5, y: 5), Point(x: 5, y: 25), Point(x: -15, y: 5.5)]))
        #expect(abs(mirrored.a - 0.025) < 1e-9 && abs(mirrored.b - 1.9875) < 1e-9)
        #expect(abs(mirrored.tx - 4.875) < 1e-9 && abs(mirrored.ty - 5.125) < 1e-9)
    }

    @Test("A transform is found again from the points that it maps, and its inverse takes them back")
    func foundAgain() throws {
        let truth = SimilarityTransform(a: 0.3, b: -1.7, tx: 12, ty: -400)
        let points = [(1, 2), (30, -4), (5, 66), (7, 7)].map { Point(x: $0.0, y: $0.1) }
        let found = try #require(SimilarityTransform(mapping: points, onto: points.map { truth($0) }))
        for p in points {
            #expect(near(found(p), truth(p)))
            #expect(near(truth.inverse(truth(p)), p))
        }
        #expect(abs(truth.scale - (0.09 + 2.89).squareRoot()) < 1e-12)
    }

    @Test("One transform followed by another maps as both do, in that order")
    func followed() {
        let first = SimilarityTransform(a: 2, b: 1, tx: 3, ty: 4), next = SimilarityTransform(a: 0, b: 1, tx: -1, ty: 5)
        let p = Point(x: 7, y: -2)
        #expect(near(first.followed(by: next)(p), next(first(p))))
        #expect(near(first.followed(by: first.inverse)(p), p))
    }

    @Test("Points that coincide, targets that do, and numbers that are none determine no transform")
    func degenerate() {
        let one = Point(x: 3, y: 3), other = Point(x: 5, y: 9)
        #expect(SimilarityTransform(mapping: [one, one], onto: [one, other]) == nil)
        #expect(SimilarityTransform(mapping: [one, other], onto: [one, one]) == nil)
        for bad in [Double.nan, .infinity, 1e200] {
            #expect(SimilarityTransform(mapping: [one, Point(x: bad, y: 0)], onto: [one, other]) == nil, "\(bad)")
        }
        #expect(SimilarityTransform(mapping: [one, other], onto: [one, Point(x: .nan, y: 0)]) == nil)
    }
}
