import Synchronization

/// How much the service takes on at once. What is over it is told so at once (`ThrottlingException`, which AWS's clients
/// answer by waiting and asking again), rather than slowing everybody down until memory runs out.
package final class Admission: Sendable {
    package struct Limits: Sendable {
        /// Requests that are being read or answered.
        package var requests: Int
        /// Bytes of their bodies.
        package var bytes: Int
        /// Requests of one access key: so that one caller cannot take every place.
        package var requestsOfOneKey: Int

        /// - Parameter requests: a key may have three quarters of them, and bodies 4 MiB each on average.
        package init(requests: Int) {
            self.requests = requests
            bytes = max(requests * 4, 16) << 20
            requestsOfOneKey = max(1, requests * 3 / 4)
        }
    }

    private struct State {
        var requests = 0
        var bytes = 0
        var ofKey: [String: Int] = [:]
    }

    private let limits: Limits
    private let state = Mutex(State())

    package init(_ limits: Limits) { self.limits = limits }

    /// Runs `body` in a place for a request of that many bytes, if there is one.
    /// - Throws: `ThrottlingException`; what `body` throws.
    func admitting<Result>(
        key: String, bytes: Int, _ body: () async throws -> Result
    ) async throws -> Result {
        let refusal: String? = state.withLock { state in
            if state.requests >= limits.requests { return "The service has as many requests as it can take" }
            if state.bytes + bytes > limits.bytes { return "The service has as many photographs as it can hold" }
            if state.ofKey[key, default: 0] >= limits.requestsOfOneKey {
                return "This access key has as many requests on their way as one may have"
            }
            state.requests += 1
            state.bytes += bytes
            state.ofKey[key, default: 0] += 1
            return nil
        }
        if let refusal { throw ServiceError(.throttling, "\(refusal); wait a moment and send it again.") }
        defer {
            state.withLock { state in
                state.requests -= 1
                state.bytes -= bytes
                state.ofKey[key]! -= 1
                if state.ofKey[key] == 0 { state.ofKey[key] = nil }
            }
        }
        return try await body()
    }

    /// Requests that are on their way.
    var current: Int { state.withLock { $0.requests } }
}
