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

/// A gallery at one moment, ready to be searched: immutable, so that a search sees one state of it, whatever is enrolled
/// meanwhile.
///
/// It holds the codes of the gallery's faces; what the store keeps of a face is read for those few that a search comes
/// upon.
package struct Gallery: Sendable {
    package let name: GalleryName
    private let index: GalleryIndex
    private let faces: @Sendable ([Int64]) throws -> [EnrolledFace?]

    /// - Parameter faces: gives, in their order, the faces of the index's rows; nil for one that is gone. May block.
    package init(
        _ name: GalleryName, index: GalleryIndex, faces: @escaping @Sendable ([Int64]) throws -> [EnrolledFace?]
    ) {
        self.name = name
        self.index = index
        self.faces = faces
    }

    package var count: Int { index.count }

    /// The enrolled faces closest to the probe: exactly those, and in exactly the order, of a scan that compares the
    /// probe with every template in double precision (`Template.compared`) and sorts by score, then face id.
    ///
    /// Cost: see `GalleryIndex`. Blocks.
    ///
    /// - Parameters:
    ///   - limit: 1...4,096.
    ///   - floor: scores below it are no candidates.
    ///   - now: faces that expire then or earlier are none.
    ///   - threads: as many as the scan may use.
    /// - Throws: `.modelMismatch`, `.invalidValue` for the limit; `GalleryIndex.Outdated` when a face that the search came
    ///   upon has been forgotten meanwhile.
    package func candidates(
        for probe: Template, limit: Int, atLeast floor: ComparisonScore, now: Date = Date(), threads: Int = 1
    ) throws -> [Candidate] {
        var known: [Int64: EnrolledFaceDescription] = [:]
        let matches = try index.candidates(
            for: probe, limit: limit, atLeast: floor, where: .init(now: Int64(now.timeIntervalSince1970 * 1_000)),
            threads: threads
        ) { rows in
            try zip(rows, faces(rows)).map { row, face in
                known[row] = face?.description
                return face.map { GalleryIndex.ExactFace(id: $0.id, template: $0.template) }
            }
        }
        return matches.compactMap { match in known[match.row].map { Candidate(face: $0, score: match.score) } }
    }
}

extension GalleryStore {
    /// Searches a gallery; should a face that the search comes upon be forgotten meanwhile, its state after that.
    func search(
        _ gallery: Gallery, for probe: Template, limit: Int, atLeast floor: ComparisonScore, on workers: Workers
    ) async throws -> [Candidate] {
        var gallery = gallery
        while true {
            do {
                return try await workers.run { [gallery] in
                    try gallery.candidates(
                        for: probe, limit: limit, atLeast: floor, threads: ProcessInfo.processInfo.activeProcessorCount)
                }
            } catch is GalleryIndex.Outdated { gallery = try await self.gallery(gallery.name) }
        }
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
