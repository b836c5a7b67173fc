import Synchronization

/// What is left to do for a request once its answer has been sent, or could not be: its client does not wait for it.
///
/// The log's line and the counts are; the record's entry is not: it comes before the answer. A connection has one, as its
/// requests are answered in turn.
final class Afterwards: Sendable {
    /// Of the connection that this task serves.
    @TaskLocal static var ofConnection: Afterwards?

    private let work = Mutex<(@Sendable () -> Void)?>(nil)

    /// Keeps `work` until the request that this task answers is over; a request has one piece of it.
    static func run(_ work: @escaping @Sendable () -> Void) {
        guard let ofConnection else { return work() }
        ofConnection.work.withLock { $0 = work }
    }

    /// Does what is left of the request that is over.
    func finish() { work.withLock { $0.take() }?() }
}
