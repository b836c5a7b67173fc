/// What every search of a gallery has.
public struct GallerySearch: Sendable {
    /// A candidate with what its score means.
    public struct Answer: Sendable, Hashable {
        /// In a search for people, the face of the person that comes closest.
        public let candidate: Candidate
        /// In a search for people, the higher of the closest face's and the mean template's.
        public let similarity: Similarity
        /// nil in a search for faces.
        public let person: PersonAnswer?
    }

    /// What a search for people says besides.
    public struct PersonAnswer: Sendable, Hashable {
        /// The closest face's.
        public let best: Similarity
        /// The mean template's; nil for a person with one face.
        public let mean: Similarity?
        public let faces: Int
    }

    /// Closest first; none is an answer.
    public let answers: [Answer]
    /// The threshold that applied.
    public let operatingPoint: OperatingPoint
    /// Enrolled faces.
    public let gallerySize: Int
    /// Templates that the probe was compared with: the faces', and in a search for people also the means'.
    public let comparisons: Int
    public let times: StageTimes

    /// How many of the gallery's faces one must expect here by chance, when the probe's person is not enrolled.
    public var expectedFalseCandidates: Double { operatingPoint.expectedFalseCandidates(gallerySize: comparisons) }
}

/// A photograph that was searched with: the face that was chosen, and those that were not.
public struct ProbePhotograph: Sendable, Hashable {
    /// A face that was not searched with.
    public struct Other: Sendable, Hashable {
        /// Those that are smaller than the subject are described without the mesh, and so without pose and attributes:
        /// it costs a network's run for each.
        public let face: DescribedFace
        /// Why it was not good enough; none when it is only not the largest.
        public let shortcomings: [QualityShortcoming]
    }

    /// The largest face that passes the quality bar.
    public let subject: Subject
    public let size: PixelSize
    /// Largest first.
    public let others: [Other]
}

/// What `identify` found with a photograph.
public struct Identification: Sendable {
    public typealias Answer = GallerySearch.Answer
    public typealias Other = ProbePhotograph.Other

    public let photograph: ProbePhotograph
    public let search: GallerySearch

    public var probe: Subject { photograph.subject }
    public var photographSize: PixelSize { photograph.size }
    /// The faces that were not searched with, largest first.
    public var others: [Other] { photograph.others }
    /// Closest first; none is an answer.
    public var answers: [Answer] { search.answers }
    /// The threshold that applied.
    public var operatingPoint: OperatingPoint { search.operatingPoint }
    /// Enrolled faces.
    public var gallerySize: Int { search.gallerySize }
    /// See `GallerySearch`.
    public var comparisons: Int { search.comparisons }
    public var times: StageTimes { search.times }
    /// See `GallerySearch`.
    public var expectedFalseCandidates: Double { search.expectedFalseCandidates }
}

/// Whom a search for people looks for.
public enum PeopleProbe: Sendable {
    /// The largest face of a photograph that passes the bar.
    case photograph(Photograph, QualityBar)
    /// An enrolled face. The person whose it is is found as well, by the face itself.
    case face(FaceID)
    /// A person by the mean template of their faces; they themselves are left out of the answer.
    case person(String)
}

/// What `identifyPeople` found.
public struct PeopleSearch: Sendable {
    /// nil when the probe was no photograph.
    public let photograph: ProbePhotograph?
    /// Each answer has its `person`.
    public let search: GallerySearch

    /// Closest first; none is an answer.
    public var answers: [GallerySearch.Answer] { search.answers }

    /// As the answer of a search with a photograph; nil when the probe was none.
    public var identification: Identification? { photograph.map { Identification(photograph: $0, search: search) } }
}
