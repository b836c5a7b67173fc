import ArgumentParser
import Evaluation
import FaceRecognition
import Foundation

/// Similarities to measure at.
struct Thresholds {
    let similarities: [Similarity]
    static let usual = Thresholds(similarities: [60, 80, 90, 99].compactMap { Similarity($0) })

    static func argument(_ text: String) throws -> Thresholds {
        let similarities = try text.split(separator: ",").map { try Similarity.argument(String($0)) }
        guard !similarities.isEmpty, similarities.count <= 20 else {
            throw ValidationError("--thresholds takes 1 to 20 similarities, separated by commas.")
        }
        return Thresholds(similarities: similarities)
    }
}

extension Evaluate.Verify {
    /// All comparisons of a manifest's photographs.
    func compareAll(_ path: String) async throws {
        let manifest = try Manifest(path, by: by)
        let same = try samePerson.map(SamePersonList.init(file:))
        var rows = manifest.rows
        if let sample, sample < rows.count {
            // Whole people, so that comparisons of one person's photographs stay among them.
            var random = RepeatableGenerator(seed: evaluation.seed)
            var byPerson: [String: [Manifest.Row]] = [:]
            for row in rows { byPerson[row.person, default: []].append(row) }
            var chosen: [Manifest.Row] = []
            for person in byPerson.keys.sorted().shuffled(using: &random) where chosen.count < sample {
                chosen += byPerson[person] ?? []
            }
            rows = chosen.sorted { $0.line < $1.line }
        }
        var people = NumberedPeople()
        let whom = rows.map { people.number(same?.person($0.person) ?? $0.person, groups: $0.groups) }
        guard people.names.count >= 2 else {
            throw RecognitionError(.invalidValue, "The manifest \(path.printable) names one person; comparisons need two.")
        }
        let groupings = try people.groupings(by)
        groupings.forEach { $0.noteSmallGroups() }
        let survey: ComparisonSurvey, source: EvaluationSource, comparing: Duration
        if let system = try await system.open(evaluation) {
            let sent = try await SentPhotographs(rows.map(\.file), system.session)
            sent.duplicates.warn(people: whom, paths: rows.map(\.path))
            let measured = try await system.survey(sent, people: whom, of: people.names.count, groupings: groupings)
            (survey, source, comparing) = (measured.survey, measured.source, .zero)
        } else {
            let sampled = try await evaluation.templates(of: rows.map(\.file))
            sampled.duplicates.warn(people: whom, paths: rows.map(\.path))
            let known = rows.indices.filter { sampled.templates[$0] != nil }
            let subjects = try EvaluationSubjects(
                people: people.names.count, acquired: known.map { whom[$0] },
                failed: rows.indices.filter { sampled.templates[$0] == nil }.map { whom[$0] }, groupings: groupings)
            source = try EvaluationSource(sampled, subject: evaluation.subject, people: whom, groupings: groupings)
            (survey, comparing) = try evaluation.survey(known.compactMap { sampled.templates[$0] }, of: subjects)
        }
        var document = evaluation.verification(
            survey, comparing: comparing, source, thresholds: thresholds, what: manifest.name)
        document.caveats.append(
            sample == nil
                ? "All comparisons of the manifest's photographs were made."
                : "A sample: the photographs of \(people.names.count) people whom chance chose with seed \(evaluation.seed).")
        document.caveats.append("The manifest \(manifest.name) has the SHA-256 \(manifest.sha256).")
        try evaluation.deliver(document)
    }
}

extension Grouping {
    /// Says which groups are too small for any figure.
    func noteSmallGroups() {
        for (group, label) in labels.enumerated() where !isUnstated(group) {
            let count = members(of: group).count
            if count < EstimatedRate.leastPeople {
                Console.note(
                    "\(name.printable) \(label.printable): \(count) \(count == 1 ? "person" : "people"), too few for a figure (\(EstimatedRate.leastPeople) are the least); its counts are given.")
            }
        }
    }
}

extension EvaluationOptions {
    /// Makes all comparisons.
    func survey(
        _ templates: [Template], of subjects: EvaluationSubjects
    ) throws -> (survey: ComparisonSurvey, comparing: Duration) {
        let start = ContinuousClock.now
        let bar = ProgressBar(total: templates.count, unit: "photographs compared")
        let survey = try ComparisonSurvey(
            templates, of: subjects, threads: plan.threads, isCancelled: { Task.isCancelled }, progress: { bar.reach($0) })
        bar.finish()
        return (survey, ContinuousClock.now - start)
    }

    /// Says what all comparisons gave.
    func verification(
        _ survey: ComparisonSurvey, comparing: Duration, _ source: EvaluationSource, thresholds: Thresholds, what: String
    ) -> EvaluationDocument {
        let subjects = survey.subjects, scale = source.scale
        let bootstrapping = ContinuousClock.now
        struct Point {
            let name: String
            let similarity: Similarity?
            let score: ComparisonScore
        }
        var points = thresholds.similarities.map {
            Point(name: "similarity \($0.value.formatted())", similarity: $0, score: scale.score($0))
        }
        // Where the photographs' own comparisons put the rate, as long as ten of them carry it.
        for rate in [1e-2, 1e-3, 1e-4, 1e-5, 1e-6] where rate * Double(survey.nonMated) >= Double(EstimatedRate.leastErrors) {
            points.append(
                Point(
                    name: String(format: "false match rate %.0e of these photographs", rate), similarity: nil,
                    score: survey.score(at: FalseMatchRate(rate))))
        }
        let scores = points.map(\.score)
        let findings = survey.groupings.indices.map { GroupFindings.all(survey, by: $0, at: scores, plan: plan) }
        let equal = EqualErrorRate(survey, plan: plan)
        let rows = points.indices.map { i -> EvaluationDocument.AtThreshold in
            let all = findings[0][i]
            let counted = all.falseMatch.rates[0].counted
            let expected = scale.isCalibrated ? points[i].similarity?.falseMatchRate.value : nil
            return EvaluationDocument.AtThreshold(
                name: points[i].name, similarity: points[i].similarity?.value, score: scale.shown(points[i].score),
                overall: [
                    "false match rate": .init(all.falseMatch.rates[0]),
                    "false non-match rate": .init(all.falseNonMatch.rates[0]),
                ],
                tables: findings.dropFirst().map { $0[i].table(subjects) },
                calibratedFalseMatchRate: expected,
                countedOverCalibrated: expected.flatMap { counted.count >= EstimatedRate.leastErrors ? counted.value / $0 : nil })
        }
        return EvaluationDocument(
            evaluation: "verification", system: source.system, finding: Self.finding(rows, what: what),
            program: Countenance.version, model: source.model, modelDigest: source.modelDigest, subject: source.subject,
            photographs: source.photographs, people: subjects.people, withoutFace: source.withoutFace,
            unusable: source.unusable, photographsDigest: source.digest, seed: seed, repetitions: repetitions,
            command: Self.command,
            comparisons: ["ofDifferentPeople": survey.nonMated, "ofOnePerson": survey.mated.count],
            equalErrorRate: equal.map { [$0.value, $0.interval?.low, $0.interval?.high] },
            curves: survey.groupings.indices.map { EvaluationDocument.CurveSet(survey, $0) }
                .filter { survey.groupings.count == 1 || $0.grouping != "all" },
            scores: scale.isCalibrated
                ? .init(different: survey.nonMatedHistogram(bins: 200), same: survey.matedHistogram(bins: 200)) : nil,
            thresholds: rows, quality: source.quality, caveats: Self.caveats(source),
            secondsExtracting: source.duration.milliseconds / 1_000, secondsComparing: comparing.milliseconds / 1_000,
            secondsBootstrapping: (ContinuousClock.now - bootstrapping).milliseconds / 1_000)
    }

    /// The command that makes the evaluation again.
    static var command: String {
        CommandLine.arguments.enumerated().map { i, word in
            let word = i == 0 ? "countenance" : word
            let plain = word.unicodeScalars.allSatisfy { $0.properties.isAlphabetic || "0123456789-_./=,:".unicodeScalars.contains($0) }
            return plain && !word.isEmpty ? word : "'\(word.replacingOccurrences(of: "'", with: "'\\''"))'"
        }.joined(separator: " ")
    }

    static func caveats(_ source: EvaluationSource) -> [String] {
        source.caveats + [
            "\(source.withoutFace) photographs showed no face and \(source.unusable) could not be read; each counts as missed in every comparison with its own person, and in none with others.",
            "Intervals hold 95%; they come from drawing people, not comparisons, anew. They say how the figures would vary with other people like these, not with other cameras, ages or light.",
            "Fewer than \(EstimatedRate.leastPeople) people or \(EstimatedRate.leastErrors) errors carry no figure; below \(EstimatedRate.ruleOf30) errors (the rule of 30: Doddington et al., Speech Communication 31, 2000) a figure is weak.",
            "Group labels are those of the manifest. Photographs of groups can differ in size, sharpness, pose, age and camera, and these were not evened out: a difference found here is one between these photographs of these people.",
        ]
    }

    /// The finding in a sentence: the largest difference that is more than chance, or that there is none.
    static func finding(_ rows: [EvaluationDocument.AtThreshold], what: String) -> String {
        var best: (text: String, value: Double)?
        var tested = 0
        for row in rows where row.similarity != nil {
            for table in row.tables {
                for measure in table.measures {
                    guard let differences = measure.differences, let p = differences.p, let value = differences.worstOverBest.value
                    else { continue }
                    tested += 1
                    if p <= 0.05, value > best?.value ?? 0 {
                        best = (
                            "At \(row.name), the \(measure.measure) is \(String(format: "%.1f", value)) times as high for \(differences.worst) as for \(differences.best) (\(table.grouping); 95% interval \(differences.worstOverBest.text.split(separator: ",", maxSplits: 1).last.map { $0.trimmingCharacters(in: .whitespaces) } ?? "none"); by chance alone, p = \(String(format: "%.3f", p))).",
                            value
                        )
                    }
                }
            }
        }
        if let best { return best.text }
        let grouped = rows.contains { !$0.tables.isEmpty }
        if grouped, tested == 0 { return "The groups of \(what) make too few errors, or have too few people, to compare them: this says nothing about whether they differ." }
        if grouped { return "No difference between groups of \(what) is more than chance could make (\(tested) tests); small differences may be there all the same." }
        let row = rows.first { $0.similarity == 80 } ?? rows.first
        return "On \(what), at \(row?.name ?? "every threshold"): "
            + (row?.overall.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.text)" }.joined(separator: "; ") ?? "nothing was measured") + "."
    }

    /// Prints, and writes what was asked for.
    /// - Parameter wrong: what the report is to show photographs of; nil for none.
    func deliver(_ document: EvaluationDocument, showing wrong: WrongCandidates? = nil) throws {
        if let report {
            let photographs = try wrong?.html(recognition) ?? ""
            try Self.write(Data(EvaluationReport(document, photographs: photographs).html.utf8), to: report)
        }
        try deliver(document) { print(document.text) }
    }

    /// With `--json` prints the document, or writes it into the file that was named; the text is for people otherwise.
    func deliver(_ document: some Encodable, printing text: () -> Void) throws {
        guard output.json else { return text() }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "infinity", negativeInfinity: "-infinity", nan: "none")
        let json = try encoder.encode(document)
        guard let jsonFile else { return print(String(decoding: json, as: UTF8.self)) }
        try Self.write(json + Data("\n".utf8), to: jsonFile)
        text()
    }

    private static func write(_ data: Data, to path: String) throws {
        do { try data.write(to: URL(fileURLWithPath: path), options: .atomic) } catch {
            throw RecognitionError(
                .storageUnavailable, "\(path.printable) cannot be written; name a file in a folder that is there.",
                detail: error.localizedDescription)
        }
    }
}

extension EvaluationDocument {
    /// For the terminal.
    var text: String {
        var lines = [Console.bold(finding), ""]
        let which = system.map { "System \($0.endpoint), face model \(model.printable)" } ?? "Model \(model)"
        lines.append("\(which), the \(subject) face of each photograph")
        lines.append("Photographs \(photographs) of \(people) people, \(withoutFace) without a face, \(unusable) unusable")
        if let rate = equalErrorRate?.first ?? nil { lines.append("Equal error rate \(rate.percent)") }
        for row in thresholds {
            lines.append("")
            lines.append(Console.bold("At \(row.name)") + String(format: " (score %.4f)", row.score))
            for (name, rate) in row.overall.sorted(by: { $0.key < $1.key }) { lines.append("  \(name): \(rate.text)") }
            if let expected = row.calibratedFalseMatchRate {
                lines.append(
                    "  the calibration says \(expected.percent) for false matches"
                        + (row.countedOverCalibrated.map { String(format: "; counted here %.2f times that", $0) } ?? "; too few here to check it"))
            }
            for table in row.tables {
                for measure in table.measures {
                    lines.append("  \(measure.measure) by \(table.grouping):")
                    for label in table.labels {
                        lines.append("    \(label.printable) (\(table.people[label] ?? 0) people): \(measure.groups[label]?.text ?? "")")
                    }
                    if let d = measure.differences {
                        lines.append("    worst \(d.worst) over best \(d.best): \(d.worstOverBest.text); over geometric mean: \(d.worstOverGeometricMean.text); Gini \(d.gini.text)\(d.p.map { String(format: "; p %.3f", $0) } ?? "")")
                    }
                }
            }
        }
        for table in quality {
            lines.append("")
            lines.append("Photographs by \(table.grouping): median and middle half of the distance between the eyes (pixels), sharpness, turn (degrees)")
            for label in table.labels {
                guard let group = table.groups[label] else { continue }
                let spreads = [group.eyeDistance, group.sharpness, group.turn].map { $0?.text ?? "unknown" }
                lines.append("  \(label.printable): \(spreads.joined(separator: ", ")) of \(group.photographs)")
            }
        }
        lines.append("")
        lines += caveats
        lines.append(String(format: "Extracting %.1f s, comparing %.2f s, bootstrap %.2f s", secondsExtracting, secondsComparing, secondsBootstrapping))
        return lines.joined(separator: "\n")
    }
}

extension EvaluationDocument.CurveSet {
    /// At most 200 points for each group that has people enough.
    init(_ survey: ComparisonSurvey, _ grouping: Int) {
        let groups = survey.groupings[grouping]
        self.grouping = groups.name
        curves = groups.labels.indices.filter {
            !groups.isUnstated($0) && groups.members(of: $0).count >= EstimatedRate.leastPeople
        }.map { group in
            let points = ErrorCurve(survey, by: grouping, group: group).points
                .filter { $0.falseMatches.total > 0 && $0.falseNonMatches.total > 0 }
            let step = max(1, points.count / 200)
            return Curve(
                name: groups.labels[group],
                points: points.enumerated().filter { $0.offset % step == 0 }.map {
                    [$0.element.falseMatches.value, $0.element.falseNonMatches.value]
                })
        }
    }
}
