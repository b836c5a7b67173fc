import Foundation

/// A few threads of our own for work that blocks: decoding and inference never run on Swift's shared thread pool, where
/// they would keep everybody else from moving.
package struct Workers: Sendable {
    /// How many jobs run at once.
    package let count: Int
    // `OperationQueue` may be used from any thread (Foundation's documentation); it is set up here and never changed.
    private let queue: OperationQueue

    /// - Parameter count: usually the number of cores; at least 1.
    package init(count: Int) {
        self.count = max(1, count)
        queue = OperationQueue()
        queue.maxConcurrentOperationCount = self.count
        queue.qualityOfService = .userInitiated
    }

    /// Runs `job` on one of the threads, as soon as one is free. A job that has begun is finished.
    package func run<Result: Sendable>(_ job: @escaping @Sendable () throws -> Result) async throws -> Result {
        try Task.checkCancellation()
        return try await withCheckedThrowingContinuation { continuation in
            queue.addOperation { continuation.resume(with: Swift.Result { try job() }) }
        }
    }
}
