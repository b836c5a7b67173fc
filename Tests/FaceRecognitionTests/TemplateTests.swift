import FaceTestSupport
import Testing

@testable import FaceRecognition

@Suite struct TemplateTests {
    private func refused(_ code: RecognitionError.Code, _ body: () throws -> Void) {
        #expect(performing: body, throws: { ($0 as? RecognitionError)?.code == code })
    }

    @Test("Any direction becomes unit length", arguments: [1, 2, 1_023, 1_024])
    func normalised(dimension: Int) throws {
        for size in [1e-25, 1, 1e30] as [Float] {
            let template = try Template(model: .test, normalising: [Float](repeating: size, count: dimension))
            let length = template.components.reduce(0.0) { $0 + Double($1) * Double($1) }
            #expect(abs(length - 1) < 1e-6)
            #expect(try Template(model: .test, unitLength: template.components) == template)
        }
    }

    @Test("What has no direction, is not finite or has a wrong length is refused")
    func invalid() {
        for bad: [Float] in [[], [0], [0, 0], [.nan, 1], [.infinity, 1], [-Float.infinity, 1], [Float](repeating: 1, count: 1_025)] {
            refused(.invalidTemplate) { _ = try Template(model: .test, normalising: bad) }
        }
        for bad: [Float] in [[], [0], [.nan], [1, .infinity], [1.001], [0.5, 0.5], [Float](repeating: 0.031234753, count: 1_025)] {
            refused(.invalidTemplate) { _ = try Template(model: .test, unitLength: bad) }
        }
    }

    @Test("Many comparisons at once give each pair's score to the bit", arguments: 0...9)
    func many(count: Int) throws {
        var random = SeededGenerator(seed: UInt64(count))
        for dimension in [1, 7, 128] {
            let probe = Template.random(dimension, using: &random)
            let others = (0..<count).map { _ in Template.random(dimension, using: &random) }
            let rows = Array(0..<count).shuffled(using: &random)
            let scores = probe.compared(withRows: rows, of: others.flatMap(\.components))
            #expect(try scores == rows.map { try probe.compared(with: others[$0]) })
        }
    }

    @Test("Templates of two models, or of two lengths, are never compared")
    func mismatch() throws {
        let a = try Template(model: .test, normalising: [1, 0])
        let otherModel = try Template(model: TemplateModelID(rawValue: "other"), normalising: [1, 0])
        let longer = try Template(model: .test, normalising: [1, 0, 0])
        for b in [otherModel, longer] {
            refused(.modelMismatch) { _ = try a.compared(with: b) }
            refused(.modelMismatch) { _ = try Template.mean(of: [a, b]) }
        }
    }

    @Test("A comparison is the cosine")
    func cosine() throws {
        let a = try Template(model: .test, normalising: [3, 4]), b = try Template(model: .test, normalising: [4, 3])
        #expect(abs(try a.compared(with: b).value - 0.96) < 1e-6)
        #expect(try a.compared(with: b) == b.compared(with: a))
        #expect(abs(try a.compared(with: a).value - 1) < 1e-6)
    }

    @Test("The mean lies between, and templates that cancel out have none")
    func mean() throws {
        let x = try Template(model: .test, normalising: [1, 0]), y = try Template(model: .test, normalising: [0, 1])
        let minus = try Template(model: .test, normalising: [-1, 0])
        #expect(try Template.mean(of: [x]) == x)
        #expect(try Template.mean(of: [x, y]) == Template(model: .test, normalising: [1, 1]))
        refused(.invalidTemplate) { _ = try Template.mean(of: [x, minus]) }
    }

    @Test("The description shows no component")
    func description() throws {
        let template = try Template(model: .test, normalising: [3, 4])
        #expect("\(template)" == "Template(test-1, 2 components)")
    }
}
