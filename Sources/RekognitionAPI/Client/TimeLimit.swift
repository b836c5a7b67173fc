/// What took longer than it may.
struct TimedOut: Error {}

/// Cancels `work` when it takes longer than `time`: AsyncHTTPClient's deadline ends with the answer's head.
/// - Throws: ``TimedOut``; what `work` throws.
func within<Value: Sendable>(
    _ time: Duration, _ work: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value.self) { group in
        group.addTask(operation: work)
        group.addTask {
            try await Task.sleep(for: time)
            throw TimedOut()
        }
        defer { group.cancelAll() }
        guard let value = try await group.next() else { throw TimedOut() }
        return value
    }
}
