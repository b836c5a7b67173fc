public import Foundation

/// How a decision comes about: every rule that has a say in it, from the highest rank to the lowest.
public struct PolicyExplanation: Sendable, Hashable {
    public enum Effect: String, Sendable, Hashable, Codable {
        /// It refuses the request, whatever follows.
        case refuses
        /// It permits the request, unless something before it refuses.
        case permits
        /// It lets the request go on to the next.
        case passes
        /// A rule before it refuses, so that it was not asked.
        case unasked
    }

    public struct Step: Sendable, Hashable {
        public let rule: String
        public let effect: Effect
        /// A sentence without its end.
        public let because: String
    }

    public let steps: [Step]
    public let decision: PolicyDecision
}

extension RuleBook {
    /// Asks the policy's rules each by itself, in the order in which `decision` does, and of the built-in rules and what
    /// the purpose demands those that `decision` comes to. Cost: in the number of rules.
    public func explanation(
        of request: AccessRequest, at time: Date, withdrawal: Withdrawal? = nil
    ) -> PolicyExplanation {
        let decision = decision(on: request, at: time, withdrawal: withdrawal)
        var steps: [PolicyExplanation.Step] = []
        func step(_ rule: String, _ effect: PolicyExplanation.Effect, _ because: String) {
            steps.append(.init(rule: rule, effect: effect, because: because))
        }
        // What the built-in rules and the purpose's demands say, they say in the decision's own words.
        func asked(_ rule: String, _ effect: PolicyExplanation.Effect = .passes, otherwise because: String) {
            if steps.contains(where: { $0.effect == .refuses }) {
                step(rule, .unasked, "a rule before it refuses")
            } else if case .refused(rule, let reason) = decision {
                step(rule, .refuses, reason.text)
            } else {
                step(rule, effect, because)
            }
        }
        if let key = request.key { asked("built-in:key", otherwise: "the access key \(key.id) may be used for this") }
        if request.operation == .govern || request.isRetention {
            asked(
                request.isRetention ? "built-in:retention" : "built-in:operator", .permits,
                otherwise: "it is the local operator's, by whatever policy")
            return PolicyExplanation(steps: steps, decision: decision)
        }
        asked(
            "withdrawal",
            otherwise: withdrawal == nil
                ? "recognition is not withdrawn" : "what looks at no face goes on while recognition is withdrawn")
        asked("built-in:purpose", otherwise: "the request says the purpose '\(request.purpose ?? "")'")
        guard let purpose = request.purpose, !purpose.isEmpty else {
            return PolicyExplanation(steps: steps, decision: decision)
        }
        if request.operation == .enrol {
            asked("built-in:only-searches", otherwise: "the purpose '\(purpose.shown)' is not one that only searches")
        }
        if let gallery = request.gallery {
            asked(
                "built-in:gallery",
                otherwise: terms(of: gallery).map {
                    "\(gallery) is kept by \($0.owner) (\($0.legalBasis)), faces for \(($0.retention / 86_400).formatted()) days at most"
                } ?? "what leaves the gallery \(gallery) may always leave it")
        }
        let kind = kind(of: request.organisation)
        for prohibition in policy.prohibitions where prohibition.operations.contains(request.operation) {
            let concerns = prohibition.concerns(request, kind: kind, purpose: purpose)
            step(
                "prohibition:\(prohibition.id)", concerns ? .refuses : .passes,
                concerns ? prohibition.reason : "it does not concern this request")
        }
        for moratorium in policy.moratoria where moratorium.operations.contains(request.operation) {
            let (effect, because) = moratorium.say(on: request, kind, purpose, at: time)
            step("moratorium:\(moratorium.id)", effect, because)
        }
        asked(
            "built-in:organisation",
            otherwise: "the policy knows '\(request.organisation.shown)'\(kind.map { ", of the kind \($0)" } ?? "")")
        asked("built-in:unknown-purpose", otherwise: "the policy knows the purpose '\(purpose.shown)'")
        for grant in policy.grants where grant.organisation == request.organisation {
            let no = grant.lacks(request, purpose, at: time)
            step(
                "grant:\(grant.id)", no == nil ? .permits : .passes,
                no ?? "it permits to \(request.operation.rawValue)\(grant.span.until.map { ", until \($0.day)" } ?? "")")
        }
        asked("built-in:no-grant", otherwise: "a grant fits")
        // A purpose's galleries come before the gallery's purposes, and what else the purpose demands comes after.
        let demands = policy.purposes.first { $0.id == purpose }, rule = "purpose:\(demands?.id ?? purpose.shown)"
        let isElsewhere = request.gallery.map { !(demands?.galleries?.contains($0) ?? true) } ?? false
        if isElsewhere { asked(rule, otherwise: "it touches the gallery") }
        if request.operation == .identify, let gallery = request.gallery {
            asked("gallery:\(gallery)", otherwise: "the gallery \(gallery) is searched for this purpose")
        }
        if !isElsewhere { asked(rule, otherwise: "what the purpose demands is met") }
        if let limit = dailyLimit(on: request) {
            asked(rule, otherwise: "at most \(limit) searches and comparisons a day are counted when the request comes")
        }
        return PolicyExplanation(steps: steps, decision: decision)
    }
}

extension Policy.Moratorium {
    fileprivate func say(
        on request: AccessRequest, _ kind: String?, _ purpose: String, at time: Date
    ) -> (PolicyExplanation.Effect, String) {
        if let kinds, !(kind.map(kinds.contains) ?? false) { return (.passes, "it stops other kinds of organisation") }
        if let purposes, !purposes.contains(purpose) { return (.passes, "it stops other purposes") }
        if let from = span.from, time < from { return (.passes, "it begins on \(from.day)") }
        if let until = span.until, until <= time { return (.passes, "it ended on \(until.day)") }
        if spares(request.organisation, for: purpose) { return (.passes, "it spares this organisation for this purpose") }
        return (.refuses, "\(reason)\(span.until.map { ", until \($0.day)" } ?? ", until it is withdrawn")")
    }
}

extension Policy.Grant {
    /// What keeps it from permitting the request, in words; nil when it permits it.
    fileprivate func lacks(_ request: AccessRequest, _ purpose: String, at time: Date) -> String? {
        if let bound = request.key?.grant, bound != id { return "the access key belongs to another grant" }
        if !operations.contains(request.operation) { return "it is not for the operation \(request.operation.rawValue)" }
        if !purposes.contains(purpose) { return "it is for other purposes" }
        if let galleries, let gallery = request.gallery, !galleries.contains(gallery) { return "it is for other galleries" }
        if let from = span.from, time < from { return "it begins on \(from.day)" }
        if let until = span.until, until <= time { return "it ended on \(until.day)" }
        return nil
    }
}
