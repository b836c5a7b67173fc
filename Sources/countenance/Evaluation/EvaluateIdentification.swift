import ArgumentParser
import Evaluation
import FaceRecognition
import Foundation

extension Evaluate {
    struct Identify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "identification",
            abstract: "Search the photographs of one manifest for those of another, as a watch list is searched.",
            discussion: """
                Open-set: probes whose person is in the gallery, and probes whose person is not. A person has the same name in \
                both manifests.

                Example:
                  countenance evaluate identification --gallery staff.csv --probes door.csv --thresholds 60,80,90 --by gender
                """)

        @Option(help: .init("The manifest of the gallery: path, person.", valueName: "file.csv"), completion: .file())
        var gallery: String

        @Option(help: .init("The manifest of the probes: path, person, and columns to group by.", valueName: "file.csv"), completion: .file())
        var probes: String

        @Option(help: .init("The similarities to measure at, separated by commas.", valueName: "list"), transform: Thresholds.argument)
        var thresholds: Thresholds = .usual

        @Option(help: .init("A column of the probes' manifest that sorts people into groups; may be given again.", valueName: "column"))
        var by: [String] = []

        @Option(help: .init("Names that stand for one person: a line for each, separated by tabs.", valueName: "file"))
        var samePerson: String?

        @OptionGroup var photographs: PhotographOptions
        @OptionGroup var evaluation: EvaluationOptions
        @OptionGroup var system: SystemOptions

        func run() async throws {
            let references = try Manifest(gallery, by: []), asked = try Manifest(probes, by: by)
            let same = try samePerson.map(SamePersonList.init(file:))
            func list(_ manifest: Manifest) -> [OpenSetSearch.Photograph] {
                manifest.rows.map {
                    .init(file: $0.file, label: $0.path, person: same?.person($0.person) ?? $0.person, groups: $0.groups)
                }
            }
            let search = OpenSetSearch(gallery: list(references), probes: list(asked), columns: by)
            var (document, _, wrong) = try await evaluation.identification(
                search, by: system.open(evaluation), thresholds: thresholds, what: asked.name)
            document.caveats.append(
                "Manifests: \(references.name), SHA-256 \(references.sha256); \(asked.name), SHA-256 \(asked.sha256).")
            try evaluation.deliver(document, showing: photographs.withPhotographs ? wrong : nil)
        }

        func validate() throws { try photographs.check(evaluation) }
    }

    struct Threshold: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "threshold",
            abstract: "The similarity to ask for, from how many false candidates one search may bring.",
            discussion: """
                By the model's calibration. With a manifest of your own photographs it also says what share of true matches \
                that similarity loses.

                Example:
                  countenance evaluate threshold --gallery-size 25000 --false-candidates 0.01 --manifest staff.csv
                """)

        @Option(help: .init("How many faces the gallery has.", valueName: "n"))
        var gallerySize: Int

        @Option(help: .init("How many false candidates a search of a person who is not there may bring on average.", valueName: "n"))
        var falseCandidates: Double

        @Option(help: .init("Photographs to measure the lost true matches on: path, person.", valueName: "file.csv"), completion: .file())
        var manifest: String?

        @OptionGroup var evaluation: EvaluationOptions

        func validate() throws {
            guard gallerySize >= 1 else { throw ValidationError("--gallery-size is 1 or more.") }
            guard falseCandidates > 0, falseCandidates.isFinite else {
                throw ValidationError("--false-candidates lies above 0.")
            }
        }

        struct Answer: Encodable {
            let gallerySize: Int
            let falseCandidates: Double
            let falseMatchRate: Double
            let similarity: Double
            let score: Double
            let beyondCounts: Bool
            let lostTrueMatches: EvaluationDocument.Rate?
        }

        func run() async throws {
            let wanted = min(1, falseCandidates / Double(gallerySize))
            let similarity = Similarity(falseMatchRate: FalseMatchRate(wanted))
            let catalogue = ModelCatalogue(share: try Installation().share, dataFolder: evaluation.data.folder)
            let id = evaluation.recognition.model.map(TemplateModelID.init(rawValue:)) ?? ModelCatalogue.defaultModel
            let plain = try catalogue.templateModel(id.unmirrored).model
            let model = evaluation.template.mirror || id.isMirrored ? plain.mirrored : plain
            let calibration = try model.calibrated()
            let score = calibration.score(at: FalseMatchRate(wanted))
            let beyond = wanted < (calibration.points.last?.falseMatchRate.value ?? 0)
            var lost: EstimatedRate?
            if let manifest {
                let rows = try Manifest(manifest, by: []).rows
                var people = NumberedPeople()
                let whom = rows.map { people.number($0.person, groups: []) }
                let sampled = try await evaluation.templates(of: rows.map(\.file))
                let known = rows.indices.filter { sampled.templates[$0] != nil }
                let survey = try ComparisonSurvey(
                    known.compactMap { sampled.templates[$0] },
                    of: EvaluationSubjects(
                        people: people.names.count, acquired: known.map { whom[$0] },
                        failed: rows.indices.filter { sampled.templates[$0] == nil }.map { whom[$0] }),
                    threads: evaluation.plan.threads)
                lost = survey.falseNonMatchRates(at: score, by: 0, plan: evaluation.plan)[0]
            }
            let answer = Answer(
                gallerySize: gallerySize, falseCandidates: falseCandidates, falseMatchRate: wanted,
                similarity: similarity.value, score: score.value, beyondCounts: beyond,
                lostTrueMatches: lost.map(EvaluationDocument.Rate.init))
            try evaluation.deliver(answer) {
                print(
                    "Ask for a similarity of \(String(format: "%.6g", similarity.value)): one false match in \((1 / wanted).rounded3) comparisons, so \(falseCandidates.formatted()) false candidates on average in each search of \(gallerySize) faces for somebody who is not there."
                )
                if beyond {
                    print(
                        "So low a rate is the fitted law's word, not a count's: the calibration counts down to \((calibration.points.last?.falseMatchRate.value ?? 1).rounded3)."
                    )
                }
                if let lost { print("True matches lost on \(manifest?.printable ?? ""): \(EvaluationDocument.Rate(lost).text).") }
            }
        }
    }
}

/// Probes and the gallery that is searched for them.
struct OpenSetSearch {
    struct Photograph {
        let file: String
        let label: String
        let person: String
        let groups: [String]
    }
    let gallery: [Photograph]
    let probes: [Photograph]
    let columns: [String]
}

extension EvaluationOptions {
    /// Searches, and says what was found, with each probe's outcome.
    /// - Parameter system: nil for this one.
    func identification(
        _ search: OpenSetSearch, by system: SystemUnderTest?, thresholds: Thresholds, what: String
    ) async throws -> (document: EvaluationDocument, rates: [[IdentificationRates]], wrong: WrongCandidates) {
        var people = NumberedPeople()
        // The probes first: theirs are the groups.
        let asked = search.probes.map { people.number($0.person, groups: $0.groups) }
        let probePeople = people.names.count
        let references = search.gallery.map { people.number($0.person, groups: []) }
        let groupings = try people.groupings(search.columns)
        let photographs = search.gallery + search.probes
        let outcomes: [ProbeOutcome], size: Int, source: EvaluationSource, comparing: Duration
        if let system {
            let sent = try await SentPhotographs(photographs.map(\.file), system.session)
            sent.duplicates.warn(people: references + asked, paths: photographs.map(\.label))
            let searched = try await system.search(
                sent, gallery: references.count, people: references + asked,
                threshold: thresholds.similarities.map(\.value).min() ?? 0)
            (outcomes, size, source, comparing) = (searched.outcomes, searched.galleryFaces, searched.source, .zero)
        } else {
            let sampled = try await templates(of: photographs.map(\.file))
            sampled.duplicates.warn(people: references + asked, paths: photographs.map(\.label))
            source = try EvaluationSource(sampled, subject: subject, people: asked, groupings: groupings)
            let gallery = Array(sampled.templates.prefix(search.gallery.count))
            let probes = Array(sampled.templates.dropFirst(search.gallery.count))
            let start = ContinuousClock.now
            let bar = ProgressBar(total: probes.count, unit: "probes searched for")
            outcomes = try ProbeOutcome.search(
                gallery, of: references, for: probes, of: asked, threads: plan.threads, progress: { bar.reach($0) })
            bar.finish()
            (size, comparing) = (gallery.count { $0 != nil }, ContinuousClock.now - start)
        }
        let scale = source.scale
        let subjects = try EvaluationSubjects(
            people: people.names.count, acquired: outcomes.filter(\.acquired).map(\.person),
            failed: outcomes.filter { !$0.acquired }.map(\.person))
        let bootstrapping = ContinuousClock.now
        let all = [Grouping.everybody(people.names.count)] + groupings
        let rates = thresholds.similarities.map { similarity in
            all.map { IdentificationRates(outcomes, by: $0, at: scale.score(similarity), plan: plan) }
        }
        let rows = zip(thresholds.similarities, rates).map { similarity, rates in
            let overall = rates[0]
            return EvaluationDocument.AtThreshold(
                name: "similarity \(similarity.value.formatted())", similarity: similarity.value,
                score: scale.shown(scale.score(similarity)),
                overall: [
                    "FPIR": .init(overall.falsePositive[0]), "FNIR": .init(overall.falseNegative[0]),
                    "rank-1 miss rate": .init(overall.rankOneMiss[0]),
                    "people taken for a stranger": .init(overall.peopleTakenForStrangers[0]),
                ], tables: rates.dropFirst().map { $0.table(subjects) })
        }
        let document = EvaluationDocument(
            evaluation: "identification", system: source.system, finding: Self.finding(rows, what: what),
            program: Countenance.version, model: source.model, modelDigest: source.modelDigest, subject: source.subject,
            photographs: source.photographs, people: people.names.count, withoutFace: source.withoutFace,
            unusable: source.unusable, photographsDigest: source.digest, seed: seed, repetitions: repetitions,
            command: Self.command,
            comparisons: [
                "gallery": size, "probes": outcomes.count, "probePeople": probePeople,
                "probesWithMate": outcomes.count { $0.hasMate }, "probesWithoutMate": outcomes.count { !$0.hasMate },
            ],
            thresholds: rows, quality: source.quality,
            caveats: Self.caveats(source) + [
                "The gallery of \(size) faces is held fixed: another gallery would bring other strangers. A larger one brings more of them, nearly in proportion."
            ],
            secondsExtracting: source.duration.milliseconds / 1_000, secondsComparing: comparing.milliseconds / 1_000,
            secondsBootstrapping: (ContinuousClock.now - bootstrapping).milliseconds / 1_000)
        let lowest = scale.score(thresholds.similarities.min() ?? .eighty)
        return (document, rates, WrongCandidates(outcomes, of: search, from: lowest, scale))
    }
}
