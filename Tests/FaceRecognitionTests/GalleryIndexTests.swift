import FaceTestSupport
import Foundation
import Testing

@testable import FaceRecognition

@Suite struct GalleryIndexTests {
    private let everything = GalleryIndex.Filter(now: 0)

    private func filters(_ held: HeldFaces, _ random: inout SeededGenerator) -> [GalleryIndex.Filter] {
        let some = Set(held.entries.map(\.row).filter { _ in Bool.random(using: &random) })
        return [
            GalleryIndex.Filter(now: -1), GalleryIndex.Filter(now: 1), GalleryIndex.Filter(now: -1, person: 1),
            GalleryIndex.Filter(now: 0, enrolled: 1...2), GalleryIndex.Filter(now: -1, rows: some),
            GalleryIndex.Filter(now: 1, person: 2, enrolled: 0...1, rows: some),
        ]
    }

    /// - Parameter all: every combination of limits, floors and filters, rather than one of each by chance.
    private func agrees(seed: UInt64, dimension: Int, count: Int, all: Bool = false) throws {
        var random = SeededGenerator(seed: seed)
        var held = HeldFaces.random(count, dimension: dimension, using: &random)
        var index = try GalleryIndex(model: .test, dimension: dimension)
        // In parts, so that segments grow; and with holes.
        var rest = held.entries[...]
        while !rest.isEmpty {
            let part = rest.prefix(Int.random(in: 1...max(1, count), using: &random))
            try index.append(part)
            rest = rest.dropFirst(part.count)
        }
        let holes = Int.random(in: 2...6, using: &random)
        let removed = Set(held.entries.map(\.row).filter { _ in Int.random(in: 0..<holes, using: &random) == 0 })
        #expect(index.remove(rows: removed) == removed.count, "seed \(seed)")
        held.remove(removed)
        #expect(index.count == held.entries.count && index.rows == held.entries.map(\.row), "seed \(seed)")

        let probe = held.entries.randomElement(using: &random)?.template ?? .awkward(dimension, using: &random)
        let probes =
            [probe] + (0..<Int.random(in: 0...9, using: &random)).map { _ in .awkward(dimension, using: &random) }
        let some =
            try held.entries.randomElement(using: &random).map { try probe.compared(with: $0.template).value } ?? 0
        // Scores at the threshold, and an ulp above it.
        let floors = [-Double.infinity, some, some.nextUp, 2], limits = [1, 2, max(1, count), count + 1]
        for filter in all ? filters(held, &random) : [filters(held, &random).randomElement(using: &random)!] {
            for floor in all ? floors : [floors.randomElement(using: &random)!] {
                for limit in all ? limits : [limits.randomElement(using: &random)!] {
                    let expected = probes.map { held.reference($0, limit, floor, filter) }
                    for path in ScanPath.supported {
                        let found = try index.candidates(
                            for: probes, limit: limit, atLeast: ComparisonScore(floor), where: filter,
                            threads: 2, path: path, bytesWorthAThread: seed.isMultiple(of: 2) ? 1 : 4 << 20,
                            exact: held.exact)
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

    @Test("A search gives exactly what comparing and sorting all gives, on every instruction set, over 5,000 seeds")
    func bruteForce() throws {
        for seed in 0..<5_000 as Range<UInt64> {
            try agrees(seed: seed, dimension: 1 + Int(seed % 19), count: Int(seed / 19 % 70))
        }
    }

    @Test("With every limit, threshold and filter, over 40 seeds")
    func combinations() throws {
        for seed in 10_000..<10_040 as Range<UInt64> {
            try agrees(seed: seed, dimension: 1 + Int(seed % 19), count: Int(seed % 37), all: true)
        }
    }

    @Test(
        "And for long templates and their odd ends",
        arguments: [15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 511, 512, 513, 1_023, 1_024])
    func dimensions(dimension: Int) throws {
        for seed in 0..<12 as Range<UInt64> { try agrees(seed: seed, dimension: dimension, count: 70) }
    }

    @Test(
        "One row, a segment less one, a segment, a segment and one, and several on two threads",
        arguments: [1, 8_191, 8_192, 8_193, 20_000])
    func segments(count: Int) throws {
        var random = SeededGenerator(seed: UInt64(count))
        var held = HeldFaces()
        let twin = Template.random(24, using: &random)
        for i in 0..<count {
            // Ties across segments.
            held.add(i % 4_000 == 0 ? twin : .random(24, using: &random), id: .random(using: &random))
        }
        var index = try GalleryIndex(model: .test, dimension: 24)
        try index.append(held.entries)
        for round in 0..<3 {
            #expect(index.count == held.entries.count)
            #expect(index.pieceCount <= (count + 8_191) / 8_192)
            for (limit, floor) in [(1, -2.0), (10, -2), (4_096, 0.55), (3, 0.999)] {
                for path in ScanPath.supported {
                    let found = try index.candidates(
                        for: [twin], limit: limit, atLeast: ComparisonScore(floor), where: everything, threads: 2,
                        path: path, bytesWorthAThread: 1, exact: held.exact)[0]
                    #expect(
                        found == held.reference(twin, limit, floor, everything),
                        "round \(round), limit \(limit), \(path)")
                }
            }
            // A third at first, then all but a few: segments are written anew.
            let rows = held.entries.map(\.row)
            let gone = Set(rows.filter { round == 0 ? $0.isMultiple(of: 3) : $0 % 50 != 1 })
            index.remove(rows: gone)
            held.remove(gone)
        }
    }

    @Test("A batch gives each probe what it would have alone, on one thread and on several", arguments: [64, 7, 9])
    func batches(count: Int) throws {
        var random = SeededGenerator(seed: UInt64(count))
        var held = HeldFaces()
        for i in 0..<9_000 {
            held.add(.random(72, using: &random), expires: i % 7 == 0 ? 0 : nil, id: .random(using: &random))
        }
        var index = try GalleryIndex(model: .test, dimension: 72)
        try index.append(held.entries)
        let holes = Set(held.entries.map(\.row).filter { $0 % 5 == 3 })
        index.remove(rows: holes)
        held.remove(holes)
        let probes = (0..<count).map { _ in Template.random(72, using: &random) } + [held.entries[5].template]
        let some = GalleryIndex.Filter(now: -1, rows: Set(held.entries.map(\.row).filter { $0 % 3 == 0 }))
        for (limit, floor, filter) in [(10, -2.0, everything), (4_096, 0.3, everything), (10, -2.0, some)] {
            let expected = probes.map { held.reference($0, limit, floor, filter) }
            for path in ScanPath.supported {
                for threads in [1, 3] {
                    let found = try index.candidates(
                        for: probes, limit: limit, atLeast: ComparisonScore(floor), where: filter,
                        threads: threads, path: path, bytesWorthAThread: 1, exact: held.exact)
                    #expect(found == expected, "\(path), \(threads) threads, limit \(limit), \(filter.isOpen)")
                }
            }
        }
    }

    @Test("Thousands of the same template are all considered, and ordered by face id")
    func ties() throws {
        var random = SeededGenerator(seed: 3)
        var held = HeldFaces()
        let template = Template.random(128, using: &random)
        for _ in 0..<9_000 { held.add(template, id: .random(using: &random)) }
        var index = try GalleryIndex(model: .test, dimension: 128)
        try index.append(held.entries)
        let found = try index.candidates(
            for: template, limit: 10, atLeast: ComparisonScore(0), where: everything, threads: 2, exact: held.exact)
        #expect(found.map(\.id) == Array(held.entries.map { held.ids[$0.row]! }.sorted().prefix(10)))
    }

    @Test("A copy sees what was there when it was made, whatever is changed afterwards")
    func copies() throws {
        var random = SeededGenerator(seed: 4)
        let held = HeldFaces.random(100, dimension: 9, using: &random)
        var index = try GalleryIndex(model: .test, dimension: 9)
        try index.append(held.entries.prefix(50))
        let copy = index
        try index.append(held.entries.suffix(50))
        index.remove(rows: held.entries.prefix(40).map(\.row))
        try index.assign(person: 7, rows: [45])
        let probe = held.entries[3].template
        let all = GalleryIndex.Filter(now: -1)
        let before = try copy.candidates(
            for: probe, limit: 100, atLeast: ComparisonScore(-2), where: all, exact: held.exact)
        #expect(Set(before.map(\.row)) == Set(1...50))
        let after = try index.candidates(
            for: probe, limit: 100, atLeast: ComparisonScore(-2), where: all, exact: held.exact)
        #expect(Set(after.map(\.row)) == Set(41...100))
        let assigned = GalleryIndex.Filter(now: -1, person: 7)
        for (index, rows) in [(copy, []), (index, [45])] as [(GalleryIndex, [Int64])] {
            let found = try index.candidates(
                for: probe, limit: 100, atLeast: ComparisonScore(-2), where: assigned, exact: held.exact)
            #expect(found.map(\.row) == rows)
        }
    }

    @Test("A face is found until the millisecond before it expires")
    func expiry() throws {
        var held = HeldFaces()
        let template = try Template(model: .test, normalising: [1, 2])
        held.add(template, expires: 1_000, id: FaceID())
        held.add(template, id: FaceID())
        var index = try GalleryIndex(model: .test, dimension: 2)
        try index.append(held.entries)
        for (now, count) in [(999, 2), (1_000, 1), (1_001, 1)] as [(Int64, Int)] {
            let found = try index.candidates(
                for: template, limit: 5, atLeast: ComparisonScore(-2), where: .init(now: now), exact: held.exact)
            #expect(found.count == count)
        }
    }

    @Test(
        "No more templates are asked for than the codes leave open: of one probe, and of each of many",
        arguments: [1, 16])
    func exactRows(count: Int) throws {
        var random = SeededGenerator(seed: 5)
        var held = HeldFaces()
        for _ in 0..<20_000 { held.add(.random(128, using: &random), id: .random(using: &random)) }
        var index = try GalleryIndex(model: .test, dimension: 128)
        try index.append(held.entries)
        let probes = (0..<count).map { _ in Template.random(128, using: &random) }
        // A hundred of the templates reach 0.22. The fine bounds leave as many more as 0.002 lower ones would, the middle
        // bounds 0.006; and of ten candidates 13 and 18 are left.
        for (limit, floor) in [(10, -2.0), (4_096, 0.22)] {
            var asked: [Int64] = []
            let found = try index.candidates(
                for: probes, limit: limit, atLeast: ComparisonScore(floor), where: everything
            ) { rows in
                asked = rows
                return try held.exact(rows)
            }
            let nearly = try probes.reduce(0) { sum, probe in
                try sum + held.entries.count { try probe.compared(with: $0.template).value >= floor - 0.004 }
            }
            #expect(asked == asked.sorted() && found.allSatisfy { !$0.isEmpty })
            #expect(limit == 10 ? asked.count < 15 * count : asked.count <= nearly)
        }
        #expect(index.residentBytes <= 170 * 24_576)
    }

    @Test("A row that the caller no longer has makes the search ask for a newer index")
    func outdated() throws {
        var random = SeededGenerator(seed: 6)
        let held = HeldFaces.random(10, dimension: 5, using: &random)
        var index = try GalleryIndex(model: .test, dimension: 5)
        try index.append(held.entries)
        #expect(throws: GalleryIndex.Outdated(row: 4)) {
            try index.candidates(
                for: held.entries[0].template, limit: 10, atLeast: ComparisonScore(-2), where: .init(now: -1)
            ) { try held.exact($0, gone: [4]) }
        }
        #expect {
            try index.candidates(
                for: held.entries[0].template, limit: 10, atLeast: ComparisonScore(-2), where: .init(now: -1)
            ) { _ in GalleryIndex.ExactFaces(of: index) }
        } throws: { ($0 as? RecognitionError)?.code == .fault }
    }

    @Test("What cannot be indexed or searched for is refused, and nothing is changed")
    func refusals() throws {
        let template = try Template(model: .test, normalising: [1, 0])
        func refused(_ code: RecognitionError.Code, _ body: () throws -> Void) {
            #expect { try body() } throws: { ($0 as? RecognitionError)?.code == code }
        }
        for dimension in [-1, 0, 1_025] {
            refused(.invalidValue) { _ = try GalleryIndex(model: .test, dimension: dimension) }
        }
        var index = try GalleryIndex(model: .test, dimension: 2)
        try index.append([.init(row: 5, template: template, enrolled: 0)])
        let good = GalleryIndex.Entry(row: 6, template: template, enrolled: 0)
        let other = try Template(model: TemplateModelID(rawValue: "other"), normalising: [1, 0])
        let longer = try Template(model: .test, normalising: [1, 0, 0])
        for template in [other, longer] {
            refused(.modelMismatch) { try index.append([good, .init(row: 7, template: template, enrolled: 0)]) }
            refused(.modelMismatch) {
                _ = try index.candidates(
                    for: template, limit: 1, atLeast: ComparisonScore(0), where: everything
                ) { _ in GalleryIndex.ExactFaces(of: index) }
            }
        }
        for row in [Int64.min, 5, 6] {
            refused(.invalidValue) { try index.append([good, .init(row: row, template: template, enrolled: 0)]) }
        }
        refused(.invalidValue) { try index.append([.init(row: 7, template: template, person: -1, enrolled: 0)]) }
        refused(.invalidValue) { try index.assign(person: -1, rows: [5]) }
        for limit in [-1, 0, 4_097] {
            refused(.invalidValue) {
                _ = try index.candidates(
                    for: template, limit: limit, atLeast: ComparisonScore(0), where: everything
                ) { _ in GalleryIndex.ExactFaces(of: index) }
            }
        }
        refused(.invalidValue) {
            _ = try index.candidates(
                for: template, limit: 1, atLeast: ComparisonScore(.nan), where: everything
            ) { _ in GalleryIndex.ExactFaces(of: index) }
        }
        #expect(index.count == 1 && index.rows == [5] && index.lastRow == 5)
        #expect(index.contains(row: 5) && !index.contains(row: 6))
        #expect(index.remove(rows: [4, 6, 5, 5]) == 1 && index.count == 0 && index.pieceCount == 0)
        #expect(
            try index.candidates(for: [], limit: 1, atLeast: ComparisonScore(0), where: everything) { _ in
                GalleryIndex.ExactFaces(of: index)
            } == [])
    }
}
