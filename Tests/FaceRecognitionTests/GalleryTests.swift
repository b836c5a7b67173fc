import FaceTestSupport
import Foundation
import Testing

@testable import FaceRecognition

@Suite struct GalleryTests {
    private func enrolled(_ template: Template, id: FaceID) -> EnrolledFace {
        EnrolledFace(
            description: EnrolledFaceDescription(
                id: id, person: nil, externalID: nil, photograph: PhotographDigest(bytes: Data()),
                box: BoundingBox(x: 0, y: 0, width: 1, height: 1), confidence: 1, enrolled: Date(timeIntervalSince1970: 0)),
            template: template)
    }

    private func gallery(_ faces: [EnrolledFace], dimension: Int) throws -> Gallery {
        try Gallery.holding(
            faces, of: GalleryDescription(name: GalleryName("g"), model: .test, dimension: dimension, created: Date()))
    }

    /// What a search must give: compare all, sort all, cut.
    private func reference(
        _ probe: Template, _ faces: [EnrolledFace], _ limit: Int, _ floor: ComparisonScore
    ) throws -> [(FaceID, ComparisonScore)] {
        let all = try faces.map { ($0.id, try probe.compared(with: $0.template)) }
        let sorted = all.sorted { a, b in a.1 != b.1 ? a.1 > b.1 : a.0 < b.0 }
        return Array(sorted.filter { $0.1 >= floor }.prefix(limit))
    }

    private func id(_ generator: inout SeededGenerator) -> FaceID {
        let hex = String(UInt64.random(in: 0...UInt64(0xffff_ffff_ffff), using: &generator), radix: 16)
        return FaceID("00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - hex.count) + hex)!
    }

    private func agrees(seed: UInt64, dimension: Int, count: Int) throws {
        var random = SeededGenerator(seed: seed)
        var faces: [EnrolledFace] = []
        for _ in 0..<count {
            // A third are duplicates of an earlier one: ties to the last bit.
            let twin = Int.random(in: 0..<3, using: &random) == 0 ? faces.randomElement(using: &random)?.template : nil
            faces.append(enrolled(twin ?? .random(dimension, using: &random), id: id(&random)))
        }
        let gallery = try gallery(faces, dimension: dimension)
        let probe = faces.first.map { $0.template } ?? .random(dimension, using: &random)
        let some = try faces.randomElement(using: &random).map { try probe.compared(with: $0.template).value } ?? 0
        for floor in [-Double.infinity, some, some.nextUp, 2] {
            for limit in [1, 2, max(1, count), count + 1] {
                let floor = ComparisonScore(floor)
                let found = try gallery.candidates(for: [probe], limit: limit, atLeast: floor)[0]
                let expected = try reference(probe, faces, limit, floor)
                guard found.map(\.face.id) == expected.map(\.0), found.map(\.score) == expected.map(\.1) else {
                    Issue.record("seed \(seed), dimension \(dimension), \(count) faces, limit \(limit), floor \(floor)")
                    return
                }
            }
        }
    }

    @Test("A search gives exactly what comparing and sorting all gives, over 3,000 seeds")
    func bruteForce() throws {
        for seed in 0..<3_000 as Range<UInt64> {
            try agrees(seed: seed, dimension: 1 + Int(seed % 11), count: Int(seed / 11 % 14))
        }
    }

    @Test("And for long templates and their odd ends", arguments: [15, 16, 17, 127, 128, 129, 511, 512, 513, 1_023, 1_024])
    func dimensions(dimension: Int) throws {
        for seed in 0..<5 as Range<UInt64> { try agrees(seed: seed, dimension: dimension, count: 20) }
    }

    @Test("Equals are ordered by face id")
    func ties() throws {
        var random = SeededGenerator(seed: 1)
        let template = Template.random(8, using: &random)
        let faces = (0..<50).map { _ in enrolled(template, id: id(&random)) }
        let found = try gallery(faces, dimension: 8).candidates(for: [template], limit: 10, atLeast: ComparisonScore(0))[0]
        #expect(found.map(\.face.id) == Array(faces.map(\.id).sorted().prefix(10)))
    }

    @Test("A limit of 0 or 4,097 is refused, 1 and 4,096 are not")
    func limits() throws {
        let probe = try Template(model: .test, normalising: [1, 0])
        let gallery = try gallery([], dimension: 2)
        for limit in [-1, 0, 4_097] {
            #expect { try gallery.candidates(for: [probe], limit: limit, atLeast: ComparisonScore(0)) } throws: {
                ($0 as? RecognitionError)?.code == .invalidValue
            }
        }
        for limit in [1, 4_096] {
            #expect(try gallery.candidates(for: [probe], limit: limit, atLeast: ComparisonScore(0))[0].isEmpty)
        }
    }

    @Test("A template of another model or length is an error, not a low score")
    func mismatch() throws {
        let gallery = try gallery([], dimension: 2)
        for other in [
            try Template(model: TemplateModelID(rawValue: "other"), normalising: [1, 0]),
            try Template(model: .test, normalising: [1, 0, 0]),
        ] {
            #expect { try gallery.candidates(for: [other], limit: 1, atLeast: ComparisonScore(0)) } throws: {
                ($0 as? RecognitionError)?.code == .modelMismatch
            }
            #expect(throws: RecognitionError.self) { try self.gallery([enrolled(other, id: FaceID())], dimension: 2) }
        }
    }
}
