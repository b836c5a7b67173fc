import NIOCore

/// Runs a connection's task on the thread that reads and writes the connection.
///
/// On Swift's shared threads a request and its answer change threads on their way, with the caches of another core before
/// them. What blocks runs elsewhere anyway (`Workers`, the database's queue).
final class LoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    init(_ loop: any EventLoop) { self.loop = loop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
