import Dispatch
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

/// What `body` gives for each of 0..<count, on at most so many threads: each has every so many-th of them. It blocks.
func onThreads<Value: Sendable>(_ most: Int, count: Int, _ body: @Sendable (Int) -> Value) -> [Value] {
    let threads = min(most, count)
    guard threads > 1 else { return (0..<count).map(body) }
    let parts = Mutex([[Value]](repeating: [], count: threads))
    DispatchQueue.concurrentPerform(iterations: threads) { thread in
        let part = stride(from: thread, to: count, by: threads).map(body)
        parts.withLock { $0[thread] = part }
    }
    let all = parts.withLock { $0 }
    return (0..<count).map { all[$0 % threads][$0 / threads] }
}
