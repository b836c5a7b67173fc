/// Something wrong with a policy's file, and where.
public struct PolicyProblem: Error, Sendable, Hashable, Comparable {
    public enum Severity: String, Sendable, Hashable, Codable {
        /// The file is no policy.
        case error
        /// The file is a policy, and somebody should look at it.
        case warning
    }

    /// Counted from 1.
    public let line: Int
    /// Counted from 1, in Unicode scalars.
    public let column: Int
    public let severity: Severity
    /// A sentence.
    public let text: String

    public static func < (a: PolicyProblem, b: PolicyProblem) -> Bool {
        (a.line, a.column, a.text) < (b.line, b.column, b.text)
    }
}
