/// The stages of the sentence that this project is.
public enum Stage: String, Sendable, Hashable, Codable, CaseIterable {
    case permit, image, faces, templates, gallery, record
}

/// How long each stage took.
public struct StageTimes: Sendable, Hashable {
    public private(set) var durations: [Stage: Duration] = [:]

    public init() {}

    public mutating func add(_ duration: Duration, to stage: Stage) { durations[stage, default: .zero] += duration }

    mutating func measure<Result>(_ stage: Stage, _ body: () throws -> Result) rethrows -> Result {
        let start = ContinuousClock.now
        defer { add(ContinuousClock.now - start, to: stage) }
        return try body()
    }

    static func + (a: StageTimes, b: StageTimes) -> StageTimes {
        var sum = a
        for (stage, duration) in b.durations { sum.add(duration, to: stage) }
        return sum
    }
}

/// A face in a photograph, with how well it can be seen. All in the upright photograph's pixels.
public struct DescribedFace: Sendable, Hashable {
    public let face: DetectedFace
    public let quality: SampleQuality

    public init(face: DetectedFace, quality: SampleQuality) {
        self.face = face
        self.quality = quality
    }

    /// - Parameter face: in the image's pixels.
    init(_ face: DetectedFace, in crop: AlignedCrop, of image: PixelImage) {
        let scaling = image.toPhotograph
        self.init(face: face.scaled(by: scaling), quality: SampleQuality(of: face, in: crop, scale: scaling.x))
    }

    /// What the mesh tells of the face besides.
    public var attributes: FaceAttributes { FaceAttributes(of: self) }
}

/// The face of a photograph that was used: the largest, or the largest of those that are good enough.
public struct Subject: Sendable, Hashable {
    public let described: DescribedFace
    /// How many faces there were to choose from.
    public let facesInPhotograph: Int

    public init(face: DescribedFace, facesInPhotograph: Int) {
        self.described = face
        self.facesInPhotograph = facesInPhotograph
    }

    public var face: DetectedFace { described.face }
    public var quality: SampleQuality { described.quality }
}

/// What `detect` found.
public struct Detection: Sendable {
    public let photographSize: PixelSize
    /// Largest first; none is an answer.
    public let faces: [DescribedFace]
    public let times: StageTimes
}

/// What `compare` found.
public struct Verification: Sendable {
    public let probe: Subject
    public let reference: Subject
    public let score: ComparisonScore
    public let similarity: Similarity
    /// The similarity from which the two count as a match.
    public let threshold: Similarity
    public let times: StageTimes

    public var isMatch: Bool { similarity >= threshold }
}

/// What `enrol` did.
public struct Enrolment: Sendable {
    public let face: EnrolledFaceDescription
    /// False when the photograph was enrolled already: nothing was added then.
    public let isNew: Bool
    /// nil when nothing was added.
    public let subject: Subject?
    public let times: StageTimes
}
