import ArgumentParser
import FaceRecognition
import Foundation

struct Identify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Search a gallery for the largest face of each photograph.",
        discussion: """
            Without --threshold, the similarity applies at which a gallery of this size lets one expect at most 0.01 false \
            candidates in a search; at least 80. Every answer says how many false candidates to expect.

            Examples:
              countenance identify --gallery staff visitor.jpg
              countenance identify --gallery archive --threshold 60 --max 20 --json *.jpg

            Exit codes: 0 a candidate was found; 1 none for any photograph; 3 a photograph or the gallery is bad.
            """)

    @Option(help: .init("The gallery.", valueName: "name"), transform: GalleryName.argument)
    var gallery: GalleryName

    @Argument(help: .init("The probes.", valueName: "photo"), completion: .file())
    var photographs: [String]

    @Option(
        help: .init("Candidates reach at least this similarity, 0 to 100.", valueName: "similarity"),
        transform: Similarity.argument)
    var threshold: Similarity?

    @Option(
        name: .customLong("max"),
        help: .init("At most this many candidates, 1 to \(GalleryIndex.maximumCandidates).", valueName: "n"))
    var limit = 5

    @Option(
        help: .init(
            "Draw the probe, labelled with its best candidate, into this file (.png or .jpg); one photograph only.",
            valueName: "file"))
    var annotate: String?

    @OptionGroup var recognition: RecognitionOptions
    @OptionGroup var template: TemplateOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var data: DataOptions

    func validate() throws {
        guard (1...GalleryIndex.maximumCandidates).contains(limit) else {
            throw ValidationError("--max lies between 1 and \(GalleryIndex.maximumCandidates).")
        }
        if let annotate {
            guard photographs.count == 1 else { throw ValidationError("--annotate draws one photograph; give one.") }
            try Picture.check(annotate)
        }
    }

    func run() async throws {
        if let annotate { try Picture.checkPlace(annotate) }
        let session = try await data.open()
        guard let model = try await session.model(of: gallery) else {
            throw RecognitionError(
                .galleryNotFound, "There is no gallery \(gallery); `countenance gallery list` shows those there are.")
        }
        let recognizer = session.recognizer(
            try recognition.pipeline(data, mirror: template.mirror, galleryModel: model, photographs: 1))
        let point = threshold.map { OperatingPoint(similarity: $0) }
        var run = PhotographRun()
        for path in photographs {
            do {
                let permit = try await session.permit(.identify, gallery: gallery)
                let recorded = try await recognizer.identify(
                    recognition.photograph(path), in: gallery, at: point, limit: limit, permit: permit)
                let answer = recorded.outcome
                run.mark(found: !answer.answers.isEmpty)
                if output.json {
                    try Console.json(JSONIdentification(path, gallery, recognizer.model.id, recorded), pretty: false)
                } else {
                    if let note = answer.probe.choiceNote { Console.note("\(path.printable): \(note)") }
                    answer.lines(for: path).forEach { print($0) }
                }
                if let annotate {
                    let image = try recognition.image(path)
                    let label = answer.answers.first.map { "\($0.name.printable) \($0.similarity)" } ?? "no candidate"
                    try Picture.annotated(image, faces: [answer.probe.face], labels: [label]).write(to: annotate)
                }
            } catch {
                try run.report(error)
                if output.json, let error = error as? RecognitionError {
                    try Console.json(JSONFailure(path, error), pretty: false)
                }
            }
        }
        try run.outcome.end()
    }
}

extension Identification.Answer {
    /// Whom or what the candidate stands for, as far as it was said at enrolment.
    var name: String {
        candidate.face.person ?? candidate.face.externalID ?? candidate.face.id.rawValue
    }
}

extension Identification {
    /// For people.
    func lines(for path: String) -> [String] {
        let chosen = operatingPoint.isRecommended ? ", chosen for \(gallerySize.faces)" : ""
        let expected = expectedFalseCandidates.rounded3
        var lines = [
            "\(Console.bold(path.printable)): \(answers.isEmpty ? "no candidate" : answers.count == 1 ? "1 candidate" : "\(answers.count) candidates") at similarity \(operatingPoint.similarity) or above\(chosen)"
        ]
        for (i, answer) in answers.enumerated() {
            let id =
                answer.name == answer.candidate.face.id.rawValue
                ? "" : "  \(Console.dim(answer.candidate.face.id.rawValue))"
            lines.append("  \(i + 1)  \(Console.green(answer.similarity.description))  \(answer.name.printable)\(id)")
        }
        lines.append(
            "  A search of \(gallerySize.faces) at this threshold gives \(expected) false candidates on average for somebody who is not there."
        )
        return lines
    }
}

extension JSONIdentification {
    init(_ path: String, _ gallery: GalleryName, _ model: TemplateModelID, _ recorded: Recorded<Identification>) {
        let answer = recorded.outcome
        self.init(
            photograph: path, gallery: gallery.rawValue, gallerySize: answer.gallerySize, model: model.rawValue,
            threshold: answer.operatingPoint.similarity.value,
            thresholdRecommended: answer.operatingPoint.isRecommended,
            expectedFalseCandidates: answer.expectedFalseCandidates, candidates: answer.answers.map(JSONCandidate.init),
            probe: JSONSubject(answer.probe), record: recorded.receipt.index, milliseconds: JSONTimes(answer.times))
    }
}
