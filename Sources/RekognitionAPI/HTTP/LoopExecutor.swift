import NIOCore

/// Runs a connection's task on the thread that reads and writes the connection.
///
/// On Swift's shared threads a request and its answer change threads on their way, with the caches of another core before
/// them. Photographs, searches and changes have threads of their own (`Workers`, the database's queue); what is left here
/// is the signature, JSON and the log's line: milliseconds for the largest body.
final class LoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    init(_ loop: any EventLoop) { self.loop = loop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
