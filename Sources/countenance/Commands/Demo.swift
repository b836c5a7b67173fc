import ArgumentParser
import FaceRecognition
import Foundation
import PolicyFile
import SQLiteStorage

struct Demo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show every stage on sample photographs: enrol, identify, compare.",
        discussion: "`make demo` runs this with the portraits that the set-up has fetched.")

    @Option(help: .init("The folder with the sample photographs.", valueName: "folder"))
    var samples: String

    @Option(help: .init("The picture to write, .png or .jpg.", valueName: "file"))
    var picture = "demo.png"

    @Option(help: .init("Cases of a policy, to show what it decides.", valueName: "file"))
    var cases: String?

    @OptionGroup var recognition: RecognitionOptions
    @OptionGroup var template: TemplateOptions
    @OptionGroup var data: DataOptions

    func validate() throws { try Picture.check(picture) }

    private static let enrolled = [("obama.jpg", "Barack Obama"), ("biden.jpg", "Joe Biden")]
    private static let probe = "obama2.jpg"

    func run() async throws {
        try Picture.checkPlace(picture)
        let session = try await data.open()
        let gallery = try GalleryName("demo")
        var start = ContinuousClock.now
        let recognizer = session.recognizer(
            try recognition.pipeline(
                data, mirror: template.mirror, galleryModel: try await session.model(of: gallery), photographs: 1)
        )
        print("Countenance \(Countenance.version): from a photograph to a match, stage by stage.")
        stage("networks", "YuNet, face mesh and \(recognizer.model.id) ready", ContinuousClock.now - start)

        heading("1. Enrolment into the gallery '\(gallery)', kept in SQLite")
        for (file, person) in Self.enrolled {
            start = ContinuousClock.now
            let permit = try await session.permit(.enrol, gallery: gallery)
            let permitting = ContinuousClock.now - start
            let recorded = try await recognizer.enrol(
                photograph(file), as: person, externalID: file, in: gallery, permit: permit)
            print("   \(Console.bold(file)), a photograph of \(person)")
            stage("permit", permit.sentence, permitting)
            guard let subject = recorded.outcome.subject else {
                print("   \("gallery".column)it is enrolled already as the face \(recorded.outcome.face.id)")
                continue
            }
            stages(recorded.outcome.times, subject: subject, model: recognizer.model)
            stage(
                "record",
                "entry \(recorded.receipt.index), leaf \(recorded.receipt.shortHash); the face \(recorded.outcome.face.id) is durable",
                recorded.duration)
        }

        heading("2. Identification: who is on \(Self.probe)?")
        start = ContinuousClock.now
        let permit = try await session.permit(.identify, gallery: gallery)
        stage("permit", permit.sentence, ContinuousClock.now - start)
        let identified = try await recognizer.identify(
            photograph(Self.probe), in: gallery, permit: permit)
        let answer = identified.outcome
        stages(answer.times, subject: answer.probe, model: recognizer.model)
        stage(
            "gallery",
            "\(answer.gallerySize.faces) searched at similarity \(answer.operatingPoint.similarity) or above",
            answer.times.durations[.gallery] ?? .zero)
        for candidate in answer.answers {
            print(
                "   \("".column)\(Console.green("similarity \(candidate.similarity)"))  \(candidate.name)  (\(candidate.similarity.meaning(for: recognizer.model)))"
            )
        }
        print(
            "   \("".column)\(answer.expectedFalseCandidates.rounded3) false candidates a search expected for somebody who is not there"
        )
        stage("record", "entry \(identified.receipt.index), leaf \(identified.receipt.shortHash)", identified.duration)

        heading("3. Comparison of two people: obama.jpg with biden.jpg")
        let compared = try await recognizer.compare(
            photograph("obama.jpg"), with: photograph("biden.jpg"),
            permit: try await session.permit(.compare))
        print(
            "   similarity \(compared.outcome.similarity): \(compared.outcome.isMatch ? "a match" : "no match") (\(compared.outcome.similarity.meaning(for: recognizer.model)))"
        )
        stage("record", "entry \(compared.receipt.index), leaf \(compared.receipt.shortHash)", compared.duration)

        if let cases { try replay(cases) }

        try draw(answer).write(to: picture)
        print(
            """

            The picture: \(picture)

            Next, with photographs of your own:
              bin/countenance detect PHOTO                       the faces, with their quality
              bin/countenance enrol --gallery mine FOLDER        one folder for each person
              bin/countenance identify --gallery mine PHOTO      who is it?
              bin/countenance --help
            """)
        guard answer.answers.first?.candidate.face.person == Self.enrolled[0].1 else {
            throw RecognitionError(
                .fault, "The demo did not find the person whom its probe shows; `countenance doctor` checks the parts.")
        }
    }

    /// What a policy decides of searches, over time.
    private func replay(_ file: String) throws {
        guard let read = PolicyCases.reading(try RegularFile.policy(file)).cases,
            let policy = try read.namedPolicy(beside: file)
        else { throw RecognitionError(.policyRefused, "\(file) has no cases; `countenance policy test` says why.") }
        heading("4. Who may ask? '\(policy.rules.policy.name)' as a policy (\(file)), searches only")
        for one in read.cases where one.request.operation == .identify {
            let decision = policy.decision(on: one)
            let verdict = decision.isPermitted ? Console.green("permitted") : Console.bold("refused  ")
            print("   \(one.time.day.padded(to: 20))  \(verdict)  \(decision.rule.padded(to: 34))  \(one.name)")
        }
    }

    private func path(_ file: String) -> String { "\(samples)/\(file)" }

    private func photograph(_ file: String) -> Photograph { recognition.photograph(path(file)) }

    private func heading(_ text: String) { print("\n\(Console.bold(text))") }

    private func stage(_ name: String, _ text: String, _ duration: Duration) {
        print("   \(name.column)\(text)  \(Console.dim(duration.short))")
    }

    private func stages(_ times: StageTimes, subject: Subject, model: TemplateModel) {
        let quality = subject.quality
        stage("image", "decoded, upright, sRGB", times.durations[.image] ?? .zero)
        stage(
            "faces",
            "\(subject.facesInPhotograph.faces); \(String(format: "score %.2f, %.0f pixels between the eyes, sharpness %.0f", subject.face.confidence, quality.eyeDistance, quality.sharpness))",
            times.durations[.faces] ?? .zero)
        stage(
            "template", "\(model.dimension) numbers of unit length by \(model.id)", times.durations[.templates] ?? .zero
        )
    }

    /// The probe with its box and landmarks beside the best candidate.
    private func draw(_ answer: Identification) throws -> Picture {
        let probe = try Picture.annotated(recognition.image(path(Self.probe)), faces: [answer.probe.face])
        var panels = [(picture: probe, captions: ["Probe: \(Self.probe)", "box, five landmarks and mesh"])]
        if let best = answer.answers.first, let file = best.candidate.face.externalID {
            var reference = Picture(try recognition.image(path(file)))
            if let box = best.candidate.face.box { reference.frame(box, thickness: 3, .box) }
            panels.append((reference, ["Best candidate: \(best.name)", "similarity \(best.similarity)"]))
        }
        return try Picture.sheet(panels)
    }
}

extension Permit {
    fileprivate var sentence: String {
        "the rule '\(rule)' lets \(request.organisation) \(request.operation.rawValue) for the purpose '\(request.purpose ?? "")'"
    }
}

extension RecordReceipt {
    fileprivate var shortHash: String { leafHash.prefix(4).hexadecimal }
}

extension String {
    fileprivate var column: String { padding(toLength: 10, withPad: " ", startingAt: 0) }
}
