import FaceTestSupport
import Foundation
import Testing

@testable import FaceRecognition

@Suite struct GalleryIndexSnapshotTests {
    private func index(_ held: HeldFaces, dimension: Int) throws -> GalleryIndex {
        var index = try GalleryIndex(model: .test, dimension: dimension)
        try index.append(held.entries)
        return index
    }

    @Test("An index that was written in pieces and read again gives the same answers and goes on growing")
    func roundTrip() throws {
        for seed in 0..<20 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            let dimension = Int.random(in: 1...40, using: &random)
            var held = HeldFaces.random(Int.random(in: 1...200, using: &random), dimension: dimension, using: &random)
            var old = try index(held, dimension: dimension)
            let gone = Set(held.entries.dropLast().map(\.row).filter { $0 % 3 == 0 })
            old.remove(rows: gone)
            held.remove(gone)
            var new = try GalleryIndex(
                model: .test, dimension: dimension, pieces: (0..<old.pieceCount).map { old.piece($0) })
            #expect(new.rows == old.rows && new.count == old.count, "seed \(seed)")
            let probe = Template.awkward(dimension, using: &random)
            held.add(probe, id: .random(using: &random))
            for filter in [GalleryIndex.Filter(now: 0), .init(now: 1, person: 1), .init(now: -1, enrolled: 1...2)] {
                #expect(
                    try new.candidates(
                        for: probe, limit: 50, atLeast: ComparisonScore(-2), where: filter, exact: held.exact)
                        == old.candidates(
                            for: probe, limit: 50, atLeast: ComparisonScore(-2), where: filter, exact: held.exact))
            }
            try new.append(held.entries.suffix(1))
            let found = try new.candidates(
                for: probe, limit: 1, atLeast: ComparisonScore(0.99), where: .init(now: 0), exact: held.exact)
            #expect(found == held.reference(probe, 1, 0.99, .init(now: 0)), "seed \(seed)")
        }
    }

    @Test("A removed face leaves none of its numbers in a piece")
    func removal() throws {
        var random = SeededGenerator(seed: 1)
        let held = HeldFaces.random(40, dimension: 16, using: &random)
        let whole = try index(held, dimension: 16)
        var without = whole
        without.remove(rows: [7])
        var other = try GalleryIndex(model: .test, dimension: 16)
        // The same faces, but another one in the removed one's place.
        try other.append(
            held.entries.map {
                $0.row == 7
                    ? .init(row: 7, template: .random(16, using: &random), person: 1, enrolled: 99, expires: 5) : $0
            })
        other.remove(rows: [7])
        #expect(without.piece(0) == other.piece(0))
        #expect(whole.piece(0) != other.piece(0))
    }

    @Test("No damage to a piece leads to a trap; torn, foreign and unsound ones are refused")
    func damage() throws {
        var random = SeededGenerator(seed: 2)
        let index = try index(HeldFaces.random(70, dimension: 12, using: &random), dimension: 12)
        let piece = index.piece(0)
        func refused(_ data: Data, dimension: Int = 12) -> Bool {
            do {
                _ = try GalleryIndex(model: .test, dimension: dimension, pieces: [data])
                return false
            } catch { return (error as? RecognitionError)?.code == .storageCorrupt }
        }
        #expect(!refused(piece))
        #expect(refused(piece, dimension: 11))
        for length in [0, 7, 63, 64, 65, piece.count - 1] { #expect(refused(piece.prefix(length)), "\(length) bytes") }
        #expect(refused(piece + [0]))
        for header in 0..<24 {
            var torn = piece
            torn[header] ^= 0xff
            #expect(refused(torn), "byte \(header)")
        }
        let layout = SegmentLayout(dimension: 12, capacity: 96, hasExpiry: true)
        for (part, name) in [
            (layout.steps, "step"), (layout.coarseErrors, "error"), (layout.fineErrors, "error"),
            (layout.coarseErrors + 4 * 90, "room"), (layout.steps + 4 * 90, "room"),
        ] {
            for number in [Float.nan, .infinity, -1, 3] {
                var torn = piece
                withUnsafeBytes(of: number) { torn.replaceSubrange((64 + part)..<(68 + part), with: $0) }
                #expect(refused(torn), "\(name) \(number)")
            }
        }
        var disordered = piece
        withUnsafeBytes(of: Int64.max) { disordered.replaceSubrange((64 + layout.rows)..<(72 + layout.rows), with: $0) }
        #expect(refused(disordered))
        #expect(throws: RecognitionError.self) {
            try GalleryIndex(model: .test, dimension: 12, pieces: [piece, piece])
        }
        // Anything else may go unseen, but is searched without a trap.
        for seed in 0..<500 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            var torn = piece
            for _ in 0..<4 {
                torn[Int.random(in: 0..<torn.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            guard let index = try? GalleryIndex(model: .test, dimension: 12, pieces: [torn]) else { continue }
            _ = try? index.candidates(
                for: .random(12, using: &random), limit: 5, atLeast: ComparisonScore(-2), where: .init(now: 0)
            ) {
                var faces = GalleryIndex.ExactFaces(of: index)
                for _ in $0 { faces.appendNone() }
                return faces
            }
        }
    }
}
