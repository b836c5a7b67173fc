import FaceRecognition

/// Names of a data set that stand for one person: two spellings, a maiden name, a wrong label.
///
/// A comparison between them is none of different people, however the folders are called.
public struct SamePersonList: Sendable, Hashable {
    private let first: [String: String]

    /// - Parameter text: a line for each person, the names separated by tabs; lines that begin with `#` are comments.
    /// - Throws: `.invalidValue` with the line's number for a line of fewer than two names, or a name that stands twice.
    public init(parsing text: String) throws {
        var first: [String: String] = [:]
        for (i, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let names = line.split(separator: "\t").map(String.init)
            guard !line.isEmpty, !line.hasPrefix("#") else { continue }
            guard names.count >= 2 else {
                throw RecognitionError(
                    .invalidValue,
                    "Line \(i + 1) of the same-person list names fewer than two names; separate them by tabs.")
            }
            for name in names {
                guard first.updateValue(names[0], forKey: name) == nil else {
                    throw RecognitionError(
                        .invalidValue,
                        "Line \(i + 1) of the same-person list repeats a name; put all of one person's names on one line."
                    )
                }
            }
        }
        self.first = first
    }

    /// The one name that stands for all names of a person.
    public func person(_ name: String) -> String { first[name] ?? name }
}
