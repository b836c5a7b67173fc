/// The rows that may be candidates, each with the most that its score can be.
struct SurvivorList: Sendable {
    private var survivors: [(row: Int64, upper: Double)] = []
    private var pruneAt = 1_024

    mutating func append(_ row: Int64, upper: Double) { survivors.append((row, upper)) }

    mutating func append(_ other: SurvivorList) { survivors += other.survivors }

    /// Drops the rows that a risen threshold has ruled out: now and then only, so that a row costs constant time.
    mutating func prune(below threshold: Double) {
        guard survivors.count >= pruneAt else { return }
        survivors.removeAll { $0.upper < threshold }
        pruneAt = max(1_024, 2 * survivors.count)
    }

    func rows(reaching threshold: Double) -> [Int64] {
        survivors.lazy.filter { $0.upper >= threshold }.map(\.row)
    }
}
