import ArgumentParser
import FaceRecognition
import Foundation

struct Compare: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Compare the largest faces of two photographs.",
        discussion: """
            The similarity runs from 0 to 100 and means a false match rate: 80, 90 and 99 stand for one false match in \
            10,000, 100,000 and 1,000,000 comparisons of different people.

            Examples:
              countenance compare passport.jpg selfie.jpg
              countenance compare --threshold 99 --json a.jpg b.jpg

            Exit codes: 0 at or above the threshold; 1 below it, or no face; 3 a photograph could not be read.
            """)

    @Argument(help: .init("The probe.", valueName: "photo"), completion: .file())
    var probe: String

    @Argument(help: .init("The reference.", valueName: "photo"), completion: .file())
    var reference: String

    @Option(
        help: .init("The similarity from which the two count as a match. Default: 80.", valueName: "similarity"),
        transform: Similarity.argument)
    var threshold: Similarity?

    @Option(help: .init("Draw the two photographs side by side into this file (.png or .jpg).", valueName: "file"))
    var annotate: String?

    @OptionGroup var recognition: RecognitionOptions
    @OptionGroup var template: TemplateOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var data: DataOptions

    func validate() throws { if let annotate { try Picture.check(annotate) } }

    func run() async throws {
        if let annotate { try Picture.checkPlace(annotate) }
        let session = try await data.open()
        let pipeline = try recognition.pipeline(data, mirror: template.mirror, photographs: 1)
        let recognizer = session.recognizer(pipeline)
        let permit = try await session.permit(.compare, threshold: threshold)
        let recorded = try await recognizer.compare(
            recognition.photograph(probe), with: recognition.photograph(reference), at: threshold, permit: permit)
        let outcome = recorded.outcome
        if output.json {
            try Console.json(
                JSONVerification(
                    probe: probe, reference: reference, model: recognizer.model.id.rawValue,
                    similarity: outcome.similarity.value, falseMatchRate: outcome.similarity.falseMatchRate.value,
                    score: outcome.score.value, threshold: outcome.threshold.value, match: outcome.isMatch,
                    probeFace: JSONSubject(outcome.probe), referenceFace: JSONSubject(outcome.reference),
                    record: recorded.receipt.index, milliseconds: JSONTimes(outcome.times)))
        } else {
            for (path, subject) in [(probe, outcome.probe), (reference, outcome.reference)] {
                if let note = subject.choiceNote { Console.note("\(path.printable): \(note)") }
            }
            print(
                "Similarity \(Console.bold(outcome.similarity.description)): \(outcome.similarity.meaning(for: recognizer.model))."
            )
            print(
                outcome.isMatch
                    ? Console.green("At or above the threshold of \(outcome.threshold).")
                    : "Below the threshold of \(outcome.threshold): no match.")
        }
        if let annotate {
            let panels = try [(probe, outcome.probe), (reference, outcome.reference)].map { path, subject in
                (
                    picture: try Picture.annotated(recognition.image(path), faces: [subject.face]),
                    captions: [(path as NSString).lastPathComponent.printable, "similarity \(outcome.similarity)"]
                )
            }
            try Picture.sheet(panels).write(to: annotate)
        }
        try (outcome.isMatch ? Outcome.done : .nothingFound).end()
    }
}

extension Subject {
    /// What is said where one face had to be chosen.
    var choiceNote: String? {
        facesInPhotograph > 1 ? "\(facesInPhotograph) faces; the largest was used." : nil
    }
}

extension Similarity {
    /// What it stands for, in words, which tell what was counted from what the fitted law says beyond.
    func meaning(for model: TemplateModel) -> String {
        let rate = falseMatchRate.value
        if rate > 0.5 { return "as similar as any two people" }
        let counted = Double(model.calibration?.comparisons ?? 0)
        if rate >= 1 / counted { return "one in \((1 / rate).rounded3) comparisons of different people reaches this" }
        // A law that was fitted to so many comparisons has little to say of a hundred times as many.
        let often =
            rate * counted < 0.01 ? "fewer than one in \((100 * counted).rounded3)" : "one in \((1 / rate).rounded3)"
        return "by the law fitted to \(counted.rounded3) comparisons of different people, \(often) reaches this"
    }
}
