import FaceTestSupport
import Foundation
import Testing

@testable import FaceRecognition

@Suite struct ExactFacesTests {
    private func index(_ dimension: Int) throws -> GalleryIndex { try GalleryIndex(model: .test, dimension: dimension) }
    private func refused(_ code: RecognitionError.Code, _ body: () throws -> Void) {
        #expect(performing: body, throws: { ($0 as? RecognitionError)?.code == code })
    }

    @Test("A template of another model or length is not taken")
    func mismatch() throws {
        var faces = GalleryIndex.ExactFaces(of: try index(2))
        let other = TemplateModelID(rawValue: "other")
        refused(.modelMismatch) { try faces.append(FaceID(), Template(model: other, normalising: [1, 0])) }
        refused(.modelMismatch) { try faces.append(FaceID(), Template(model: .test, normalising: [1, 0, 0])) }
        #expect(faces.ids.isEmpty && faces.components.isEmpty)
    }

    @Test("As many components as the ids need, or it is a fault", arguments: [0, 1, 5, 7])
    func count(_ components: Int) throws {
        let ids: [FaceID?] = [FaceID(), nil, FaceID()]
        refused(.fault) {
            _ = try GalleryIndex.ExactFaces(of: index(2), ids: ids, components: .init(repeating: 0, count: components))
        }
        let good = try GalleryIndex.ExactFaces(of: index(2), ids: ids, components: .init(repeating: 0, count: 6))
        #expect(good.ids == ids)
    }

    @Test("Faces of another model or length are no answer", arguments: [1, 3, 4])
    func foreign(dimension: Int) throws {
        var index = try index(3)
        let template = try Template(model: .test, normalising: [1, 2, 3])
        try index.append([.init(row: 1, template: template, enrolled: 0)])
        let model = dimension == 3 ? TemplateModelID(rawValue: "other") : .test
        let other = try GalleryIndex(model: model, dimension: dimension)
        refused(.modelMismatch) {
            _ = try index.candidates(for: template, limit: 1, atLeast: ComparisonScore(0), where: .init(now: 0)) { _ in
                try .init(of: other, ids: [FaceID()], components: .init(repeating: 0, count: dimension))
            }
        }
    }

    @Test("The scores are those of each pair; a face that is gone is told, whatever its score would be")
    func matches() throws {
        var random = SeededGenerator(seed: 3)
        let templates = (0..<9).map { _ in Template.random(7, using: &random) }
        let all = templates.indices.map { Int64(10 * $0) }
        var faces = GalleryIndex.ExactFaces(of: try index(7))
        for (i, template) in templates.enumerated() {
            if i == 4 { faces.appendNone() } else { try faces.append(FaceID(), template) }
        }
        let probe = Template.random(7, using: &random)
        for floor in [-2, 0, 0.3].map({ ComparisonScore($0) }) {
            let rows: [Int64] = [0, 30, 50, 60, 80]
            let found = try faces.matches(probe, rows, of: all, atLeast: floor)
            let scores = try rows.map { ($0, try probe.compared(with: templates[Int($0 / 10)])) }
            #expect(found.map(\.row) == scores.filter { $0.1 >= floor }.map(\.0))
            #expect(found.map(\.score) == scores.map(\.1).filter { $0 >= floor })
            #expect(throws: GalleryIndex.Outdated(row: 40)) {
                try faces.matches(probe, [30, 40], of: all, atLeast: floor)
            }
        }
    }
}
