public import FaceRecognition
public import Foundation

/// A day on which a policy changes by itself, or is to be looked at.
public struct PolicyDate: Sendable, Hashable {
    public enum Event: String, Sendable, Hashable, Codable { case begins, ends, review }

    public let date: Date
    public let event: Event
    public let rule: String
    /// Why, where the rule says it.
    public let reason: String?
}

extension Policy {
    /// What begins, ends and is due for review, by date.
    public var calendar: [PolicyDate] {
        var dates: [PolicyDate] = []
        func add(_ date: Date?, _ event: PolicyDate.Event, _ rule: String, _ reason: String? = nil) {
            if let date { dates.append(PolicyDate(date: date, event: event, rule: rule, reason: reason)) }
        }
        for grant in grants {
            add(grant.span.from, .begins, "grant:\(grant.id)")
            add(grant.span.until, .ends, "grant:\(grant.id)")
        }
        for moratorium in moratoria {
            add(moratorium.span.from, .begins, "moratorium:\(moratorium.id)", moratorium.reason)
            add(moratorium.span.until, .ends, "moratorium:\(moratorium.id)", moratorium.reason)
            add(moratorium.review, .review, "moratorium:\(moratorium.id)", moratorium.reason)
        }
        return dates.sorted { ($0.date, $0.rule, $0.event.rawValue) < ($1.date, $1.rule, $1.event.rawValue) }
    }
}
