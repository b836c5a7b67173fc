import FaceTestSupport
import Foundation
import Testing

@testable import FaceRecognition

/// Faces that a test holds: what the store does for the program.
struct HeldFaces {
    var entries: [GalleryIndex.Entry] = []
    var ids: [Int64: FaceID] = [:]
    private var places: [Int64: Int] = [:]

    mutating func add(
        _ template: Template, person: Int32? = nil, enrolled: Int64 = 0, expires: Int64? = nil, id: FaceID
    ) {
        let row = (entries.last?.row ?? 0) + 1
        places[row] = entries.count
        ids[row] = id
        entries.append(
            GalleryIndex.Entry(row: row, template: template, person: person, enrolled: enrolled, expires: expires))
    }

    func exact(_ rows: [Int64]) -> [GalleryIndex.ExactFace?] {
        rows.map { row in
            places[row].map { GalleryIndex.ExactFace(id: ids[row]!, template: entries[$0].template) }
        }
    }

    /// What a search must give, in ten lines: compare all in double precision, sort all, cut.
    func reference(_ probe: Template, _ limit: Int, _ floor: Double, _ filter: GalleryIndex.Filter) -> [GalleryIndex
        .Match]
    {
        var all: [GalleryIndex.Match] = []
        for entry in entries {
            guard entry.expires ?? .max > filter.now, filter.person == nil || entry.person == filter.person,
                filter.enrolled?.contains(entry.enrolled) ?? true, filter.rows?.contains(entry.row) ?? true
            else { continue }
            var score = 0.0
            for (a, b) in zip(probe.components, entry.template.components) { score += Double(a) * Double(b) }
            if score >= floor { all.append(.init(row: entry.row, id: ids[entry.row]!, score: ComparisonScore(score))) }
        }
        all.sort { a, b in a.score != b.score ? a.score > b.score : a.id < b.id }
        return Array(all.prefix(limit))
    }
}

@Suite struct GalleryIndexTests {
    private let everything = GalleryIndex.Filter(now: 0)

    private func id(_ generator: inout SeededGenerator) -> FaceID {
        let hex = String(UInt64.random(in: 0...UInt64(0xffff_ffff_ffff), using: &generator), radix: 16)
        return FaceID("00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - hex.count) + hex)!
    }

    /// Components of many kinds, and some that a coder of numbers would not like.
    private func template(_ dimension: Int, _ random: inout SeededGenerator) -> Template {
        var components = (0..<dimension).map { _ in Float.random(in: -1...1, using: &random) }
        let some = Int.random(in: 0..<dimension, using: &random)
        switch Int.random(in: 0..<8, using: &random) {
        case 0:  // One-hot.
            components = components.map { _ in 0 }
            components[some] = Bool.random(using: &random) ? 1 : -1
        case 1:  // Mostly denormal beside one that is not.
            components = components.map { $0 * 1e-40 }
            components[some] = 1
        case 2:  // Huge ratios.
            components = components.map { $0 * Float.random(in: -12...0, using: &random).exponential }
        case 3:  // Many zeros.
            components = components.map { Int.random(in: 0..<3, using: &random) == 0 ? $0 : 0 }
        case 4:  // All of one size: on the border between two codes.
            components = components.map { $0 < 0 ? -1 : 1 }
        default: break
        }
        return (try? Template(model: .test, normalising: components)) ?? .random(dimension, using: &random)
    }

    private func held(_ count: Int, _ dimension: Int, _ random: inout SeededGenerator) -> HeldFaces {
        var held = HeldFaces()
        for _ in 0..<count {
            // A third are duplicates of an earlier one: ties to the last bit.
            let twin = Int.random(in: 0..<3, using: &random) == 0 ? held.entries.randomElement(using: &random) : nil
            held.add(
                twin?.template ?? template(dimension, &random), person: Int32.random(in: 0..<3, using: &random),
                enrolled: Int64.random(in: 0..<4, using: &random),
                expires: Int.random(in: 0..<4, using: &random) == 0 ? Int64.random(in: 0..<3, using: &random) : nil,
                id: id(&random))
        }
        return held
    }

    private func filters(_ held: HeldFaces, _ random: inout SeededGenerator) -> [GalleryIndex.Filter] {
        let some = Set(held.entries.map(\.row).filter { _ in Bool.random(using: &random) })
        return [
            GalleryIndex.Filter(now: -1), GalleryIndex.Filter(now: 1), GalleryIndex.Filter(now: -1, person: 1),
            GalleryIndex.Filter(now: 0, enrolled: 1...2), GalleryIndex.Filter(now: -1, rows: some),
            GalleryIndex.Filter(now: 1, person: 2, enrolled: 0...1, rows: some),
        ]
    }

    private func agrees(seed: UInt64, dimension: Int, count: Int, paths: [ScanPath] = supported) throws {
        var random = SeededGenerator(seed: seed)
        var held = held(count, dimension, &random)
        var index = try GalleryIndex(model: .test, dimension: dimension)
        // In parts, so that segments grow; and with holes.
        var rest = held.entries[...]
        while !rest.isEmpty {
            let part = rest.prefix(Int.random(in: 1...max(1, count), using: &random))
            try index.append(part)
            rest = rest.dropFirst(part.count)
        }
        let removed = Set(held.entries.map(\.row).filter { _ in Int.random(in: 0..<5, using: &random) == 0 })
        #expect(index.remove(rows: removed) == removed.count, "seed \(seed)")
        held.entries.removeAll { removed.contains($0.row) }
        held = HeldFaces(held)
        #expect(index.count == held.entries.count && index.rows == held.entries.map(\.row), "seed \(seed)")

        let probe = held.entries.randomElement(using: &random)?.template ?? template(dimension, &random)
        let other = template(dimension, &random)
        let some =
            try held.entries.randomElement(using: &random).map { try probe.compared(with: $0.template).value } ?? 0
        for filter in filters(held, &random) {
            // Scores at the threshold, and an ulp above it.
            for floor in [-Double.infinity, some, some.nextUp, 2] {
                for limit in [1, 2, max(1, count), count + 1] {
                    for path in paths {
                        let found = try index.candidates(
                            for: [probe, other], limit: limit, atLeast: ComparisonScore(floor), where: filter,
                            threads: 2, path: path, exact: held.exact)
                        let expected = [probe, other].map { held.reference($0, limit, floor, filter) }
                        guard found == expected else {
                            Issue.record(
                                "seed \(seed), dimension \(dimension), \(count) faces, limit \(limit), floor \(floor), \(path), \(filter)"
                            )
                            return
                        }
                    }
                }
            }
        }
    }

    private static var supported: [ScanPath] { ScanPath.allCases.filter(\.isSupported) }

    @Test("A search gives exactly what comparing and sorting all gives, on every instruction set, over 2,000 seeds")
    func bruteForce() throws {
        for seed in 0..<2_000 as Range<UInt64> {
            try agrees(seed: seed, dimension: 1 + Int(seed % 19), count: Int(seed / 19 % 40))
        }
    }

    @Test(
        "And for long templates and their odd ends",
        arguments: [15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 511, 512, 513, 1_023, 1_024])
    func dimensions(dimension: Int) throws {
        for seed in 0..<4 as Range<UInt64> { try agrees(seed: seed, dimension: dimension, count: 70) }
    }
}

extension HeldFaces {
    init(_ other: HeldFaces) {
        self.init()
        entries = other.entries
        ids = other.ids
        for (i, entry) in entries.enumerated() { places[entry.row] = i }
    }
}

extension Float {
    fileprivate var exponential: Float { Float(exp(Double(self) * 2.302585)) }
}
