import Synchronization

/// What the threads that search for one probe know together: a score that certainly `limit` rows reach.
///
/// Rows whose upper bound is below it can be no candidates. No object, as `ProbeCodes` is none.
struct CandidateBounds: ~Copyable, Sendable {
    private let best: Mutex<BoundedHeap<Double>>
    private let bits: Atomic<UInt64>

    init(limit: Int, floor: ComparisonScore) {
        best = Mutex(BoundedHeap(capacity: limit))
        bits = Atomic(floor.value.bitPattern)
    }

    /// The score below which no row can be a candidate; it only rises.
    var threshold: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

    /// Tells of rows by the lower bounds of their scores, each row once.
    func insert(_ lowerBounds: some Sequence<Double>) {
        best.withLock { best in
            for bound in lowerBounds { best.insert(bound) }
            // Under the lock, so that it never falls.
            if let least = best.least, least > threshold { bits.store(least.bitPattern, ordering: .relaxed) }
        }
    }
}
