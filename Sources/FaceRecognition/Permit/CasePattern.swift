public import Foundation

/// What a case reference must look like: a regular expression of ICU's kind that it fits as a whole.
public struct CasePattern: Sendable, Hashable, CustomStringConvertible {
    public let description: String
    /// Never changes, and may be used from several threads at once, as Foundation says of it.
    private let expression: NSRegularExpression

    /// - Returns: nil when it is no regular expression, or longer than 256 characters.
    public init?(_ pattern: String) {
        // By itself too: between the anchors alone, `a)|(?:.*` would close their group and fit everything.
        guard pattern.count <= 256, (try? NSRegularExpression(pattern: pattern)) != nil,
            let expression = try? NSRegularExpression(pattern: "\\A(?:\(pattern))\\z")
        else { return nil }
        description = pattern
        self.expression = expression
    }

    public func matches(_ text: String) -> Bool {
        text.utf8.count <= AccessRequest.longestReference
            && expression.firstMatch(in: text, range: NSRange(text.startIndex..., in: text)) != nil
    }

    public static func == (a: CasePattern, b: CasePattern) -> Bool { a.description == b.description }
    public func hash(into hasher: inout Hasher) { hasher.combine(description) }
}
