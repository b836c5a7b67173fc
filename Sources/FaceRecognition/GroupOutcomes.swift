/// What comparing a face with all faces of a photograph found.
public struct GroupVerification: Sendable {
    /// A face of the target, and how close the probe's is to it.
    public struct Answer: Sendable, Hashable {
        public let face: DescribedFace
        public let similarity: Similarity
    }

    public let probe: Subject
    public let probeSize: PixelSize
    public let targetSize: PixelSize
    /// Every face of the target that passes the quality bar, closest first, the larger one first among equals.
    public let answers: [Answer]
    /// The similarity from which a face counts as a match.
    public let threshold: Similarity
    public let times: StageTimes

    /// The answers at or above the threshold.
    public var matches: [Answer] { answers.filter { $0.similarity >= threshold } }
    /// The answers below the threshold.
    public var others: [Answer] { answers.filter { $0.similarity < threshold } }
}

/// What `enrolFaces` did with the faces of a photograph. Both lists are largest first.
public struct GroupEnrolment: Sendable {
    /// A face that is enrolled now.
    public struct Face: Sendable, Hashable {
        public let enrolled: EnrolledFaceDescription
        public let seen: DescribedFace
        /// False when it was enrolled already, from the same photograph with the same external id.
        public let isNew: Bool
    }

    /// A face that was left out.
    public struct Left: Sendable, Hashable {
        public let seen: DescribedFace
        /// Whether it is good enough, and only there were enough larger ones.
        public let exceedsLimit: Bool
        /// Why it is not good enough; none when it exceeds the limit.
        public let shortcomings: [QualityShortcoming]
    }

    public let photographSize: PixelSize
    public let faces: [Face]
    public let left: [Left]
    public let times: StageTimes
}

/// What became of faces that were to be made a person's.
public struct Association: Sendable, Hashable {
    public enum Reason: Sendable, Hashable {
        /// There is no such face in the gallery.
        case notFound
        /// It is another person's.
        case taken(by: String)
        /// Its similarity to the person is below what was asked.
        case tooFar(Similarity)
    }

    public struct Refused: Sendable, Hashable {
        public let face: FaceID
        public let reason: Reason
    }

    /// The person's now, by this request. Those that were before are in neither list.
    public let joined: [FaceID]
    public let refused: [Refused]
    public let status: PersonDescription.Status
    /// The similarity that applied; nil where nothing was compared.
    public let threshold: Similarity?
}
