import Dispatch
import Foundation
import Synchronization

/// Ctrl-C (SIGINT) and a service manager's SIGTERM cancel the command, so that what was begun is finished and recorded;
/// a second one ends the process at once, as without us. What was acknowledged is durable in either case.
enum Interruption {
    /// The signal that came; 0 for none.
    private static let signal = Atomic<Int32>(0)

    /// The exit code of a command that a signal ended, as shells have it: 128 and the signal's number.
    static var outcome: Outcome { Outcome(rawValue: 128 + signal.load(ordering: .acquiring)) }

    /// While a person is asked, Ctrl-C is their answer: it ends the process at once again.
    static func endsAtOnce() { Foundation.signal(SIGINT, SIG_DFL) }

    /// Runs `body` as a task that the signals cancel.
    static func cancelling(_ body: sending @escaping () async throws -> Void) async throws {
        let task = Task { try await body() }
        let sources = [SIGINT, SIGTERM].map { number in
            // Otherwise the signal would end the process before the source sees it.
            Foundation.signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global(qos: .userInitiated))
            source.setEventHandler {
                Foundation.signal(number, SIG_DFL)
                signal.store(number, ordering: .releasing)
                task.cancel()
            }
            source.resume()
            return source
        }
        defer { sources.forEach { $0.cancel() } }
        try await task.value
    }
}
