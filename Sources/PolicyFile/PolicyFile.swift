import Crypto
public import FaceRecognition
public import Foundation
import Yams

/// A policy as YAML. Documentation/Policy.md has every field; Documentation/policy.schema.json tells editors.
public struct PolicyFile: Sendable {
    /// The largest that is read, in bytes: some ten thousand grants.
    public static let largest = 8 << 20

    public let policy: Policy
    /// SHA-256 of the file's bytes, in hexadecimal digits: names the policy in the record.
    public let digest: String
    /// Where each rule stands, for what is found out about it later.
    let places: PolicyPlaces

    /// Reads all of it and names every mistake, not the first only.
    /// - Returns: nil with at least one error, in the order of the lines.
    public static func reading(_ bytes: Data) -> (file: PolicyFile?, problems: [PolicyProblem]) {
        func refused(_ text: String, _ mark: Place = Place()) -> (PolicyFile?, [PolicyProblem]) {
            (nil, [PolicyProblem(line: mark.line, column: mark.column, severity: .error, text: text)])
        }
        guard bytes.count <= largest else {
            return refused("A policy has at most \(largest) bytes, not \(bytes.count).")
        }
        let root: Node
        switch String.reading(bytes).flatMap({ $0.composed() }) {
        case .success(let node?): root = node
        case .success(nil): return refused("The file is empty; see Documentation/Policy.md for what a policy says.")
        case .failure(let problem): return (nil, [problem])
        }
        var reader = PolicyReader()
        let policy = reader.read(root)
        reader.checkTogether(policy)
        guard reader.fields.problems.isEmpty else { return (nil, reader.fields.problems.sorted()) }
        return (
            PolicyFile(policy: policy, digest: SHA256.hash(data: bytes).hexadecimal, places: reader.places), []
        )
    }

    /// - Throws: `.policyRefused` with the first mistake.
    public init(_ bytes: Data, path: String) throws {
        let (file, problems) = Self.reading(bytes)
        guard let file else {
            let first = problems[0]
            let others = problems.count > 1 ? " (and \(problems.count - 1) more; `countenance policy check` shows all)" : ""
            throw RecognitionError(
                .policyRefused, "\(path):\(first.line):\(first.column): \(first.text)\(others)")
        }
        self = file
    }

    private init(policy: Policy, digest: String, places: PolicyPlaces) {
        self.policy = policy
        self.digest = digest
        self.places = places
    }
}

/// Where the rules stand in the file.
struct PolicyPlaces: Sendable {
    var grants: [Place] = []
    var moratoria: [Place] = []
    var organisations: [Place] = []
    var purposes: [Place] = []
}

extension String {
    /// The text that bytes are in UTF-8, or where they cease to be one.
    static func reading(_ bytes: Data) -> Result<String, PolicyProblem> {
        if let text = String(data: bytes, encoding: .utf8) { return .success(text) }
        // What is no text is replaced here: where the first replacement stands, the bytes part from what was read.
        let repaired = String(decoding: bytes, as: UTF8.self)
        let same = zip(repaired.utf8, bytes).prefix { $0.0 == $0.1 }.count
        let place = Place(of: repaired.utf8.index(repaired.startIndex, offsetBy: same), in: repaired)
        return .failure(
            PolicyProblem(
                line: place.line, column: place.column, severity: .error,
                text: "What stands here is not UTF-8 text; save the file in UTF-8."))
    }

    /// YAML's own structure, or where it ends to be YAML.
    func composed() -> Result<Node?, PolicyProblem> {
        func problem(_ text: String, _ place: Place?) -> Result<Node?, PolicyProblem> {
            .failure(
                PolicyProblem(
                    line: place?.line ?? 1, column: place?.column ?? 1, severity: .error, text: "This is no YAML: \(text)."))
        }
        if let deep = tooDeep { return problem("it is nested too deeply", deep) }
        do { return .success(try Yams.compose(yaml: self, .default, .default, .utf8)) } catch let error as YamlError {
            return switch error {
            case .scanner(_, let text, let mark, _), .parser(_, let text, let mark, _), .composer(_, let text, let mark, _):
                problem(text, Place(mark))
            // The first character of its kind is the one at which reading stopped.
            case .reader(let text, _, let value, _):
                problem(
                    text,
                    unicodeScalars.firstIndex { $0.value == UInt32(bitPattern: value) }.map { Place(of: $0, in: self) })
            case .duplicatedKeysInMapping(let keys, let context):
                problem("the field '\(keys.sorted().joined(separator: "', '"))' is there twice", Place(context.mark))
            default: problem("it cannot be read", nil)
            }
        } catch { return problem("it cannot be read", nil) }
    }

    /// Where brackets or indentation are nested more deeply than any policy's: the library reads each level by a call of
    /// its own, and a stack has an end.
    private var tooDeep: Place? {
        let most = 64
        var brackets = 0, line = 1, column = 0, dashes = 0, isIndentation = true
        for character in utf8 {
            column += 1
            switch character {
            case UInt8(ascii: "\n"):
                (line, column, dashes, isIndentation) = (line + 1, 0, 0, true)
                continue
            case UInt8(ascii: "["), UInt8(ascii: "{"): brackets += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"): brackets = max(0, brackets - 1)
            case UInt8(ascii: "-") where isIndentation, UInt8(ascii: "?") where isIndentation: dashes += 1
            case UInt8(ascii: " "): break
            default: isIndentation = false
            }
            if brackets > most || dashes > most || (isIndentation && column > 1_024) {
                return Place(line: line, column: column)
            }
        }
        return nil
    }
}
