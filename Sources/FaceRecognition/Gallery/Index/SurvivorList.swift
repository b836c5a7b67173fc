/// A row that may be a candidate.
struct Survivor: Sendable {
    let segment: Int32
    let position: Int32
    /// Of the row: whoever asks the segment again waits for memory.
    let step: Float
    let error: Float
    /// The most that its score can be.
    var upper: Double
}

/// The rows that may be candidates of a probe, as one thread finds them: raw memory, since a batch writes ten thousand
/// of them within a millisecond.
struct SurvivorList: ~Copyable {
    private var survivors: UnsafeMutablePointer<Survivor>
    private var capacity = 256
    private var count = 0
    private var pruneAt = 1_024

    init() { survivors = .allocate(capacity: capacity) }

    deinit { survivors.deallocate() }

    /// Makes room for so many more.
    mutating func reserve(_ more: Int) {
        guard count + more > capacity else { return }
        capacity = max(2 * capacity, count + more)
        let larger = UnsafeMutablePointer<Survivor>.allocate(capacity: capacity)
        larger.moveInitialize(from: survivors, count: count)
        survivors.deallocate()
        survivors = larger
    }

    /// - Precondition: there is room.
    mutating func append(_ survivor: Survivor) {
        assert(count < capacity)
        (survivors + count).initialize(to: survivor)
        count += 1
    }

    /// Drops the rows that a risen threshold has ruled out: now and then only, so that a row costs constant time.
    mutating func prune(below threshold: Double) {
        guard count >= pruneAt else { return }
        var kept = 0
        for i in 0..<count where survivors[i].upper >= threshold {
            survivors[kept] = survivors[i]
            kept += 1
        }
        count = kept
        pruneAt = max(1_024, 2 * count)
    }

    /// Adds those that may reach the threshold to an array.
    func reaching(_ threshold: Double, into some: inout [Survivor]) {
        for i in 0..<count where survivors[i].upper >= threshold { some.append(survivors[i]) }
    }
}
