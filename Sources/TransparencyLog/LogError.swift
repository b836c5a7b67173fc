/// What is wrong with a log, or with what somebody hands over as a part of one, in one sentence.
public struct LogError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of failure.
    public struct Code: RawRepresentable, Sendable, Hashable {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        /// A text or file is no note, checkpoint, key, proof, tile or bundle.
        public static let malformed = Code(rawValue: "malformed")
        /// An index or a size that the log does not have.
        public static let outOfRange = Code(rawValue: "out-of-range")
        /// A hash or a file of the log is not there.
        public static let incomplete = Code(rawValue: "incomplete")
        /// Bytes are not those that were hashed or signed.
        public static let changed = Code(rawValue: "changed")
        /// An entry is not there.
        public static let missing = Code(rawValue: "missing")
        /// An entry is there twice.
        public static let repeated = Code(rawValue: "repeated")
        /// An entry is in another's place.
        public static let reordered = Code(rawValue: "reordered")
        /// The log ends before a checkpoint does.
        public static let cutOff = Code(rawValue: "cut-off")
        /// A checkpoint or folder of another log.
        public static let otherLog = Code(rawValue: "other-log")
        /// A note without a signature by the key that is known.
        public static let otherKey = Code(rawValue: "other-key")
        /// Another kind of file is in the way, or a file can't be read.
        public static let unusable = Code(rawValue: "unusable")
        /// A file can't be written.
        public static let unwritable = Code(rawValue: "unwritable")
        /// The disk has no room left.
        public static let diskFull = Code(rawValue: "disk-full")
    }

    public let code: Code
    /// The first entry that does not fit, where one can be told.
    public let index: Int?
    /// One sentence: what does not fit, where, what to do.
    public let message: String

    public init(_ code: Code, at index: Int? = nil, _ message: String) {
        self.code = code
        self.index = index
        self.message = message
    }

    public var description: String { message }
}
