public import Foundation

/// Which enrolled faces a search may find. It is applied inside the scan, so that k candidates are the k best of these.
public struct CandidateFilter: Sendable, Hashable {
    /// Only this person's faces.
    public var person: String?
    /// Only faces whose external id begins so.
    public var externalIDPrefix: String?
    /// Only faces enrolled in this span, both ends included, to the millisecond.
    public var enrolled: ClosedRange<Date>?

    public init(person: String? = nil, externalIDPrefix: String? = nil, enrolled: ClosedRange<Date>? = nil) {
        self.person = person
        self.externalIDPrefix = externalIDPrefix
        self.enrolled = enrolled
    }

    /// Every face.
    public static let none = CandidateFilter()
}

extension Date {
    /// As the codes have it; times that are out of reach come to the ends.
    package var milliseconds: Int64 {
        Int64(exactly: (timeIntervalSince1970 * 1_000).rounded(.down)) ?? (self > .distantPast ? .max : .min)
    }
}
