import Synchronization

/// What is left to do for a request once its answer has been sent, or could not be: its client does not wait for it.
///
/// The log's line and the counts are; the record's entry is not: it comes before the answer. A connection has one, as its
/// requests are answered in turn.
final class Afterwards: Sendable {
    /// Of the connection that this task serves.
    @TaskLocal static var ofConnection: Afterwards?

    private let works = Mutex<[@Sendable () -> Void]>([])

    /// Keeps `work` until the request that this task answers is over.
    static func run(_ work: @escaping @Sendable () -> Void) {
        guard let ofConnection else { return work() }
        ofConnection.works.withLock { $0.append(work) }
    }

    /// Does what is left of the request that is over.
    func finish() {
        let left = works.withLock { works in
            defer { works = [] }
            return works
        }
        for work in left { work() }
    }
}
