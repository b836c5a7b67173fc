import FaceRecognition
public import Foundation
import Yams

/// Reads fields of YAML, and remembers everything that is wrong with them.
struct Fields {
    private(set) var problems: [PolicyProblem] = []

    mutating func fail(_ node: Node?, _ text: String) { fail(at: node?.place ?? Place(), text) }

    mutating func fail(at place: Place, _ text: String) {
        problems.append(PolicyProblem(line: place.line, column: place.column, severity: .error, text: text))
    }

    /// A mapping's values, with every field that is not among `known`, or has no value, named as a mistake: nobody can
    /// tell whether a blank field means all or none.
    mutating func mapping(_ node: Node, _ what: String, _ known: [String]) -> [String: Node] {
        guard case .mapping(let mapping) = node else {
            fail(node, "\(what) is a list of fields, not \(node.kind).")
            return [:]
        }
        var values: [String: Node] = [:]
        for (key, value) in mapping {
            guard let name = key.plain, known.contains(name) else {
                let name = key.plain.map { "'\($0.prefix(64))'" } ?? "of this name"
                fail(key, "\(what) has no field \(name); it has \(known.joined(separator: ", ")).")
                continue
            }
            if value.isNothing {
                fail(key, "'\(name)' has no value; write one, or leave the field out where it is not needed.")
            }
            values[name] = value
        }
        return values
    }

    /// The items of a list; none when it is left out.
    mutating func list(_ node: Node?, _ what: String) -> [Node] {
        guard let node, !node.isNothing else { return [] }
        guard case .sequence(let items) = node else {
            fail(node, "\(what) is a list, not \(node.kind).")
            return []
        }
        for item in items where item.isNothing { fail(item, "An item of \(what) has no value; write one, or leave it out.") }
        return items.filter { !$0.isNothing }
    }

    /// The items of a list that narrows a rule: with none the rule would concern nobody, which nobody means.
    mutating func names(_ node: Node, _ what: String, remedy: String = "leave the field out for all") -> [Node] {
        if node.isEmptyList { fail(node, "'\(what)' names none; \(remedy).") }
        return list(node, what)
    }

    /// A text of at least one character.
    mutating func text(_ node: Node?, _ what: String, of owner: Node, longest: Int = 1_000) -> String {
        guard let node else {
            fail(owner, "\(what) is missing.")
            return ""
        }
        // The mapping or the list that it stands in told of it.
        guard !node.isNothing else { return "" }
        guard let text = node.plain, !text.isEmpty else {
            fail(node, "\(what) is a text, not \(node.kind).")
            return ""
        }
        guard text.utf8.count <= longest, !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
        else {
            fail(node, "\(what) is one line of at most \(longest) bytes.")
            return ""
        }
        return text
    }

    /// A text that may be left out.
    mutating func text(ifThere node: Node?, _ what: String, of owner: Node) -> String? {
        guard let node else { return nil }
        let text = text(node, what, of: owner)
        return text.isEmpty ? nil : text
    }

    /// What names something: letters, digits, '.', '_', '-', ':', '/' or '@'.
    mutating func id(_ node: Node?, _ what: String, of owner: Node) -> String {
        let text = text(node, what, of: owner, longest: AccessRequest.longestReference)
        if !text.isEmpty, text.wholeMatch(of: /[A-Za-z0-9_.@:\/-]+/) == nil {
            fail(node, "\(what) is made of letters, digits, '.', '_', '-', ':', '/' or '@'.")
        }
        return text
    }

    mutating func gallery(_ node: Node?, of owner: Node) -> GalleryName? {
        let text = text(node, "A gallery's name", of: owner)
        guard !text.isEmpty else { return nil }
        guard let name = try? GalleryName(text) else {
            fail(node, "A gallery's name is 1 to 255 letters, digits, '.', '_' or '-'.")
            return nil
        }
        return name
    }

    mutating func number(_ node: Node?, _ what: String, _ range: ClosedRange<Int>) -> Int? {
        guard let node, !node.isNothing else { return nil }
        guard let number = node.plain.flatMap({ Int($0) }), range.contains(number) else {
            fail(node, "\(what) is a whole number from \(range.lowerBound) to \(range.upperBound), not \(node.kind).")
            return nil
        }
        return number
    }

    mutating func similarity(_ node: Node?, _ what: String) -> Similarity? {
        guard let node, !node.isNothing else { return nil }
        guard let similarity = node.plain.flatMap({ Double($0) }).flatMap({ Similarity($0) }) else {
            fail(node, "\(what) lies between 0 and 100.")
            return nil
        }
        return similarity
    }

    mutating func flag(_ node: Node?, _ what: String) -> Bool {
        guard let node, !node.isNothing else { return false }
        guard let text = node.plain, ["true", "false"].contains(text) else {
            fail(node, "\(what) is true or false, not \(node.kind).")
            return false
        }
        return text == "true"
    }

    /// A day (its first moment, UTC) or a moment.
    mutating func date(_ node: Node?, _ what: String) -> Date? {
        guard let node, !node.isNothing else { return nil }
        guard let text = node.plain, let date = Date(policy: text) else {
            fail(node, "\(what) is a day (2020-06-10) or a moment (2020-06-10T12:00:00Z) in UTC, not \(node.kind).")
            return nil
        }
        return date
    }

    /// 90s, 30m, 12h, 180d, 26w, 2y.
    mutating func period(_ node: Node?, _ what: String, of owner: Node) -> TimeInterval {
        let text = text(node, what, of: owner)
        guard !text.isEmpty else { return 0 }
        let units: [Character: Double] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800, "y": 31_536_000]
        guard let unit = text.last.flatMap({ units[$0] }), let number = Int(text.dropLast()), number > 0,
            Double(number) * unit <= 1e11
        else {
            fail(node, "\(what) is a number and a unit: 30d, 26w, 2y.")
            return 0
        }
        return Double(number) * unit
    }

    /// At least one.
    mutating func operations(_ node: Node?, of owner: Node) -> Set<GatedOperation> {
        if node?.isEmptyList ?? true { fail(node ?? owner, "operations is missing; a rule for none says nothing.") }
        var operations: Set<GatedOperation> = []
        for item in list(node, "operations") {
            guard let operation = item.plain.flatMap({ GatedOperation(rawValue: $0) }), operation != .govern else {
                let all = GatedOperation.granted.map(\.rawValue).joined(separator: ", ")
                fail(item, "There is no operation \(item.kind); there are \(all).")
                continue
            }
            operations.insert(operation)
        }
        return operations
    }
}

extension Node {
    /// What stands there, whatever YAML would take it for; nil for what is no scalar.
    var plain: String? {
        guard case .scalar(let scalar) = self else { return nil }
        return scalar.string
    }

    /// A field without a value.
    var isNothing: Bool {
        guard case .scalar(let scalar) = self else { return false }
        return scalar.style != .singleQuoted && scalar.style != .doubleQuoted
            && ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }

    var isEmptyList: Bool {
        guard case .sequence(let items) = self else { return false }
        return items.isEmpty
    }

    /// For a sentence that says what it is not.
    var kind: String {
        switch self {
        case .scalar(let scalar): "'\(scalar.string.prefix(64))'"
        case .sequence: "a list"
        case .mapping: "a group of fields"
        default: "a reference"
        }
    }
}

extension Date {
    /// A day (its first moment) or a moment, in UTC.
    public init?(policy text: String) {
        if text.wholeMatch(of: /\d{4}-\d{2}-\d{2}/) != nil {
            // As written: the 31st of a month that has 30 days is none.
            guard let date = try? Date(text, strategy: .iso8601.year().month().day()),
                date.formatted(.iso8601.year().month().day()) == text
            else { return nil }
            self = date
            return
        }
        guard let date = try? Date(text, strategy: .iso8601), date.formatted(.iso8601) == text else { return nil }
        self = date
    }
}
