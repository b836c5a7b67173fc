/// A row that may be a candidate.
struct Survivor: Sendable {
    let segment: Int32
    let position: Int32
    /// The most that its score can be.
    let upper: Double
}

/// The rows that may be candidates of a probe.
struct SurvivorList: Sendable {
    private var survivors: [Survivor] = []
    private var pruneAt = 1_024

    mutating func append(_ survivor: Survivor) { survivors.append(survivor) }

    /// Drops the rows that a risen threshold has ruled out: now and then only, so that a row costs constant time.
    mutating func prune(below threshold: Double) {
        guard survivors.count >= pruneAt else { return }
        survivors.removeAll { $0.upper < threshold }
        pruneAt = max(1_024, 2 * survivors.count)
    }

    func reaching(_ threshold: Double) -> [Survivor] { survivors.filter { $0.upper >= threshold } }
}
