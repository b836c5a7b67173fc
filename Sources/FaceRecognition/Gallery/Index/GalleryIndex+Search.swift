extension GalleryIndex {
    /// The most candidates a search gives, as Rekognition's MaxFaces has it.
    public static let maximumCandidates = 4_096

    /// Which faces a search may find. Applied inside the scan, so that k results are k results.
    public struct Filter: Sendable, Hashable {
        /// In milliseconds since 1970: faces that expire now or earlier are not found.
        public var now: Int64
        /// Only this person's faces.
        public var person: Int32?
        /// Only faces that are some person's.
        public var isSomebodys = false
        /// Only faces enrolled in this span, in milliseconds since 1970.
        public var enrolled: ClosedRange<Int64>?
        /// Only these rows.
        public var rows: Set<Int64>?
        /// Whether every face passes that has not expired.
        var isOpen: Bool { person == nil && !isSomebodys && enrolled == nil && rows == nil }

        public init(
            now: Int64, person: Int32? = nil, enrolled: ClosedRange<Int64>? = nil, rows: Set<Int64>? = nil
        ) {
            self.now = now
            self.person = person
            self.enrolled = enrolled
            self.rows = rows
        }
    }

    /// A row that a search found.
    public struct Match: Sendable, Hashable {
        public let row: Int64
        public let id: FaceID
        public let score: ComparisonScore

        /// The order of every answer: the higher score first, and the lower face id among equals.
        static func precedes(_ a: Match, _ b: Match) -> Bool {
            a.score != b.score ? a.score > b.score : a.id < b.id
        }
    }

    /// The caller no longer has a row that the index holds: search again with a newer index.
    public struct Outdated: Error, Hashable {
        public let row: Int64
    }

    /// The rows closest to the probe: exactly those, and in exactly the order, of a scan that compares the probe with
    /// every template in double precision (`Template.compared`) and sorts by score, then face id.
    ///
    /// Cost: one pass over half a byte a component (many probes at once: one), then `exact` for the `limit` best rows
    /// and a few more. It blocks until it is done; call it from a thread that may (not one of Swift's shared ones).
    ///
    /// - Parameters:
    ///   - limit: 1...4,096.
    ///   - floor: scores below it are no candidates.
    ///   - threads: as many as the scan may use. Small galleries use one.
    ///   - exact: gives, in their order, the faces of ascending rows. It is called at most once.
    /// - Throws: `.modelMismatch`, of the probe or of what `exact` gives; `.invalidValue` for the limit; `.fault` when
    ///   `exact` gives more or fewer faces; `Outdated`; what `exact` throws.
    public func candidates(
        for probe: Template, limit: Int, atLeast floor: ComparisonScore, where filter: Filter, threads: Int = 1,
        exact: ([Int64]) throws -> ExactFaces
    ) throws -> [Match] {
        try candidates(
            for: [probe], limit: limit, atLeast: floor, where: filter, threads: threads, exact: exact)[0]
    }

    /// The same for many probes, which share the passage over memory: each has the answer that it would have alone.
    ///
    /// - Returns: the probes' candidates, in the probes' order.
    public func candidates(
        for probes: [Template], limit: Int, atLeast floor: ComparisonScore, where filter: Filter, threads: Int = 1,
        exact: ([Int64]) throws -> ExactFaces
    ) throws -> [[Match]] {
        try Self.check(limit: limit)
        return try candidates(
            for: probes, limit: limit, atLeast: floor, where: filter, threads: threads, path: .best, exact: exact)
    }

    /// - Throws: `.invalidValue`.
    static func check(limit: Int) throws {
        guard (1...maximumCandidates).contains(limit) else {
            throw RecognitionError(
                .invalidValue, "A search gives 1 to \(maximumCandidates) candidates, not \(limit).")
        }
    }

    func candidates(
        for probes: [Template], limit: Int, atLeast floor: ComparisonScore, where filter: Filter, threads: Int,
        path: ScanPath, bytesWorthAThread: Int = IndexScan.bytesWorthAThread,
        exact: ([Int64]) throws -> ExactFaces
    ) throws -> [[Match]] {
        guard !floor.value.isNaN else {
            throw RecognitionError(.invalidValue, "The least score is not a number; give one from -1 to 1.")
        }
        for probe in probes {
            guard probe.model == model, probe.components.count == dimension else {
                throw RecognitionError(
                    .modelMismatch,
                    "The index belongs to the model \(model) with \(dimension) components, the probe to \(probe.model) with \(probe.components.count); use the index's own model."
                )
            }
        }
        let possible = IndexScan.possibleRows(
            of: self, probes, limit: limit, floor: floor, filter: filter, path: path, threads: threads,
            bytesWorthAThread: bytesWorthAThread)
        // Each row is asked for once, however many probes it may be a candidate of.
        var all: [Int64] = []
        all.reserveCapacity(possible.reduce(0) { $0 + $1.count })
        for rows in possible { all.append(contentsOf: rows) }
        all.sort()
        var rows: [Int64] = []
        rows.reserveCapacity(all.count)
        for row in all where row != rows.last { rows.append(row) }
        guard !rows.isEmpty else { return probes.map { _ in [] } }
        let faces = try exact(rows)
        guard faces.ids.count == rows.count else {
            throw RecognitionError(.fault, "\(rows.count) templates were asked for, \(faces.ids.count) came.")
        }
        guard faces.model == model, faces.dimension == dimension else {
            throw RecognitionError(
                .modelMismatch,
                """
                Templates of the model \(model) with \(dimension) components were asked for, some of \(faces.model) with \
                \(faces.dimension) came; give the index's own.
                """)
        }
        return try onThreads(threads, count: probes.count) { [rows] p in
            Result {
                var matches = try faces.matches(probes[p], possible[p], of: rows, atLeast: floor)
                matches.sort(by: Match.precedes)
                return matches.count > limit ? Array(matches[..<limit]) : matches
            }
        }.map { try $0.get() }
    }
}
