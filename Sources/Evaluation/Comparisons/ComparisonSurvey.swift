import Dispatch
public import FaceRecognition
import Synchronization

/// What the comparisons of a set of photographs gave, in bounded memory, however many they are.
///
/// Kept are: for each pair of groups a histogram of the scores of different people; the highest of those scores one by
/// one, with the people they belong to, since the rates that matter are decided among them; and the scores of one
/// person's photographs, each with its person. From these come every rate at every threshold and its bootstrap over
/// people.
///
/// Scores are cosines added in *single* precision, as in `AllComparisons`. For photographs that another system compared,
/// hand its scores to a `Tally`.
///
/// Cost: n^2 / 2 dot products. Memory: 12 bytes for each of the highest scores, 8 for each comparison of one person, and
/// 64 KB for each pair of groups and thread.
public struct ComparisonSurvey: Sendable {
    /// A comparison of two different people.
    public struct Hit: Sendable, Hashable {
        public let score: Float
        /// The people's numbers, the lower one first.
        public let first: Int32
        public let second: Int32
    }

    /// Of two photographs of one person.
    public struct Mated: Sendable, Hashable {
        public let score: Float
        public let person: Int32
    }

    /// How many of the highest scores of different people are kept one by one at most.
    public static let hitLimit = 4_000_000

    /// One in twenty is enough for every rate that matters; few cost little.
    private static func limit(photographs n: Int) -> Int { min(hitLimit, max(200_000, n * (n - 1) / 40)) }

    public let subjects: EvaluationSubjects
    /// The subjects' own, and before them everybody in one group.
    public let groupings: [Grouping]
    /// Falling.
    public let hits: [Hit]
    /// Every comparison of different people that reaches this score is among the hits; minus infinity when all are.
    public let floor: Float
    /// Rising.
    public let mated: [Mated]
    /// For each grouping.
    let histograms: [GroupHistograms]

    /// How many comparisons of different people were made.
    public var nonMated: Int { histograms[0].total(0, 0) }

    /// Compares every photograph with every other.
    /// - Parameter progress: called now and then with the number of photographs that are done, from any thread.
    /// - Throws: `.modelMismatch`; `.invalidValue` when there is not one template for each photograph of the subjects;
    ///   `CancellationError` when `isCancelled` says so.
    public init(
        _ templates: [Template], of subjects: EvaluationSubjects, keeping asked: Int? = nil, threads: Int = 2,
        isCancelled: @escaping @Sendable () -> Bool = { false }, progress: @escaping @Sendable (Int) -> Void = { _ in }
    ) throws {
        guard templates.count == subjects.ofPhotographs.count else {
            throw RecognitionError(
                .invalidValue,
                "\(templates.count) templates were given for \(subjects.ofPhotographs.count) photographs; give one for each.")
        }
        let limit = asked ?? Self.limit(photographs: templates.count)
        let rows = try TemplateRows(templates)
        let threads = max(1, threads)
        let people = subjects.ofPhotographs.map(Int32.init)
        let queue = Mutex(0)
        let sum = Mutex<Tally?>(nil)
        let floor = Self.likelyFloor(rows, people, keeping: limit)
        DispatchQueue.concurrentPerform(iterations: threads) { _ in
            // As many as all threads keep together: how the system shares the work out must not show in the result.
            var own = Tally(subjects, keeping: limit, from: floor)
            people.withUnsafeBufferPointer { people in
                while !isCancelled() {
                    let first = queue.withLock { next in
                        defer { next += TemplateRows.block }
                        return next
                    }
                    guard first < people.count else { break }
                    own.withHistograms { own, histograms in
                        rows.compare(blockAt: first) { i, j, score in
                            own.add(people[i], people[j], score, histograms)
                        }
                    }
                    progress(min(first + TemplateRows.block, people.count))
                }
            }
            sum.withLock { total in
                if total == nil { total = Tally(subjects, keeping: limit, from: floor) }
                total?.add(own)
            }
        }
        guard !isCancelled() else { throw CancellationError() }
        self.init(sum.withLock { $0 } ?? Tally(subjects, keeping: limit))
    }

    /// Of fewer comparisons all may be kept for a while.
    private static let manyComparisons = 1_000_000

    /// A score that a fifth more than `limit` of the comparisons of different people reach, judged by those of four blocks
    /// of photographs; with it from the start, few scores are kept only to be dropped again. Minus infinity for few
    /// comparisons.
    private static func likelyFloor(_ rows: TemplateRows, _ people: [Int32], keeping limit: Int) -> Float {
        let comparisons = rows.count * (rows.count - 1) / 2
        guard comparisons > manyComparisons, 2 * limit < comparisons else { return -.infinity }
        var counts = Array(repeating: 0, count: GroupHistograms.bins), total = 0
        for quarter in 0..<4 {
            let first = rows.count * quarter / 4 / TemplateRows.block * TemplateRows.block
            rows.compare(blockAt: first, with: rows) { i, j, score in
                guard people[i] != people[j] else { return }
                counts[GroupHistograms.bin(max(-1, min(1, score)))] += 1
                total += 1
            }
        }
        var left = Int(1.2 * Double(limit) / Double(comparisons) * Double(total))
        for bin in counts.indices.reversed() {
            left -= counts[bin]
            if left <= 0 { return Float(GroupHistograms.edge(bin)) }
        }
        return -.infinity
    }

    /// What a tally holds.
    public init(_ tally: Tally) {
        subjects = tally.subjects
        groupings = tally.groupings
        let falling = tally.hits.filter { $0.score >= tally.floor }.sorted { a, b in
            a.score != b.score ? a.score > b.score : (a.first, a.second) < (b.first, b.second)
        }
        // Scores equal to the lowest that stays all stay, unless they are so many that they would never fit.
        var lowest = falling.count > tally.limit ? falling[tally.limit - 1].score : tally.floor
        var kept = falling.partitioningIndex { $0.score < lowest }
        if kept >= 2 * tally.limit {
            lowest = lowest.nextUp
            kept = falling.partitioningIndex { $0.score < lowest }
        }
        floor = lowest
        hits = Array(falling[..<kept])
        mated = tally.mated.sorted { a, b in a.score != b.score ? a.score < b.score : a.person < b.person }
        histograms = tally.histograms
    }

    /// Comparisons as they come in.
    public struct Tally: Sendable {
        let subjects: EvaluationSubjects
        let groupings: [Grouping]
        fileprivate let limit: Int
        /// Grouping after grouping, histogram after histogram.
        fileprivate var counts: [Int]
        /// For each grouping where its histograms start, and how many groups it has.
        private let offsets: [Int]
        /// Grouping after grouping the group of each person.
        private let groups: [Int32]
        fileprivate var hits: [Hit] = []
        fileprivate var floor: Float
        fileprivate var mated: [Mated] = []

        public init(_ subjects: EvaluationSubjects, keeping limit: Int = ComparisonSurvey.hitLimit) {
            self.init(subjects, keeping: limit, from: -.infinity)
        }

        /// - Parameter floor: no score below it is kept.
        fileprivate init(_ subjects: EvaluationSubjects, keeping limit: Int, from floor: Float) {
            self.subjects = subjects
            self.limit = max(1, limit)
            self.floor = floor
            groupings = [.everybody(subjects.people)] + subjects.groupings
            groups = groupings.flatMap { $0.ofPerson.map(Int32.init) }
            var offsets: [Int] = [], size = 0
            for grouping in groupings {
                offsets += [size, grouping.labels.count]
                size += grouping.labels.count * grouping.labels.count * GroupHistograms.bins
            }
            self.offsets = offsets
            counts = Array(repeating: 0, count: size)
        }

        /// One comparison of photographs of two people, or of one.
        /// - Parameter score: rounding can take a cosine past 1; it is put back to -1...1.
        public mutating func add(_ first: Int, _ second: Int, score: Float) {
            withHistograms { $0.add(Int32(first), Int32(second), score, $1) }
        }

        /// The histograms' memory, so that the inner loop neither checks nor copies.
        fileprivate struct Histograms {
            let counts: UnsafeMutablePointer<Int>
            let groups: UnsafePointer<Int32>
            let offsets: UnsafePointer<Int>
            let groupings: Int
            let people: Int
        }

        /// The pointers hold inside `body` only.
        @inline(__always)
        fileprivate mutating func withHistograms(_ body: (inout Tally, Histograms) -> Void) {
            // Taken out meanwhile, so that nobody else holds them.
            var taken = counts
            counts = []
            let groups = groups, offsets = offsets, groupings = groupings.count, people = subjects.people
            taken.withUnsafeMutableBufferPointer { counts in
                groups.withUnsafeBufferPointer { groups in
                    offsets.withUnsafeBufferPointer { offsets in
                        guard let counts = counts.baseAddress, let offsets = offsets.baseAddress,
                            let groups = groups.baseAddress
                        else { return }
                        body(
                            &self,
                            Histograms(
                                counts: counts, groups: groups, offsets: offsets, groupings: groupings, people: people))
                    }
                }
            }
            counts = taken
        }

        @inline(__always)
        fileprivate mutating func add(_ first: Int32, _ second: Int32, _ score: Float, _ histograms: Histograms) {
            let score = max(-1, min(1, score))
            guard first != second else { return mated.append(Mated(score: score, person: first)) }
            let bin = GroupHistograms.bin(score)
            for grouping in 0..<histograms.groupings {
                let start = histograms.offsets[2 * grouping], width = histograms.offsets[2 * grouping + 1]
                let groups = histograms.groups + grouping * histograms.people
                let row = Int(groups[Int(first)]) * width + Int(groups[Int(second)])
                histograms.counts[start + row * GroupHistograms.bins + bin] += 1
            }
            guard score >= floor else { return }
            hits.append(Hit(score: score, first: min(first, second), second: max(first, second)))
            if hits.count >= 2 * limit + 1_024 { compact() }
        }

        /// Drops what is not among the `limit` highest: seldom, so that it costs little for each score. Scores equal to
        /// the lowest that stays all stay.
        fileprivate mutating func compact() {
            guard hits.count > limit else { return }
            let scores = hits.map(\.score).sorted(by: >)
            raise(to: scores[limit - 1])
            // So many equal scores that they would never fit.
            if hits.count >= 2 * limit { raise(to: floor.nextUp) }
        }

        fileprivate var histograms: [GroupHistograms] {
            groupings.indices.map { i in
                let start = offsets[2 * i], width = offsets[2 * i + 1]
                return GroupHistograms(
                    groups: width, counts: Array(counts[start..<(start + width * width * GroupHistograms.bins)]))
            }
        }

        private mutating func raise(to score: Float) {
            floor = score
            hits.removeAll { $0.score < score }
        }

        mutating func add(_ other: Tally) {
            for i in counts.indices { counts[i] += other.counts[i] }
            hits += other.hits
            raise(to: max(floor, other.floor))
            mated += other.mated
        }
    }
}
