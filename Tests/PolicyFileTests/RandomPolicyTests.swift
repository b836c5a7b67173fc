import FaceRecognition
import FaceTestSupport
import Foundation
import Testing

/// Random policies and requests, decided twice: by the rule book, and by a slow second evaluation that was written from
/// Documentation/Policy.md alone and looks at every rule.
@Suite struct RandomPolicyTests {
    @Test("The rule book decides as the documentation says", arguments: 0..<40)
    func agreement(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for round in 0..<50 {
            let policy = try Self.policy(&random)
            let rules = RuleBook(policy)
            for _ in 0..<20 {
                let request = try Self.request(&random)
                let time = Date(timeIntervalSince1970: Double(Int.random(in: 0..<20, using: &random)))
                let withdrawal =
                    Int.random(in: 0..<20, using: &random) == 0 ? Withdrawal(since: time, reason: "w") : nil
                let decision = rules.decision(on: request, at: time, withdrawal: withdrawal)
                let expected = PlainEvaluation(policy: policy).rule(for: request, at: time, withdrawn: withdrawal != nil)
                #expect(
                    (decision.rule == expected.rule) && (decision.isPermitted == expected.isPermitted),
                    "seed \(seed), round \(round): \(request) at \(time) gives \(decision), not \(expected)")
                let steps = rules.explanation(of: request, at: time, withdrawal: withdrawal).steps
                let first = steps.first { $0.effect == .refuses }
                #expect(first?.rule == (decision.isPermitted ? nil : decision.rule), "seed \(seed), round \(round)")
                #expect(saysNothingUnasked(steps), "seed \(seed), round \(round): \(steps)")
            }
        }
    }

    private static let people = ["a", "b", "c", "local-operator"], kinds = ["k", "l"], aims = ["p", "q", "r"]
    private static let places = ["g", "h", "i"]

    private static func some<T: Hashable>(_ all: [T], _ random: inout SeededGenerator) -> Set<T> {
        Set(all.filter { _ in Bool.random(using: &random) })
    }
    private static func maybe<T>(_ value: @autoclosure () -> T, _ random: inout SeededGenerator) -> T? {
        Bool.random(using: &random) ? value() : nil
    }
    private static func span(_ random: inout SeededGenerator) -> Policy.Span {
        let from = Int.random(in: 0..<18, using: &random), until = from + Int.random(in: 1..<10, using: &random)
        return Policy.Span(
            from: maybe(Date(timeIntervalSince1970: Double(from)), &random),
            until: maybe(Date(timeIntervalSince1970: Double(until)), &random))
    }

    static func policy(_ random: inout SeededGenerator) throws -> Policy {
        let galleries = try places.map { try GalleryName($0) }
        var policy = Policy(name: "random", contact: "nobody")
        for id in people where Int.random(in: 0..<5, using: &random) > 0 {
            policy.organisations.append(.init(id: id, name: id, kind: kinds.randomElement(using: &random)!))
        }
        for id in aims where Int.random(in: 0..<5, using: &random) > 0 {
            let only = some(galleries, &random)
            policy.purposes.append(
                .init(
                    id: id, caseReference: maybe(CasePattern("C\\d")!, &random),
                    minimumSimilarity: maybe(Similarity(90)!, &random), maximumCandidates: maybe(5, &random),
                    galleries: maybe(only, &random), onlySearches: Int.random(in: 0..<4, using: &random) == 0))
        }
        for name in galleries where Int.random(in: 0..<4, using: &random) > 0 {
            policy.galleries[name] = .init(owner: "o", legalBasis: "l", retention: 60, purposes: some(aims, &random))
        }
        for i in 0..<Int.random(in: 0..<8, using: &random) {
            let only = some(galleries, &random)
            policy.grants.append(
                .init(
                    id: "\(i)", organisation: people.randomElement(using: &random)!, purposes: some(aims, &random),
                    operations: some(GatedOperation.granted, &random), galleries: maybe(only, &random),
                    span: span(&random)))
        }
        for i in 0..<Int.random(in: 0..<3, using: &random) {
            let theirKinds = some(kinds, &random), theirAims = some(aims, &random), spared = some(aims, &random)
            let exception = Policy.Moratorium.Exception(
                organisation: people.randomElement(using: &random)!, purposes: maybe(spared, &random))
            policy.moratoria.append(
                .init(
                    id: "\(i)", operations: some(GatedOperation.granted, &random), kinds: maybe(theirKinds, &random),
                    purposes: maybe(theirAims, &random), span: span(&random),
                    exceptions: maybe([exception], &random) ?? [],
                    reason: "r", decidedBy: "d"))
        }
        for i in 0..<Int.random(in: 0..<3, using: &random) {
            let who = some(people, &random), theirKinds = some(kinds, &random), theirAims = some(aims, &random)
            let where_ = some(galleries, &random)
            policy.prohibitions.append(
                .init(
                    id: "\(i)", operations: some(GatedOperation.granted, &random), organisations: maybe(who, &random),
                    kinds: maybe(theirKinds, &random), purposes: maybe(theirAims, &random),
                    galleries: maybe(where_, &random), reason: "r"))
        }
        return policy
    }

    static func request(_ random: inout SeededGenerator) throws -> AccessRequest {
        let operation = GatedOperation.allCases.randomElement(using: &random)!
        let gallery = try GalleryName(places.randomElement(using: &random)!)
        let usesGallery = [.enrol, .identify, .forget, .manage].contains(operation)
        let key = AccessRequest.Key(
            id: "K", expires: maybe(Date(timeIntervalSince1970: 15), &random),
            purpose: Int.random(in: 0..<4, using: &random) == 0 ? "p" : nil,
            caseReference: Int.random(in: 0..<4, using: &random) == 0 ? "C1" : nil,
            grant: Int.random(in: 0..<4, using: &random) == 0 ? "1" : nil)
        return AccessRequest(
            organisation: (people + ["x"]).randomElement(using: &random)!,
            purpose: Int.random(in: 0..<8, using: &random) == 0 ? nil : (aims + ["s"]).randomElement(using: &random)!,
            caseReference: ["C1", "C12", "", nil].randomElement(using: &random)!, operation: operation,
            gallery: usesGallery ? gallery : nil,
            threshold: [80, 90, 99, nil].randomElement(using: &random)!.flatMap { Similarity($0) },
            candidates: [5, 6, nil].randomElement(using: &random)!,
            key: Int.random(in: 0..<3, using: &random) == 0 ? key : nil)
    }
}

/// The order of Documentation/Policy.md, "How a request is decided", step by step.
private struct PlainEvaluation {
    let policy: Policy

    func rule(for request: AccessRequest, at time: Date, withdrawn: Bool) -> (rule: String, isPermitted: Bool) {
        // 1. The key.
        if let key = request.key {
            if let end = key.expires, time >= end { return ("built-in:key", false) }
            if let bound = key.purpose, bound != request.purpose { return ("built-in:key", false) }
            if let bound = key.caseReference, bound != request.caseReference { return ("built-in:key", false) }
        }
        // 2. What is the operator's own.
        if request.operation == .govern {
            return ("built-in:operator", request.organisation == "local-operator" && request.key == nil)
        }
        // 3. Withdrawal.
        let recognition: Set<GatedOperation> = [.detect, .compare, .enrol, .identify, .audit]
        if withdrawn, recognition.contains(request.operation) { return ("withdrawal", false) }
        // 4. Built-in prohibitions.
        let aim = request.purpose ?? ""
        if aim == "" { return ("built-in:purpose", false) }
        let purpose = policy.purposes.first { $0.id == aim }
        if request.operation == .enrol, purpose?.onlySearches == true { return ("built-in:only-searches", false) }
        if let gallery = request.gallery, policy.galleries[gallery] == nil, request.operation != .forget {
            return ("built-in:gallery", false)
        }
        // 5. Prohibitions, 6. moratoria.
        let organisation = policy.organisations.first { $0.id == request.organisation }
        for rule in policy.prohibitions where rule.operations.contains(request.operation) {
            if let only = rule.organisations, !only.contains(request.organisation) { continue }
            if let only = rule.kinds, organisation == nil || !only.contains(organisation!.kind) { continue }
            if let only = rule.purposes, !only.contains(aim) { continue }
            if let only = rule.galleries, request.gallery == nil || !only.contains(request.gallery!) { continue }
            return ("prohibition:\(rule.id)", false)
        }
        for rule in policy.moratoria where rule.operations.contains(request.operation) {
            if let from = rule.span.from, time < from { continue }
            if let until = rule.span.until, time >= until { continue }
            if let only = rule.kinds, organisation == nil || !only.contains(organisation!.kind) { continue }
            if let only = rule.purposes, !only.contains(aim) { continue }
            let isSpared = rule.exceptions.contains {
                $0.organisation == request.organisation && ($0.purposes == nil || $0.purposes!.contains(aim))
            }
            if isSpared { continue }
            return ("moratorium:\(rule.id)", false)
        }
        // 7. Who, and for what.
        if organisation == nil { return ("built-in:organisation", false) }
        guard let purpose else { return ("built-in:unknown-purpose", false) }
        // 8. A grant.
        var granted: String?
        for grant in policy.grants {
            if grant.organisation != request.organisation || !grant.purposes.contains(aim) { continue }
            if !grant.operations.contains(request.operation) { continue }
            if let gallery = request.gallery, let only = grant.galleries, !only.contains(gallery) { continue }
            if let from = grant.span.from, time < from { continue }
            if let until = grant.span.until, time >= until { continue }
            if let bound = request.key?.grant, bound != grant.id { continue }
            granted = grant.id
            break
        }
        guard let granted else { return ("built-in:no-grant", false) }
        // 9. What the purpose and the gallery demand.
        if let gallery = request.gallery, let only = purpose.galleries, !only.contains(gallery) {
            return ("purpose:\(aim)", false)
        }
        if request.operation == .identify, let gallery = request.gallery,
            policy.galleries[gallery]?.purposes.contains(aim) == false
        {
            return ("gallery:\(gallery)", false)
        }
        if purpose.caseReference != nil, recognition.contains(request.operation) {
            // The only pattern here is C and a digit.
            guard let text = request.caseReference, text.count == 2, text.first == "C", text.last!.isNumber else {
                return ("purpose:\(aim)", false)
            }
        }
        if request.operation == .identify || request.operation == .compare {
            if let floor = purpose.minimumSimilarity, let asked = request.threshold, asked.value < floor.value {
                return ("purpose:\(aim)", false)
            }
            if let most = purpose.maximumCandidates, let asked = request.candidates, asked > most {
                return ("purpose:\(aim)", false)
            }
        }
        return ("grant:\(granted)", true)
    }
}
