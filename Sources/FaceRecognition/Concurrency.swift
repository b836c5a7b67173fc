import Dispatch
import Foundation
import Synchronization

extension Result where Failure == any Error, Success: Sendable {
    /// What `body` gives or throws.
    package init(_ body: @Sendable () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}

extension Array where Element: Sendable {
    /// Runs `transform` on at most `width` elements at once and hands over the results one by one, in the elements' order.
    ///
    /// - Throws: what `each` throws; the elements that are on their way are cancelled then.
    package func mapConcurrently<Value: Sendable>(
        width: Int, _ transform: @escaping @Sendable (Element) async -> Value,
        each: (Element, Value) async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: (Int, Value).self) { group in
            var started = 0, due = 0
            var early: [Int: Value] = [:]
            while due < count {
                // Not too far ahead of the one that is due: what came early is kept in memory.
                while started < count, started < due + 4 * width, started - due - early.count < width {
                    let i = started
                    group.addTask { [element = self[i]] in (i, await transform(element)) }
                    started += 1
                }
                guard let (i, value) = try await group.next() else { return }
                early[i] = value
                while let value = early.removeValue(forKey: due) {
                    try await each(self[due], value)
                    due += 1
                }
            }
        }
    }
}

/// What `body` gives for each of 0..<count, on at most so many threads. It blocks.
func onThreads<Value: Sendable>(_ most: Int, count: Int, _ body: @Sendable @escaping (Int) -> Value) -> [Value] {
    guard most > 1, count > 1 else { return (0..<count).map(body) }
    let values = Mutex([Value?](repeating: nil, count: count))
    onThreads(
        min(most, count),
        [
            Pieces(count) { i, _ in
                let value = body(i)
                values.withLock { $0[i] = .some(value) }
            }
        ])
    return values.withLock { $0.compactMap(\.self) }
}

/// Work on several threads in stages, each of which begins when all before it are done. It blocks.
///
/// A thread that has nothing to do until then stays awake for a moment: a stage of a search takes less than waking a
/// thread does.
func onThreads(_ threads: Int, _ stages: [Pieces]) {
    // Should there be fewer threads for it, the rest find nothing left to do: none waits for one that has not begun.
    DispatchQueue.concurrentPerform(iterations: threads) { thread in
        for (i, stage) in stages.enumerated() {
            if i > 0 { stages[i - 1].wait() }
            stage.work(on: thread)
        }
    }
}

/// Pieces of work that do not depend on each other.
final class Pieces: Sendable {
    private let count: Int
    private let piece: @Sendable (_ number: Int, _ thread: Int) -> Void
    private let begun = Atomic<Int>(0)
    private let done = Atomic<Int>(0)

    /// - Parameter piece: is called once for each of 0..<count, on whichever thread is free. A thread does one piece at
    ///   a time.
    init(_ count: Int, _ piece: @escaping @Sendable (_ number: Int, _ thread: Int) -> Void) {
        self.count = count
        self.piece = piece
    }

    /// Does pieces until all are begun.
    fileprivate func work(on thread: Int) {
        while true {
            let number = begun.wrappingAdd(1, ordering: .relaxed).oldValue
            guard number < count else { return }
            piece(number, thread)
            done.wrappingAdd(1, ordering: .releasing)
        }
    }

    /// Until all are done. Looks again and again at first, then now and then: a long piece must not cost two cores.
    fileprivate func wait() {
        var looks = 0
        while done.load(ordering: .acquiring) < count {
            if looks < 500 { sched_yield() } else { usleep(50) }
            looks += 1
        }
    }
}
