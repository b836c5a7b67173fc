import FaceRecognition
import Foundation

/// The measurements.
struct SearchBench {
    struct Threads: Encodable {
        let threads: Int
        /// Milliseconds of each search.
        let top10: [Double]
        let allAbove: [Double]
        /// Milliseconds of each batch of 64 probes, top 10.
        let batch: [Double]
    }

    struct Report: Encodable {
        let count: Int
        let dimension: Int
        let encodedPerSecond: Double
        let bytesPerFace: Double
        /// What the process's own memory grew by, over the faces.
        let residentBytesPerFace: Double
        let runs: [Threads]
        /// Templates asked for in full, on average.
        let exactPerTop10: Double
        let exactPerAllAbove: Double
        /// By probe.
        let top10: [[Found]]
        let allAbove: [[Found]]
        let checkedByBruteForce: Int
        let bruteForceAgrees: Bool
    }

    static let limit = 10
    static let batch = 64
    private static let mostAbove = 4_096

    let gallery: TemplateFile
    let probes: [Template]
    let floor: ComparisonScore
    private let filter = GalleryIndex.Filter(now: 0)
    private let index: GalleryIndex
    private let encodedPerSecond: Double
    private let residentBytes: Int
    /// In the order of the rows, as brute force breaks its ties.
    private let ids: [FaceID]

    init(gallery: TemplateFile, probes: TemplateFile, floor: ComparisonScore) throws {
        self.gallery = gallery
        self.probes = try (0..<probes.count).map(probes.template)
        self.floor = floor
        let before = Self.anonymousBytes()
        var index = try GalleryIndex(model: TemplateFile.model, dimension: gallery.dimension)
        var time = Duration.zero
        for first in stride(from: 0, to: gallery.count, by: 10_000) {
            // Ready templates: reading and checking them is not what is measured.
            let entries = try (first..<min(gallery.count, first + 10_000)).map {
                GalleryIndex.Entry(row: Int64($0), template: try gallery.template($0), enrolled: 0)
            }
            time += try ContinuousClock().measure { try index.append(entries) }
        }
        self.index = index
        encodedPerSecond = Double(gallery.count) / Self.milliseconds(time) * 1e3
        residentBytes = Self.anonymousBytes() - before
        // A store keeps ids as they are, and does not read them from digits.
        ids = (0..<gallery.count).compactMap { row in
            let digits = String(row, radix: 16)
            return FaceID("00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - digits.count) + digits)
        }
    }

    func report(repeats: Int, checked: Int) throws -> Report {
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let lists = try (0..<probes.count).map { try search($0, Self.limit, ComparisonScore(-2), threads: cores) }
        let above = try (0..<probes.count).map { try search($0, Self.mostAbove, floor, threads: cores) }
        let agrees = (0..<min(checked, probes.count)).allSatisfy { i in
            gallery.bestByBruteForce(probes[i], limit: Self.limit, floor: -2) == lists[i].found
                && gallery.bestByBruteForce(probes[i], limit: Self.mostAbove, floor: floor.value) == above[i].found
        }
        return Report(
            count: index.count, dimension: index.dimension, encodedPerSecond: encodedPerSecond,
            bytesPerFace: Double(index.residentBytes) / Double(index.count),
            residentBytesPerFace: Double(residentBytes) / Double(index.count),
            runs: try Set([1, cores]).sorted().map { try run(threads: $0, repeats: repeats) },
            exactPerTop10: Double(lists.reduce(0) { $0 + $1.exact }) / Double(lists.count),
            exactPerAllAbove: Double(above.reduce(0) { $0 + $1.exact }) / Double(above.count),
            top10: lists.map(\.found), allAbove: above.map(\.found), checkedByBruteForce: min(checked, probes.count),
            bruteForceAgrees: agrees)
    }

    private func run(threads: Int, repeats: Int) throws -> Threads {
        var top10: [Double] = [], allAbove: [Double] = [], batches: [Double] = []
        for i in 0..<repeats {
            top10.append(try search(i % probes.count, Self.limit, ComparisonScore(-2), threads: threads).milliseconds)
        }
        for i in 0..<repeats {
            allAbove.append(try search(i % probes.count, Self.mostAbove, floor, threads: threads).milliseconds)
        }
        let batch = (0..<Self.batch).map { probes[$0 % probes.count] }
        for _ in 0..<max(3, repeats / 20) {
            batches.append(
                Self.milliseconds(
                    try ContinuousClock().measure {
                        _ = try index.candidates(
                            for: batch, limit: Self.limit, atLeast: ComparisonScore(-2), where: filter,
                            threads: threads, exact: { try exact($0, threads: threads) })
                    }))
        }
        return Threads(threads: threads, top10: top10, allAbove: allAbove, batch: batches)
    }

    private func search(
        _ i: Int, _ limit: Int, _ floor: ComparisonScore, threads: Int
    ) throws -> (found: [Found], exact: Int, milliseconds: Double) {
        var asked = 0
        var matches: [GalleryIndex.Match] = []
        let time = try ContinuousClock().measure {
            matches = try index.candidates(
                for: probes[i], limit: limit, atLeast: floor, where: filter, threads: threads
            ) { rows in
                asked = rows.count
                return try exact(rows, threads: threads)
            }
        }
        return (matches.map { Found(row: Int($0.row), score: $0.score.value) }, asked, Self.milliseconds(time))
    }

    /// Many faces are read on as many threads as the search may use, as its peers read theirs.
    private func exact(_ rows: [Int64], threads: Int) throws -> GalleryIndex.ExactFaces {
        try GalleryIndex.ExactFaces(
            of: index, ids: rows.map { ids[Int($0)] },
            components: gallery.components(of: rows, threads: rows.count < 64 ? 1 : threads))
    }

    private static func milliseconds(_ time: Duration) -> Double {
        Double(time.components.seconds) * 1e3 + Double(time.components.attoseconds) / 1e15
    }

    /// Of this process, without mapped files (proc(5): RssAnon).
    private static func anonymousBytes() -> Int {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("RssAnon:") } ?? ""
        return (Int(line.filter(\.isNumber)) ?? 0) * 1_024
    }
}
