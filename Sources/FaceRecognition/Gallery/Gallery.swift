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

/// A gallery at one moment: immutable, so that a search sees one state of it, whatever is enrolled meanwhile.
public struct Gallery: Sendable {
    /// The most candidates a search gives, as Rekognition's MaxFaces has it.
    public static let maximumCandidates = 4_096

    public let description: GalleryDescription
    /// In the order of the templates' rows.
    public let faces: [EnrolledFaceDescription]
    /// One row of `dimension` components after another.
    private let components: [Float]

    /// - Throws: `.modelMismatch` when a template is not of the gallery's model and dimension.
    public init(_ description: GalleryDescription, faces: [EnrolledFace]) throws {
        var components: [Float] = []
        components.reserveCapacity(faces.count * description.dimension)
        for face in faces {
            try description.mustMatch(face.template)
            components += face.template.components
        }
        self.description = description
        self.faces = faces.map(\.description)
        self.components = components
    }

    public var count: Int { faces.count }

    /// The enrolled faces closest to the probe: exactly those, and in exactly the order, of a scan that compares the
    /// probe with every row in double precision (`Template.compared`) and sorts by score, then face id.
    ///
    /// Cost: one pass over all rows, and a heap of at most `limit` candidates.
    ///
    /// - Parameters:
    ///   - limit: 1...4,096.
    ///   - floor: scores below it are no candidates.
    /// - Throws: `.modelMismatch`, `.invalidValue` for the limit.
    public func candidates(for probe: Template, limit: Int, atLeast floor: ComparisonScore) throws -> [Candidate] {
        try description.mustMatch(probe)
        guard (1...Self.maximumCandidates).contains(limit) else {
            throw RecognitionError(
                .invalidValue, "A search gives 1 to \(Self.maximumCandidates) candidates, not \(limit).")
        }
        var best = BoundedHeap<Candidate>(capacity: limit, precedes: Candidate.precedes)
        let dimension = description.dimension
        components.withUnsafeBufferPointer { rows in
            probe.components.withUnsafeBufferPointer { probe in
                for row in faces.indices {
                    let stored = UnsafeBufferPointer(rebasing: rows[(row * dimension)..<((row + 1) * dimension)])
                    let score = ComparisonScore(dotProduct(probe, stored))
                    // The cheap test first: a candidate holds strings, and most rows are none.
                    guard score >= floor, best.last.map({ score >= $0.score }) ?? true else { continue }
                    best.insert(Candidate(face: faces[row], score: score))
                }
            }
        }
        return best.sorted()
    }
}

extension GalleryDescription {
    package func mustMatch(_ template: Template) throws {
        guard template.model == model, template.components.count == dimension else {
            throw RecognitionError(
                .modelMismatch,
                "The gallery \(name) belongs to the model \(model) with \(dimension) components, the template to \(template.model) with \(template.components.count); use the gallery's own model."
            )
        }
    }
}
