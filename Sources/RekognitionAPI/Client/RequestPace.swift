import Synchronization

/// Lets requests go no faster than so many a second, each in its turn.
final class RequestPace: Sendable {
    private let interval: Duration
    private let next = Mutex(ContinuousClock.now)

    /// - Parameter requestsPerSecond: above 0.
    init(requestsPerSecond: Double) { interval = .seconds(1 / requestsPerSecond) }

    /// - Throws: `CancellationError`.
    func turn() async throws {
        let mine = next.withLock { next in
            let mine = max(next, .now)
            next = mine + interval
            return mine
        }
        try await Task.sleep(until: mine, clock: .continuous)
    }
}
