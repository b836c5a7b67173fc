import FaceRecognition
import Foundation
import Testing

@testable import SQLiteStorage

/// What a power cut leaves: the files as they were at the last sync, and of what was written after it any part.
///
/// With `synchronous = FULL` SQLite syncs its log at each commit (a test of the settings holds that), so an acknowledged
/// change lies wholly in the part of the log that was there when it was acknowledged; all after that may be missing,
/// torn or other bytes.
@Suite struct PowerCutTests {
    private let temporary = TemporaryDirectory()

    /// A change that was acknowledged, and how long the log was then.
    private struct Acknowledged {
        let faces: Set<FaceID>
        let records: Int
        let log: Int
    }

    private func log(_ folder: String) -> String { folder + "/countenance.sqlite-wal" }

    /// Enrols one or several and lets join: what does not empty the log by itself.
    private func work(_ store: SQLiteStore, _ random: inout SeededGenerator) async throws -> [Acknowledged] {
        var done: [Acknowledged] = []
        var faces: Set<FaceID> = []
        for step in 0..<40 {
            let one = EnrolledFace.sample(step, dimension: 16, person: step % 3 == 0 ? "Person \(step)" : nil)
            if step % 5 == 4, let id = faces.randomElement(using: &random),
                try await store.faces(in: .staff, .face(id)).first?.person == nil
            {
                try await store.change(.join([id], person: "Joined", in: .staff))
            } else {
                let more = (0..<Int.random(in: 0...2, using: &random)).map { EnrolledFace.sample(1_000 + 10 * step + $0, dimension: 16) }
                try await store.change(.enrol([one] + more, in: .sample(dimension: 16)))
                faces.formUnion(([one] + more).map(\.id))
            }
            let size = try Data(contentsOf: URL(fileURLWithPath: log(temporary.data))).count
            done.append(Acknowledged(faces: faces, records: step + 1, log: size))
        }
        return done
    }

    @Test("What was acknowledged is there, and nothing by half, wherever the log ends", arguments: 1...4)
    func cut(seed: Int) async throws {
        var random = SeededGenerator(state: UInt64(seed))
        let store = try await temporary.store()
        try await store.change(.create(.sample(dimension: 16)))
        let made = try store.recordCount()
        let start = try Data(contentsOf: URL(fileURLWithPath: log(temporary.data))).count
        let done = try await work(store, &random)
        #expect(zip(done, done.dropFirst()).allSatisfy { $0.log < $1.log })
        let whole = try Data(contentsOf: URL(fileURLWithPath: log(temporary.data)))
        // At each acknowledgement, a byte before it, and anywhere.
        let lengths = done.flatMap { [$0.log, $0.log - 1] } + (0..<40).map { _ in Int.random(in: start...whole.count, using: &random) }
        for length in lengths.shuffled(using: &random).prefix(40) {
            let after = TemporaryDirectory()
            try FileManager.default.copyItem(atPath: temporary.data, toPath: after.data)
            try? FileManager.default.removeItem(atPath: after.data + "/countenance.sqlite-shm")
            var left = whole.prefix(length)
            // The rest may be anything: missing, zeros, or noise.
            switch Int.random(in: 0..<3, using: &random) {
            case 0: break
            case 1: left += Data(count: whole.count - length)
            default: left += Data((length..<whole.count).map { _ in UInt8.random(in: 0...255, using: &random) })
            }
            try Data(left).write(to: URL(fileURLWithPath: log(after.data)))
            // The rest may by chance begin as what was lost.
            let same = length + zip(left.dropFirst(length), whole.dropFirst(length)).prefix { $0 == $1 }.count
            let last = done.last { $0.log <= same }
            let store = try await after.store()
            #expect(Set(try await store.faces(in: .staff, nil).map(\.id)) == last?.faces ?? [], "seed \(seed), length \(length)")
            #expect(try store.recordCount() == made + (last?.records ?? 0), "seed \(seed), length \(length)")
            #expect(try store.check(.staff) == [], "seed \(seed), length \(length)")
            try store.check()
            #expect(try await store.gallery(.staff).count == last?.faces.count ?? 0)
            try store.close()
        }
    }
}
