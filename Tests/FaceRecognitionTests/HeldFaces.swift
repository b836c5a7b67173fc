import FaceTestSupport
import Foundation
import Testing

@testable import FaceRecognition

/// Faces that a test holds, as the store does for the program.
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

    func exact(_ rows: [Int64]) throws -> GalleryIndex.ExactFaces { try exact(rows, gone: []) }

    /// - Parameter gone: rows that are not held any more.
    func exact(_ rows: [Int64], gone: Set<Int64>) throws -> GalleryIndex.ExactFaces {
        let template = try #require(entries.first?.template, "Whoever asks for rows has some")
        var faces = GalleryIndex.ExactFaces(
            of: try GalleryIndex(model: template.model, dimension: template.components.count))
        for row in rows {
            if let place = places[row], let id = ids[row], !gone.contains(row) {
                try faces.append(id, entries[place].template)
            } else {
                faces.appendNone()
            }
        }
        return faces
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

    mutating func remove(_ rows: Set<Int64>) {
        entries.removeAll { rows.contains($0.row) }
        places = [:]
        for (i, entry) in entries.enumerated() { places[entry.row] = i }
    }

    /// Awkward templates, a third of them duplicates of an earlier one: ties to the last bit.
    static func random(_ count: Int, dimension: Int, using random: inout SeededGenerator) -> HeldFaces {
        var held = HeldFaces()
        for _ in 0..<count {
            let twin = Int.random(in: 0..<3, using: &random) == 0 ? held.entries.randomElement(using: &random) : nil
            held.add(
                twin?.template ?? .awkward(dimension, using: &random), person: Int32.random(in: 0..<3, using: &random),
                enrolled: Int64.random(in: 0..<4, using: &random),
                expires: Int.random(in: 0..<4, using: &random) == 0 ? Int64.random(in: 0..<3, using: &random) : nil,
                id: .random(using: &random))
        }
        return held
    }
}

extension FaceID {
    static func random(using random: inout SeededGenerator) -> FaceID {
        let hex = String(UInt64.random(in: 0...UInt64(0xffff_ffff_ffff), using: &random), radix: 16)
        return FaceID("00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - hex.count) + hex)!
    }
}

extension Template {
    /// Components of many kinds, and some that a coder of numbers would not like.
    static func awkward(_ dimension: Int, using random: inout SeededGenerator) -> Template {
        var components = (0..<dimension).map { _ in Float.random(in: -1...1, using: &random) }
        let some = Int.random(in: 0..<dimension, using: &random)
        switch Int.random(in: 0..<8, using: &random) {
        case 0:  // One-hot.
            components = components.map { _ in 0 }
            components[some] = Bool.random(using: &random) ? 1 : -1
        case 1:  // Denormal components beside one that is not.
            components = components.map { $0 * 1e-30 * 1e-10 }
            components[some] = 1
        case 2:  // Huge ratios.
            components = components.map { $0 * pow(10, Float.random(in: -12...0, using: &random)) }
        case 3:  // Many zeros.
            components = components.map { Int.random(in: 0..<3, using: &random) == 0 ? $0 : 0 }
        case 4:  // All of one size: on the border between two codes.
            components = components.map { $0 < 0 ? -1 : 1 }
        default: break
        }
        return (try? Template(model: .test, normalising: components)) ?? .random(dimension, using: &random)
    }
}

extension ScanPath {
    static var supported: [ScanPath] { allCases.filter(\.isSupported) }
}
