import FaceRecognition

/// A list of photographs to compare two by two, in folds: Labeled Faces in the Wild's `pairs.txt`.
///
/// The first line says how many folds there are and how many pairs of each kind a fold has. Then, fold by fold, come the
/// pairs of one person (`name i j`) and the pairs of two (`name i other j`), separated by tabs. Photograph i of a person
/// is the file `name/name_000i.jpg` (Huang et al., University of Massachusetts, Technical Report 07-49, 2007).
public struct PairProtocol: Sendable, Hashable {
    public struct Pair: Sendable, Hashable {
        /// Paths below the data set's folder.
        public let first: String
        public let second: String
        public let samePerson: Bool
    }

    public let folds: [[Pair]]

    /// - Throws: `.invalidValue` with the number of the first line that is not as it should be. The line itself is not
    ///   shown: it holds names.
    public init(parsing text: String) throws {
        var lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        while lines.last?.isEmpty ?? false { lines.removeLast() }
        let header = lines.first?.split(separator: "\t", omittingEmptySubsequences: false).map { Int($0) } ?? []
        guard header.count == 2, let foldCount = header[0], let size = header[1], (2...1_000).contains(foldCount),
            (1...100_000).contains(size)
        else {
            throw Self.refusal(line: 1, "must give the number of folds, a tab, and the pairs of each kind in a fold")
        }
        guard lines.count <= 1 + foldCount * 2 * size else {
            throw Self.refusal(line: 2 + foldCount * 2 * size, "comes after the last pair that the first line promises")
        }
        var folds: [[Pair]] = []
        var line = 1
        for _ in 0..<foldCount {
            var fold: [Pair] = []
            for samePerson in [true, false] {
                for _ in 0..<size {
                    guard line < lines.count else {
                        throw Self.refusal(line: line + 1, "is missing; the first line promises more pairs")
                    }
                    fold.append(try Self.pair(lines[line], samePerson: samePerson, line: line + 1))
                    line += 1
                }
            }
            folds.append(fold)
        }
        self.folds = folds
    }

    /// Every photograph that a pair names, once, in order.
    public var photographs: [String] { Set(folds.joined().flatMap { [$0.first, $0.second] }).sorted() }

    private static func pair(_ text: Substring, samePerson: Bool, line: Int) throws -> Pair {
        let fields = text.split(separator: "\t", omittingEmptySubsequences: false)
        let expected = samePerson ? "a name and two numbers" : "a name and a number, twice"
        let (names, numbers) =
            switch (samePerson, fields.count) {
            case (true, 3): ([fields[0], fields[0]], [fields[1], fields[2]])
            case (false, 4): ([fields[0], fields[2]], [fields[1], fields[3]])
            default: throw refusal(line: line, "must hold \(expected), separated by tabs")
            }
        guard let first = path(names[0], numbers[0]), let second = path(names[1], numbers[1]) else {
            throw refusal(line: line, "must hold \(expected); a name is no path, a number is 1 to 9999")
        }
        guard first != second, samePerson || names[0] != names[1] else {
            throw refusal(line: line, "must name two different \(samePerson ? "photographs" : "people")")
        }
        return Pair(first: first, second: second, samePerson: samePerson)
    }

    /// nil unless it stays in the data set's folder.
    private static func path(_ name: Substring, _ number: Substring) -> String? {
        // By code points: a combining mark makes one `Character` with the slash before it, which is then none.
        let scalars = name.unicodeScalars
        guard let first = scalars.first, first != ".",
            !scalars.contains(where: { $0 == "/" || $0 == "\\" || $0 == "\0" }),
            let number = Int(number), (1...9_999).contains(number)
        else { return nil }
        let digits = String(number)
        return "\(name)/\(name)_\(String(repeating: "0", count: 4 - digits.count))\(digits).jpg"
    }

    private static func refusal(line: Int, _ why: String) -> RecognitionError {
        RecognitionError(.invalidValue, "Line \(line) of the list of pairs \(why).")
    }
}
