/// Which faces of a photograph are meant, and so go on to a template.
struct FaceChoice: Sendable {
    /// What becomes of the faces beyond the limit.
    enum Rest: Sendable {
        /// They are not looked at.
        case unseen
        /// They are described by what the detector tells: without the mesh, which costs a network's run for each.
        case sketched
        /// They are described, and judged by the quality bar, as those before.
        case judged
    }

    /// A face that was not chosen.
    struct Left: Sendable {
        /// In the photograph's pixels.
        let face: DescribedFace
        /// Whether only the limit kept it out.
        let exceedsLimit: Bool
        let shortcomings: [QualityShortcoming]
    }

    var rule = SubjectRule.largest
    var quality = QualityBar.none
    /// The most faces; nil for all.
    var limit: Int?
    var rest = Rest.unseen
}

/// Which face of a photograph is meant where one is needed.
public enum SubjectRule: String, Sendable, Hashable, CaseIterable {
    /// The one with the largest box, as Rekognition has it: the rule of every operation on people's photographs.
    case largest
    /// The one closest to the photograph's centre: the convention of data sets that were cut around their subject (LFW).
    case central

    /// - Parameter faces: largest first.
    /// - Returns: the faces, the one that is meant first.
    func order(_ faces: [DetectedFace], in image: PixelImage) -> [DetectedFace] {
        switch self {
        case .largest: return faces
        case .central:
            let centre = Point(x: Double(image.width - 1) / 2, y: Double(image.height - 1) / 2)
            let distances = faces.map { ($0.box.centre - centre).length }
            return faces.indices.sorted { (distances[$0], $0) < (distances[$1], $1) }.map { faces[$0] }
        }
    }
}
