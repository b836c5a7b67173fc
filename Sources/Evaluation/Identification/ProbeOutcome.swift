import Dispatch
public import FaceRecognition
import Synchronization

/// What a search of a gallery for one probe gave: the closest reference of the probe's own person, and the closest of
/// anybody else. Every open-set rate at every threshold follows from these two.
public struct ProbeOutcome: Sendable, Hashable {
    public struct Closest: Sendable, Hashable {
        public let score: ComparisonScore
        /// The number of the reference photograph in the gallery.
        public let reference: Int
        public init(score: ComparisonScore, reference: Int) {
            self.score = score
            self.reference = reference
        }
    }

    /// The number of the person whom the probe shows.
    public let person: Int
    /// Whether the gallery was given a photograph of the person, with a template or without.
    public let hasMate: Bool
    /// Whether the probe has a template; without one nothing is found for it.
    public let acquired: Bool
    /// nil without a template on either side.
    public let mate: Closest?
    public let stranger: Closest?

    public init(person: Int, hasMate: Bool, acquired: Bool, mate: Closest?, stranger: Closest?) {
        self.person = person
        self.hasMate = hasMate
        self.acquired = acquired
        self.mate = mate
        self.stranger = stranger
    }

    /// Whether somebody else is given as a candidate.
    public func findsStranger(at threshold: ComparisonScore) -> Bool { stranger.map { $0.score >= threshold } ?? false }
    /// Whether the person is among the candidates.
    public func findsMate(at threshold: ComparisonScore) -> Bool { mate.map { $0.score >= threshold } ?? false }
    /// Whether the person is the first candidate. A tie goes to the stranger.
    public func findsMateFirst(at threshold: ComparisonScore) -> Bool {
        findsMate(at: threshold) && stranger.map { $0.score < mate?.score ?? $0.score } ?? true
    }

    /// Searches the gallery for every probe.
    ///
    /// Scores are cosines added in single precision. Cost: a dot product for each probe and reference.
    /// - Parameters:
    ///   - gallery, probes: nil stands for a photograph without a template.
    ///   - galleryPeople, probePeople: whom they show, numbered alike in both.
    ///   - progress: called now and then with how many probes are done, from any thread.
    /// - Throws: `.modelMismatch`; `.invalidValue` when there is not one person for each photograph.
    public static func search(
        _ gallery: [Template?], of galleryPeople: [Int], for probes: [Template?], of probePeople: [Int],
        threads: Int = 2, progress: @escaping @Sendable (Int) -> Void = { _ in }
    ) throws -> [ProbeOutcome] {
        guard gallery.count == galleryPeople.count, probes.count == probePeople.count else {
            throw RecognitionError(.invalidValue, "A search needs one person for each photograph.")
        }
        let references = gallery.indices.filter { gallery[$0] != nil }
        let asked = probes.indices.filter { probes[$0] != nil }
        let own = gallery.compactMap { $0 }, others = probes.compactMap { $0 }
        if let a = own.first, let b = others.first { _ = try a.compared(with: b) }
        let rows = try TemplateRows(others), columns = try TemplateRows(own)
        let whom = references.map { Int32(galleryPeople[$0]) }, askedFor = asked.map { Int32(probePeople[$0]) }
        let next = Mutex(0)
        let best = Mutex([Best](repeating: Best(), count: others.count))
        DispatchQueue.concurrentPerform(iterations: max(1, threads)) { _ in
            while true {
                let first = next.withLock { next in
                    defer { next += TemplateRows.block }
                    return next
                }
                guard first < others.count else { break }
                var found = [Best](repeating: Best(), count: min(TemplateRows.block, others.count - first))
                found.withUnsafeMutableBufferPointer { found in
                    rows.compare(blockAt: first, with: columns) { i, j, score in
                        if whom[j] == askedFor[i] {
                            if score > found[i - first].mate { found[i - first].take(mate: score, j) }
                        } else if score > found[i - first].stranger {
                            found[i - first].take(stranger: score, j)
                        }
                    }
                }
                best.withLock { $0.replaceSubrange(first..<(first + found.count), with: found) }
                progress(first + found.count)
            }
        }
        let found = best.withLock { $0 }
        let mates = Set(galleryPeople)
        var place = Array(repeating: -1, count: probes.count)
        for (row, probe) in asked.enumerated() { place[probe] = row }
        func closest(_ score: Float, _ column: Int) -> Closest? {
            column < 0 ? nil : Closest(score: ComparisonScore(Double(max(-1, min(1, score)))), reference: references[column])
        }
        return probes.indices.map { probe in
            let own = place[probe] >= 0 ? found[place[probe]] : Best()
            return ProbeOutcome(
                person: probePeople[probe], hasMate: mates.contains(probePeople[probe]), acquired: place[probe] >= 0,
                mate: closest(own.mate, own.mateColumn), stranger: closest(own.stranger, own.strangerColumn))
        }
    }

    private struct Best: Sendable {
        var mate = -Float.infinity, stranger = -Float.infinity
        var mateColumn = -1, strangerColumn = -1
        mutating func take(mate score: Float, _ column: Int) { (mate, mateColumn) = (score, column) }
        mutating func take(stranger score: Float, _ column: Int) { (stranger, strangerColumn) = (score, column) }
    }
}
