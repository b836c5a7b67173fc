import ArgumentParser
import FaceRecognition
import Foundation
import PolicyFile
import SQLiteStorage

extension PolicyCommand {
    struct Explain: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show what the policy says of a request, rule by rule.",
            discussion: """
                Examples:
                  countenance policy explain --key AKIAIOSFODNN7EXAMPLE --operation identify --gallery missing
                  countenance policy explain --organisation city-police --purpose suspect-identification \\
                    --operation identify --gallery arrests --policy Examples/june-2020.yaml --at 2020-12-01

                Exit codes: 0 it would be permitted; 3 no such key; 4 it would be refused.
                """)
        @Option(help: .init("The access key that asks.", valueName: "id")) var key: String?
        @Option(help: .init("The organisation that asks, without a key.", valueName: "id")) var organisation: String?
        @Option(
            help: .init(
                "What is asked: \(GatedOperation.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "operation"),
            transform: { text in
                guard let operation = GatedOperation(rawValue: text) else {
                    throw ValidationError("There is no operation '\(text.printable)'.")
                }
                return operation
            })
        var operation: GatedOperation
        @Option(help: .init("In which gallery.", valueName: "name"), transform: GalleryName.argument)
        var gallery: GalleryName?
        @Option(
            help: .init("The similarity that is asked for.", valueName: "similarity"), transform: Similarity.argument)
        var threshold: Similarity?
        @Option(help: .init("The most candidates that are asked for.", valueName: "n")) var max: Int?
        @Option(help: .init("When. Default: now.", valueName: "time"), transform: Date.argument) var at: Date?
        @OptionGroup var source: Source
        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard (key == nil) != (organisation == nil) else {
                throw ValidationError("Say who asks: either --key or --organisation.")
            }
        }

        func run() async throws {
            var who = organisation ?? "", asked: AccessRequest.Key?
            if let key {
                guard let known = try await source.data.openBesideOwner().store.secret(of: key)?.key else {
                    throw RecognitionError(
                        .accessKeyNotFound,
                        "There is no access key \(key.printable.prefix(40)) that is enabled; `countenance key list` shows them.")
                }
                (who, asked) = (known.organisation, known.asked)
            }
            let inForce = try await source.read(), time = at ?? Date()
            var request = AccessRequest(
                organisation: who, purpose: source.data.purpose, caseReference: source.data.caseReference,
                operation: operation, gallery: gallery, threshold: threshold, candidates: max, key: asked)
            request.purpose = request.purpose ?? inForce.purposeUnsaid(by: request)
            let explanation = inForce.rules.explanation(of: request, at: time, withdrawal: inForce.withdrawal)
            if output.json {
                try Console.json(JSONExplanation(explanation, request, inForce, at: time))
            } else {
                print("\(inForce.rules.policy.name.printable), on \(time.formatted(.iso8601)):")
                for step in explanation.steps {
                    let effect = step.effect.rawValue.padded(to: 7)
                    print(
                        "  \(step.effect == .refuses ? Console.bold(effect) : effect)  \(step.rule.printable): \(step.because.printable)")
                }
                print(explanation.decision.sentence(inForce.rules.policy.contact))
            }
            try (explanation.decision.isPermitted ? Outcome.done : .refused).end()
        }
    }
}

extension PolicyDecision {
    fileprivate func sentence(_ contact: String) -> String {
        switch self {
        case .permitted(let rule, let terms):
            let parts = [
                terms.minimumSimilarity.map { "at similarity \($0) or above" },
                terms.maximumCandidates.map { "at most \($0) candidates" },
                terms.reviewers > 0 ? "\(terms.reviewers) to review what is found" : nil,
            ].compactMap { $0 }
            return "\(Console.green("Permitted")) by \(rule)\(parts.isEmpty ? "" : ": \(parts.joined(separator: ", "))")."
        case .refused(let rule, let reason):
            let until = reason.until.map { ", until \($0.day)" } ?? ""
            return "\(Console.bold("Refused")) by \(rule)\(until). Ask \(contact.printable)."
        }
    }
}

private struct JSONExplanation: Encodable {
    struct Step: Encodable {
        let rule: String
        let effect: PolicyExplanation.Effect
        let because: String
    }
    let policy: String
    let digest: String?
    let at: Date
    let organisation: String
    let purpose: String?
    let operation: GatedOperation
    let gallery: GalleryName?
    let decision: Record.Decision
    let rule: String
    let reason: String?
    let until: Date?
    let contact: String
    let minimumSimilarity: Double?
    let maximumCandidates: Int?
    let reviewers: Int?
    let chain: [Step]

    init(_ explanation: PolicyExplanation, _ request: AccessRequest, _ inForce: PolicyInForce, at time: Date) {
        policy = inForce.rules.policy.name
        digest = inForce.digest
        at = time
        organisation = request.organisation
        purpose = request.purpose
        operation = request.operation
        gallery = request.gallery
        contact = inForce.rules.policy.contact
        rule = explanation.decision.rule
        chain = explanation.steps.map { Step(rule: $0.rule, effect: $0.effect, because: $0.because) }
        switch explanation.decision {
        case .permitted(_, let terms):
            decision = .permitted
            (reason, until) = (nil, nil)
            minimumSimilarity = terms.minimumSimilarity?.value
            maximumCandidates = terms.maximumCandidates
            reviewers = terms.reviewers
        case .refused(_, let why):
            decision = .refused
            (reason, until) = (why.text, why.until)
            (minimumSimilarity, maximumCandidates, reviewers) = (nil, nil, nil)
        }
    }
}
