import FaceTestSupport
import Foundation
import Testing

@testable import FaceRecognition

/// Searches for people, with filters and in batches, beside a plain reference.
@Suite struct PeopleSearchTests {
    private static let now = Date(timeIntervalSince1970: 1_000_000)

    /// Faces of a few people and of nobody: some are near each other, some expire.
    private func faces(_ count: Int, dimension: Int, _ random: inout SeededGenerator) -> [EnrolledFace] {
        var faces: [EnrolledFace] = []
        for i in 0..<count {
            let person = Int.random(in: -2..<6, using: &random)
            let near = faces.filter { $0.description.person == "\(person)" }.randomElement(using: &random)?.template
            let own = Template.random(dimension, using: &random)
            let template = near.flatMap { try? Template.mean(of: [$0, $0, own]) } ?? own
            let expires: Date? = switch Int.random(in: 0..<6, using: &random) {
            case 0: Self.now.addingTimeInterval(-1)
            case 1: Self.now
            case 2: Self.now.addingTimeInterval(0.001)
            default: nil
            }
            faces.append(
                EnrolledFace(
                    description: EnrolledFaceDescription(
                        person: person < 0 ? nil : "\(person)",
                        externalID: ["a/\(i)", "ab/\(i)", "b", nil].randomElement(using: &random)!,
                        photograph: nil, box: nil, confidence: nil,
                        enrolled: Self.now.addingTimeInterval(Double(Int.random(in: -3...0, using: &random))),
                        expires: expires),
                    template: template))
        }
        return faces
    }

    private func gallery(_ faces: [EnrolledFace], dimension: Int) throws -> Gallery {
        try Gallery.holding(
            faces, of: GalleryDescription(name: GalleryName("g"), model: .test, dimension: dimension, created: Date()),
            people: true, now: Self.now)
    }

    @Test("People are exactly those of a scan over all faces and all means", arguments: 0..<300)
    func people(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let dimension = 2 + seed % 9
        let faces = faces(Int.random(in: 0..<40, using: &random), dimension: dimension, &random)
        let gallery = try gallery(faces, dimension: dimension)
        let probe = Template.random(dimension, using: &random)
        let valid = faces.filter { ($0.description.expires ?? .distantFuture) > Self.now }
        let all: [PersonCandidate] = try Dictionary(grouping: valid.filter { $0.description.person != nil }) { $0.description.person! }.values
            .map { theirs -> PersonCandidate in
                let best = try theirs.map { Candidate(face: $0.description, score: try probe.compared(with: $0.template)) }
                    .sorted(by: Candidate.precedes)[0]
                let mean = theirs.count < 2 ? nil : try probe.compared(with: Template.mean(of: theirs.map(\.template)))
                return PersonCandidate(best: best, mean: mean, faces: theirs.count)
            }.sorted(by: PersonCandidate.precedes)
        for limit in [1, 2, 10] {
            for floor: Double in [-1, all.dropFirst().first?.score.value ?? 0] {
                let found = try gallery.people(for: probe, limit: limit, atLeast: ComparisonScore(floor), now: Self.now)
                #expect(found == Array(all.filter { $0.score.value >= floor }.prefix(limit)), "seed \(seed)")
            }
        }
    }

    @Test("A mean can be closer than every face of the person") func meanWins() throws {
        let a = try Template(model: .test, normalising: [1, 1, 0]), b = try Template(model: .test, normalising: [1, -1, 0])
        let faces = [a, b].map {
            EnrolledFace(
                description: EnrolledFaceDescription(
                    person: "Ann", externalID: nil, photograph: nil, box: nil, confidence: nil, enrolled: Self.now),
                template: $0)
        }
        let found = try gallery(faces, dimension: 3).people(
            for: Template(model: .test, normalising: [1, 0, 0]), limit: 5, atLeast: ComparisonScore(0.9), now: Self.now)
        #expect(found.count == 1)
        #expect(try #require(found.first?.mean).value > 0.999_999)
        #expect(try #require(found.first?.best.score).value < 0.71)
    }

    @Test("Filters leave exactly the best of the faces that they let pass", arguments: 0..<300)
    func filters(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let dimension = 2 + seed % 9
        let faces = faces(Int.random(in: 0..<40, using: &random), dimension: dimension, &random)
        let gallery = try gallery(faces, dimension: dimension)
        let probe = Template.random(dimension, using: &random)
        let filters = [
            CandidateFilter.none, CandidateFilter(person: "1"), CandidateFilter(person: "nobody"),
            CandidateFilter(externalIDPrefix: "a"), CandidateFilter(externalIDPrefix: "ab/"),
            CandidateFilter(enrolled: Self.now.addingTimeInterval(-2)...Self.now.addingTimeInterval(-1)),
            CandidateFilter(person: "2", externalIDPrefix: "a", enrolled: .distantPast ... .distantFuture),
        ]
        for filter in filters {
            let expected = try faces.filter { face in
                let it = face.description
                return (it.expires ?? .distantFuture) > Self.now && (filter.person == nil || filter.person == it.person)
                    && (filter.externalIDPrefix.map { it.externalID?.hasPrefix($0) ?? false } ?? true)
                    && (filter.enrolled?.contains(it.enrolled) ?? true)
            }.map { Candidate(face: $0.description, score: try probe.compared(with: $0.template)) }
                .sorted(by: Candidate.precedes)
            let found = try gallery.candidates(
                for: [probe], limit: 3, atLeast: ComparisonScore(-1), where: filter, now: Self.now)[0]
            #expect(found == Array(expected.prefix(3)), "seed \(seed), \(filter)")
        }
    }

    @Test("Probes of a batch have the answers that they have alone") func batch() throws {
        var random = SeededGenerator(seed: 5)
        let gallery = try gallery(faces(200, dimension: 16, &random), dimension: 16)
        let probes = (0..<20).map { _ in Template.random(16, using: &random) }
        let together = try gallery.candidates(for: probes, limit: 4, atLeast: ComparisonScore(0), now: Self.now)
        for (probe, answer) in zip(probes, together) {
            #expect(
                try gallery.candidates(for: [probe], limit: 4, atLeast: ComparisonScore(0), now: Self.now) == [answer])
        }
    }

    @Test("A person whose faces have changed since the means were made is not answered with the old mean")
    func outdated() throws {
        var random = SeededGenerator(seed: 6)
        let description = GalleryDescription(name: try GalleryName("g"), model: .test, dimension: 4, created: Date())
        let old = (0..<2).map { _ in
            EnrolledFace(
                description: EnrolledFaceDescription(
                    person: "Ann", externalID: nil, photograph: nil, box: nil, confidence: nil, enrolled: Self.now),
                template: .random(4, using: &random))
        }
        var index = try GalleryIndex(model: .test, dimension: 4)
        try index.append(old.enumerated().map { $1.entry(Int64($0)) })
        var means = try PersonMeans(model: .test, dimension: 4)
        try means.update(0, faces: old, now: Self.now)
        // The second one has left meanwhile.
        var gone = old[1]
        gone.description.person = nil
        let rows = MemoryRows(held: [0: old[0], 1: gone], people: ["Ann"])
        let gallery = Gallery(description.name, index: index, means: means, rows: rows)
        #expect(throws: GalleryIndex.Outdated.self) {
            try gallery.people(for: old[0].template, limit: 1, atLeast: ComparisonScore(-1), now: Self.now)
        }
    }
}

extension EnrolledFace {
    fileprivate func entry(_ row: Int64) -> GalleryIndex.Entry {
        GalleryIndex.Entry(row: row, template: template, person: 0, enrolled: 0)
    }
}
