import Evaluation
import FaceRecognition
import Foundation
import ImageCodecs

/// The strangers that searches gave, most similar first, for a report that is to show both photographs.
struct WrongCandidates {
    struct Pair {
        let probe: OpenSetSearch.Photograph
        let reference: OpenSetSearch.Photograph
        /// Rounded down, as candidates' are.
        let similarity: Double
    }

    /// A page shows no more of them.
    static let most = 24
    /// Of the pictures on the page, in pixels.
    private static let longSide = 240

    let pairs: [Pair]
    /// How many there are, shown or not.
    let count: Int

    /// - Parameter lowest: the lowest score at which somebody counts as a candidate.
    init(_ outcomes: [ProbeOutcome], of search: OpenSetSearch, from lowest: ComparisonScore, _ scale: ScoreScale) {
        let found = outcomes.enumerated().compactMap { i, outcome in
            outcome.stranger.flatMap { $0.score >= lowest ? (probe: i, closest: $0) : nil }
        }.sorted { $0.closest.score > $1.closest.score }
        count = found.count
        pairs = found.prefix(Self.most).map {
            Pair(
                probe: search.probes[$0.probe], reference: search.gallery[$0.closest.reference],
                similarity: scale.similarity($0.closest.score))
        }
    }

    /// A section of the report, with the photographs in it.
    /// - Throws: what decoding a photograph throws.
    func html(_ recognition: RecognitionOptions) throws -> String {
        guard !pairs.isEmpty else { return "" }
        let encoder = try PictureEncoder(fileExtension: "jpeg")
        func figure(_ photograph: OpenSetSearch.Photograph, _ what: String) throws -> String {
            let picture = try encoder.encode(recognition.image(photograph.file), longSide: Self.longSide)
            let label = photograph.label.escaped
            return "<td><img alt=\"\(what): \(label)\" src=\"data:image/jpeg;base64,\(picture.base64EncodedString())\"><br>\(label)</td>"
        }
        let rows = try pairs.map {
            "<tr><td>\(String(format: "%.1f", $0.similarity))</td>\(try figure($0.probe, "Probe"))\(try figure($0.reference, "Candidate"))</tr>\n"
        }
        return """
            <h2>People taken for others</h2>
            <p>The closest stranger of a probe: \(count) reach the lowest similarity of this report\(count > pairs.count ? "; the \(pairs.count) most similar are shown" : ""). Handle this page as you handle the photographs.</p>
            <div class="wide"><table class="photographs"><thead><tr><th scope="col">Similarity</th><th scope="col">Probe</th><th scope="col">Candidate</th></tr></thead><tbody>
            \(rows.joined())</tbody></table></div>

            """
    }
}
