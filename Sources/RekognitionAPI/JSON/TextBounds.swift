import FaceRecognition

/// How long a text may be, in Unicode scalars, and of which it may be made: as Rekognition's service model has it
/// (botocore's `rekognition/2016-06-27`).
struct TextBounds: Sendable {
    let length: ClosedRange<Int>
    /// For messages: the model's own pattern.
    let pattern: String
    private let allows: @Sendable (String) -> Bool

    private init(_ length: ClosedRange<Int>, _ pattern: String, _ allows: @escaping @Sendable (String) -> Bool) {
        self.length = length
        self.pattern = pattern
        self.allows = allows
    }

    /// Letters and digits of ASCII, and `others`.
    private init(_ length: ClosedRange<Int>, _ pattern: String, with others: StaticString) {
        let allowed = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789\(others)".utf8)
        self.init(length, pattern) { $0.utf8.allSatisfy(allowed.contains) }
    }

    static let any = TextBounds(0...65_536, ".*") { _ in true }
    static let collectionID = TextBounds(1...255, #"[a-zA-Z0-9_.\-]+"#, with: "_.-")
    static let externalImageID = TextBounds(1...255, #"[a-zA-Z0-9_.\-:]+"#, with: "_.-:")
    static let userID = TextBounds(1...128, #"[a-zA-Z0-9_.\-:]+"#, with: "_.-:")
    static let requestToken = TextBounds(1...64, "^[a-zA-Z0-9-_]+$", with: "-_")
    static let bucket = TextBounds(3...255, #"[0-9A-Za-z\.\-_]*"#, with: ".-_")
    static let objectName = TextBounds(1...1_024, ".*") { _ in true }
    static let objectVersion = TextBounds(1...1_024, ".*") { _ in true }
    static let resourceName = TextBounds(20...2_048, ".*") { _ in true }
    static let pageToken = TextBounds(0...255, ".*") { _ in true }
    static let faceID = TextBounds(36...36, "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}") { text in
        text.utf8.allSatisfy { $0 < 0x41 || $0 > 0x5A } && FaceID(text) != nil
    }
    static let tagKey = TextBounds(1...128, #"^(?!aws:)[\p{L}\p{Z}\p{N}_.:/=+\-@]*$"#) {
        !$0.hasPrefix("aws:") && $0.unicodeScalars.allSatisfy(\.isOfTag)
    }
    static let tagValue = TextBounds(0...256, #"^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$"#) {
        $0.unicodeScalars.allSatisfy(\.isOfTag)
    }

    var lengthRule: String { "has \(length.lowerBound) to \(length.upperBound) characters" }

    func check(_ text: String, _ place: String) throws {
        let count = text.unicodeScalars.count
        guard length.contains(count) else { throw ServiceError.invalid("\(place) \(lengthRule), not \(count).") }
        guard allows(text) else {
            throw ServiceError.invalid("\(place) has a form that the pattern \(pattern) does not allow.")
        }
    }
}

extension Unicode.Scalar {
    /// `[\p{L}\p{Z}\p{N}_.:/=+\-@]`
    fileprivate var isOfTag: Bool {
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .spaceSeparator,
            .lineSeparator, .paragraphSeparator, .decimalNumber, .letterNumber, .otherNumber:
            true
        default: "_.:/=+-@".unicodeScalars.contains(self)
        }
    }
}
