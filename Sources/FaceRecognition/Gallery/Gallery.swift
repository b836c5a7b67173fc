package import Foundation

/// The best answers of a search: an enrolled face and how close it is.
public struct Candidate: Sendable, Hashable {
    public let face: EnrolledFaceDescription
    public let score: ComparisonScore

    public init(face: EnrolledFaceDescription, score: ComparisonScore) {
        self.face = face
        self.score = score
    }

    /// The order of every answer: the higher score first, and the lower face id among equals.
    public static func precedes(_ a: Candidate, _ b: Candidate) -> Bool {
        a.score != b.score ? a.score > b.score : a.face.id < b.face.id
    }
}

/// A person as the answer of a search: the face of theirs that comes closest, and the mean of all.
public struct PersonCandidate: Sendable, Hashable {
    /// The face that comes closest.
    public let best: Candidate
    /// How close the mean template of the person's faces is; nil for a person with one face.
    public let mean: ComparisonScore?
    public let faces: Int

    package init(best: Candidate, mean: ComparisonScore?, faces: Int) {
        self.best = best
        self.mean = mean
        self.faces = faces
    }

    /// What people are ordered by: the better of the two.
    public var score: ComparisonScore { mean.map { max($0, best.score) } ?? best.score }

    /// The higher score first, and the lower id of the best face among equals.
    public static func precedes(_ a: PersonCandidate, _ b: PersonCandidate) -> Bool {
        a.score != b.score ? a.score > b.score : a.best.face.id < b.best.face.id
    }
}

/// A gallery at one moment, ready to be searched: immutable, so that a search sees one state of it, whatever is enrolled
/// meanwhile.
///
/// It holds the codes of the gallery's faces; what the store keeps of a face is read for those few that a search comes
/// upon.
package struct Gallery: Sendable {
    package let name: GalleryName
    private let index: GalleryIndex
    private let means: PersonMeans?
    private let rows: any GalleryRows

    package init(_ name: GalleryName, index: GalleryIndex, means: PersonMeans? = nil, rows: any GalleryRows) {
        self.name = name
        self.index = index
        self.means = means
        self.rows = rows
    }

    /// - Throws: `.modelMismatch`.
    func mustMatch(_ model: TemplateModel) throws {
        try GalleryDescription(name: name, model: index.model, dimension: index.dimension, created: .distantPast)
            .mustMatch(model)
    }

    /// Faces; those that have expired and are not purged yet included.
    package var count: Int { index.count }
    /// Templates that a search for people compares the probe with: the faces' and the means'.
    package var countWithMeans: Int { index.count + (means?.count ?? 0) }

    /// The enrolled faces closest to each probe: exactly those, and in exactly the order, of a scan that compares the
    /// probe with every template in double precision (`Template.compared`) and sorts by score, then face id.
    ///
    /// Many probes share the passage over memory. Cost: see `GalleryIndex`. Blocks.
    ///
    /// - Parameters:
    ///   - limit: 1...4,096.
    ///   - floor: scores below it are no candidates.
    ///   - excluded: a face that is no candidate: the probe's own.
    ///   - now: faces that expire then or earlier are none.
    ///   - threads: as many as the scan may use.
    /// - Returns: in the probes' order.
    /// - Throws: `.modelMismatch`, `.invalidValue` for the limit; `GalleryIndex.Outdated` when a face that the search came
    ///   upon has been forgotten meanwhile.
    package func candidates(
        for probes: [Template], limit: Int, atLeast floor: ComparisonScore, where filter: CandidateFilter = .none,
        excluding excluded: FaceID? = nil, now: Date = Date(), threads: Int = 1
    ) throws -> [[Candidate]] {
        try GalleryIndex.check(limit: limit)
        guard let filter = try codes(of: filter, now: now) else { return probes.map { _ in [] } }
        var known: [Int64: EnrolledFaceDescription] = [:]
        let matches = try index.candidates(
            for: probes, limit: excluded == nil ? limit : limit + 1, atLeast: floor, where: filter, threads: threads,
            path: .best
        ) { try exact($0, &known) }
        return matches.map {
            let all = $0.compactMap { match in known[match.row].map { Candidate(face: $0, score: match.score) } }
            return Array(all.filter { $0.face.id != excluded }.prefix(limit))
        }
    }

    /// The people closest to a probe: a person's score is that of their closest face or of the mean template of their
    /// faces, whichever is higher. Exact as the search for faces is.
    ///
    /// Why the two searches below suffice: of the k best people, each is among the k best by face or among the k best by
    /// mean. The closest faces are taken in growing numbers until they belong to k people, or there are no more: that is
    /// once, unless somebody has more than the 100 faces that a person may have.
    ///
    /// - Precondition: the gallery knows its people's means.
    /// - Parameters:
    ///   - limit: people, 1...4,096.
    ///   - excluded: a person who is no candidate: the probe's own.
    /// - Throws: as `candidates`.
    package func people(
        for probe: Template, limit: Int, atLeast floor: ComparisonScore, excluding excluded: String? = nil,
        now: Date = Date(), threads: Int = 1
    ) throws -> [PersonCandidate] {
        guard let means else { preconditionFailure("A gallery that knows its people's means") }
        try GalleryIndex.check(limit: limit)
        let wanted = limit
        let limit = excluded == nil ? wanted : wanted + 1
        var known: [Int64: EnrolledFaceDescription] = [:]
        var filter = GalleryIndex.Filter(now: now.milliseconds)
        filter.isSomebodys = true
        var numbers: Set<Int32> = []
        var count = limit * PersonDescription.maximumFaces
        while true {
            let faces = try index.candidates(
                for: [probe], limit: count, atLeast: floor, where: filter, threads: threads, path: .best,
                exact: { try exact($0, &known) })[0]
            for match in faces where numbers.count < limit {
                if let name = known[match.row]?.person, let number = try rows.number(ofPerson: name) {
                    numbers.insert(number)
                }
            }
            if numbers.count == limit || faces.count < count { break }
            count *= 4
        }
        var people: [Int32: [EnrolledFace]] = [:]
        /// One state of the gallery: the faces must be those that the means were made of.
        func members(_ number: Int32) throws -> [EnrolledFace] {
            if let theirs = people[number] { return theirs }
            let theirs = try rows.faces(ofPerson: number)
            guard means.knows(theirs, of: number, now: now) else { throw GalleryIndex.Outdated(row: Int64(number)) }
            people[number] = theirs
            return theirs
        }
        let closest = try means.index.candidates(
            for: [probe], limit: limit, atLeast: floor, where: .init(now: now.milliseconds), threads: threads,
            path: .best
        ) { rows in
            var exact = GalleryIndex.ExactFaces(of: means.index)
            for row in rows {
                if let theirs = try means.person(atRow: row).map(members),
                    let mean = PersonMeans.mean(of: theirs, now: now)
                {
                    try exact.append(theirs[0].id, mean)
                } else {
                    exact.appendNone()
                }
            }
            return exact
        }
        numbers.formUnion(closest[0].compactMap { means.person(atRow: $0.row) })
        return Array(
            try numbers.compactMap { try candidate(members($0), for: probe, now: now) }
                .filter { $0.score >= floor && (excluded == nil || $0.best.face.person != excluded) }
                .sorted(by: PersonCandidate.precedes).prefix(wanted))
    }

    private func candidate(_ faces: [EnrolledFace], for probe: Template, now: Date) throws -> PersonCandidate? {
        let valid = faces.filter { !$0.description.hasExpired(at: now) }
        let best = try valid.map { Candidate(face: $0.description, score: try probe.compared(with: $0.template)) }
            .min(by: Candidate.precedes)
        let mean = try PersonMeans.mean(of: valid, now: now).map(probe.compared)
        return best.map { PersonCandidate(best: $0, mean: mean, faces: valid.count) }
    }

    private func exact(
        _ wanted: [Int64], _ known: inout [Int64: EnrolledFaceDescription]
    ) throws -> GalleryIndex.ExactFaces {
        var exact = GalleryIndex.ExactFaces(of: index)
        for (row, face) in zip(wanted, try rows.faces(wanted)) {
            known[row] = face?.description
            if let face { try exact.append(face.id, face.template) } else { exact.appendNone() }
        }
        return exact
    }

    /// - Returns: nil when the filter leaves nobody.
    private func codes(of filter: CandidateFilter, now: Date) throws -> GalleryIndex.Filter? {
        var codes = GalleryIndex.Filter(now: now.milliseconds)
        codes.enrolled = filter.enrolled.map { $0.lowerBound.milliseconds...$0.upperBound.milliseconds }
        if let person = filter.person {
            guard let number = try rows.number(ofPerson: person) else { return nil }
            codes.person = number
        }
        if let prefix = filter.externalIDPrefix { codes.rows = try rows.rows(externalIDPrefix: prefix) }
        return codes
    }
}

extension GalleryStore {
    /// Searches a gallery; should a face that the search comes upon be forgotten meanwhile, its state after that.
    /// - Throws: `.overtaken` when that happens again and again; what `body` throws.
    func search<Answer: Sendable>(
        _ gallery: Gallery, people: Bool = false, on workers: Workers,
        _ body: @escaping @Sendable (Gallery) throws -> Answer
    ) async throws -> Answer {
        var gallery = gallery
        // Twice would be chance already; a store whose clock is another one than the search's must not keep it for ever.
        for _ in 0..<32 {
            do {
                return try await workers.run { [gallery] in try body(gallery) }
            } catch is GalleryIndex.Outdated { gallery = try await self.gallery(gallery.name, people: people) }
        }
        throw RecognitionError(
            .overtaken, "The gallery \(gallery.name) changed again and again while it was searched; search it again.")
    }
}
