import FaceRecognition
import Foundation

/// Templates in a file of single-precision numbers, mapped into memory: what a store does for a search's last step.
struct TemplateFile: Sendable {
    static let model = TemplateModelID(rawValue: "benchmark")
    let dimension: Int
    let count: Int
    private let data: Data

    init(path: String, dimension: Int) throws {
        data = try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
        self.dimension = dimension
        count = data.count / (4 * dimension)
    }

    func template(_ i: Int) throws -> Template {
        let components = data.withUnsafeBytes { bytes in
            Array(bytes.bindMemory(to: Float.self)[(i * dimension)..<((i + 1) * dimension)])
        }
        return try Template(model: Self.model, unitLength: components)
    }

    /// Templates one after another.
    func components(of rows: [Int64], threads: Int) -> [Float] {
        Array(unsafeUninitializedCapacity: rows.count * dimension) { room, count in
            // Each part writes rows of its own and reads what nobody writes; all are done before the memory's time is up.
            nonisolated(unsafe) let room = room
            data.withUnsafeBytes { bytes in
                nonisolated(unsafe) let all = bytes.bindMemory(to: Float.self)
                DispatchQueue.concurrentPerform(iterations: threads) { part in
                    for i in (rows.count * part / threads)..<(rows.count * (part + 1) / threads) {
                        let row = all[(Int(rows[i]) * dimension)..<((Int(rows[i]) + 1) * dimension)]
                        _ = room[(i * dimension)..<((i + 1) * dimension)].initialize(fromContentsOf: row)
                    }
                }
            }
            count = rows.count * dimension
        }
    }

    /// What must be found, by the definition: every product added in double precision, from first to last.
    func bestByBruteForce(_ probe: Template, limit: Int, floor: Double) -> [Found] {
        let threads = ProcessInfo.processInfo.activeProcessorCount
        let parts = (0..<threads).map { (count * $0 / threads)..<(count * ($0 + 1) / threads) }
        let best = Collected<[Found]>(parts.map { _ in [] })
        let components = probe.components.map(Double.init)
        DispatchQueue.concurrentPerform(iterations: threads) { part in
            var found: [Found] = []
            data.withUnsafeBytes { bytes in
                let rows = bytes.bindMemory(to: Float.self)
                for row in parts[part] {
                    var score = 0.0
                    for i in 0..<dimension { score += components[i] * Double(rows[row * dimension + i]) }
                    guard score >= floor else { continue }
                    found.append(Found(row: row, score: score))
                    if found.count >= 64 * limit { found = Array(found.sorted(by: Found.precedes).prefix(limit)) }
                }
            }
            best.set(part, found)
        }
        return Array(best.values.joined().sorted(by: Found.precedes).prefix(limit))
    }
}

/// A row and its score.
struct Found: Codable, Hashable, Sendable {
    let row: Int
    let score: Double
    static func precedes(_ a: Found, _ b: Found) -> Bool { a.score != b.score ? a.score > b.score : a.row < b.row }
}

/// Values that threads write, each its own.
final class Collected<Value: Sendable>: @unchecked Sendable {
    // Under the lock.
    private var all: [Value]
    private let lock = NSLock()
    init(_ values: [Value]) { all = values }
    var values: [Value] { lock.withLock { all } }
    func set(_ i: Int, _ value: Value) { lock.withLock { all[i] = value } }
}
