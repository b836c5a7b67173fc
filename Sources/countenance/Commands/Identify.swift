import ArgumentParser
import FaceRecognition
import Foundation
import PolicyFile

struct Identify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Search a gallery for the largest face of each photograph.",
        discussion: """
            Without --threshold, the similarity applies at which a gallery of this size lets one expect at most 0.01 false \
            candidates in a search; at least 80. Every answer says how many false candidates to expect.

            Examples:
              countenance identify --gallery staff visitor.jpg
              countenance identify --gallery archive --threshold 60 --max 20 --json *.jpg
              countenance identify --gallery staff --people visitor.jpg
              countenance identify --gallery archive --external-id-prefix 2019/ --enrolled-after 2026-01-01 found.jpg

            With --people, each answer is a person: similarity is that of their closest face, or of the mean template of \
            their faces where that is higher.

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
        help: .init("At most this many candidates, 1 to \(GalleryIndex.maximumCandidates). Default: 5.", valueName: "n"))
    var max: Int?

    private var limit: Int { max ?? 5 }

    @Option(
        help: .init(
            "Draw the probe, labelled with its best candidate, into this file (.png or .jpg); one photograph only.",
            valueName: "file"))
    var annotate: String?

    @Flag(help: "Answer by person; faces that are nobody's are not found.")
    var people = false

    @Option(help: .init("Only this person's faces.", valueName: "name"))
    var person: String?

    @Option(help: .init("Only faces whose external id begins so.", valueName: "text"))
    var externalIDPrefix: String?

    @Option(
        help: .init(
            "Only faces enrolled at this time (UTC) or later: 2026-01-31 or 2026-01-31T12:00:00Z.", valueName: "time"),
        transform: Date.argument)
    var enrolledAfter: Date?

    @Option(
        help: .init("Only faces enrolled at this time (UTC) or earlier.", valueName: "time"), transform: Date.argument)
    var enrolledBefore: Date?

    @OptionGroup var recognition: RecognitionOptions
    @OptionGroup var template: TemplateOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var data: DataOptions

    func validate() throws {
        guard (1...GalleryIndex.maximumCandidates).contains(limit) else {
            throw ValidationError("--max lies between 1 and \(GalleryIndex.maximumCandidates).")
        }
        guard !people || filter == .none else {
            throw ValidationError(
                "--people asks about all of a person's faces; leave out --person, --external-id-prefix, --enrolled-after and --enrolled-before."
            )
        }
        guard enrolledAfter ?? .distantPast <= enrolledBefore ?? .distantFuture else {
            throw ValidationError("--enrolled-after lies after --enrolled-before, so no face could be found.")
        }
        if let annotate {
            guard photographs.count == 1 else { throw ValidationError("--annotate draws one photograph; give one.") }
            try Picture.check(annotate)
        }
    }

    private var filter: CandidateFilter {
        CandidateFilter(
            person: person, externalIDPrefix: externalIDPrefix,
            enrolled: enrolledAfter == nil && enrolledBefore == nil
                ? nil
                : (enrolledAfter ?? .distantPast)...Swift.max(
                    enrolledAfter ?? .distantPast, enrolledBefore ?? .distantFuture))
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
                let (answer, receipt) = try await search(
                    recognizer, recognition.photograph(path), at: point,
                    permit: session.permit(.identify, gallery: gallery, threshold: threshold, candidates: max))
                run.mark(found: !answer.answers.isEmpty)
                if output.json {
                    try Console.json(
                        JSONIdentification(path, gallery, recognizer.model.id, answer, receipt), pretty: false)
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

extension Identify {
    private func search(
        _ recognizer: FaceRecognizer, _ probe: Photograph, at point: OperatingPoint?, permit: Permit
    ) async throws -> (Identification, RecordReceipt) {
        guard people else {
            let recorded = try await recognizer.identify(
                probe, in: gallery, where: filter, at: point, limit: limit, permit: permit)
            return (recorded.outcome, recorded.receipt)
        }
        let recorded = try await recognizer.identifyPeople(
            .photograph(probe, .none), in: gallery, at: point, limit: limit, permit: permit)
        guard let answer = recorded.outcome.identification else { preconditionFailure("The probe was a photograph") }
        return (answer, recorded.receipt)
    }
}

extension Date {
    /// A day or a moment, in UTC, read as strictly as a policy's.
    static func argument(_ text: String) throws -> Date {
        guard let date = Date(policy: text) else {
            throw ValidationError("'\(text.printable)' is no time (UTC); write 2026-01-31, or 2026-01-31T12:00:00Z.")
        }
        return date
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
            let parts = answer.person.map {
                " (closest of \($0.faces.faces): \($0.best)\($0.mean.map { ", mean: \($0)" } ?? ""))"
            }
            lines.append(
                "  \(i + 1)  \(Console.green(answer.similarity.description))  \(answer.name.printable)\(parts ?? "")\(id)"
            )
        }
        lines.append(
            "  A search of \(gallerySize.faces) at this threshold gives \(expected) false candidates on average for somebody who is not there."
        )
        return lines
    }
}

extension JSONIdentification {
    init(
        _ path: String, _ gallery: GalleryName, _ model: TemplateModelID, _ answer: Identification,
        _ receipt: RecordReceipt
    ) {
        self.init(
            photograph: path, gallery: gallery.rawValue, gallerySize: answer.gallerySize, model: model.rawValue,
            threshold: answer.operatingPoint.similarity.value,
            thresholdRecommended: answer.operatingPoint.isRecommended,
            expectedFalseCandidates: answer.expectedFalseCandidates, candidates: answer.answers.map(JSONCandidate.init),
            probe: JSONSubject(answer.probe), record: receipt.index, milliseconds: JSONTimes(answer.times))
    }
}
