/// What went wrong, in one sentence that a person can act on.
///
/// A struct with a code rather than an enum, so that a new code breaks no caller's `switch`. Messages name the file, the
/// value or the limit; never a template, a photograph's content or a person's name.
public struct RecognitionError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of failure. Edges map it to an exit code or an exception name.
    public struct Code: RawRepresentable, Sendable, Hashable {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        // The caller's photograph.
        /// The bytes are no photograph in a format that is read here.
        public static let notAnImage = Code(rawValue: "not-an-image")
        /// The photograph is over the limit on bytes or pixels; it was not decoded.
        public static let imageTooLarge = Code(rawValue: "image-too-large")
        /// The photograph ends early or is corrupt.
        public static let imageDamaged = Code(rawValue: "image-damaged")
        /// A file could not be read.
        public static let unreadableFile = Code(rawValue: "unreadable-file")
        /// No face where one is needed. An answer, not a fault: exit code 1.
        public static let noFace = Code(rawValue: "no-face")

        // The caller's words.
        /// A value is outside what is allowed.
        public static let invalidValue = Code(rawValue: "invalid-value")
        /// No gallery of that name.
        public static let galleryNotFound = Code(rawValue: "gallery-not-found")
        /// No face of that id where one is needed.
        public static let faceNotFound = Code(rawValue: "face-not-found")
        /// No person of that name in the gallery.
        public static let personNotFound = Code(rawValue: "person-not-found")
        /// A gallery of that name is there already.
        public static let galleryExists = Code(rawValue: "gallery-exists")
        /// The photograph is enrolled already, under another person or another external id.
        public static let enrolledOtherwise = Code(rawValue: "enrolled-otherwise")
        /// A person of that name is in the gallery already.
        public static let personExists = Code(rawValue: "person-exists")
        /// The person has as many faces as one may have.
        public static let personFull = Code(rawValue: "person-full")
        /// The face belongs to another person.
        public static let faceTaken = Code(rawValue: "face-taken")
        /// The token of this request has been used for another request.
        public static let tokenMismatch = Code(rawValue: "token-mismatch")
        /// As many things are there as there may be.
        public static let limitExceeded = Code(rawValue: "limit-exceeded")
        /// No access key of that id.
        public static let accessKeyNotFound = Code(rawValue: "access-key-not-found")
        /// A file is to be made under a name that is taken.
        public static let placeTaken = Code(rawValue: "place-taken")
        /// The file is no backup that can be restored here.
        public static let notABackup = Code(rawValue: "not-a-backup")
        /// Another request changed the gallery between this one's look and its change; nothing was changed by this one.
        public static let overtaken = Code(rawValue: "overtaken")
        /// No model of that id, or its file is missing.
        public static let modelNotFound = Code(rawValue: "model-not-found")
        /// A model's file or manifest is not what it should be; it was not loaded.
        public static let modelRefused = Code(rawValue: "model-refused")
        /// Templates, or a gallery and a template, belong to different models.
        public static let modelMismatch = Code(rawValue: "model-mismatch")
        /// A similarity was asked of a model that has no calibration.
        public static let notCalibrated = Code(rawValue: "not-calibrated")
        /// A template has a wrong length, a component that is not finite, or no direction.
        public static let invalidTemplate = Code(rawValue: "invalid-template")

        /// A policy, or a list of cases for one, is not what it should be; the one before stays in force.
        public static let policyRefused = Code(rawValue: "policy-refused")

        /// The access keys that were shown do not suffice.
        public static let keysRefused = Code(rawValue: "keys-refused")
        /// The trial policy does not permit it; it needs a policy that the operator has applied.
        public static let needsPolicy = Code(rawValue: "needs-policy")
        /// Another system, which is measured, did not answer as its protocol has it.
        public static let systemUnavailable = Code(rawValue: "system-unavailable")

        // The machine.
        /// The clock lies before the record's last entry; nothing is done by it.
        public static let clockWentBack = Code(rawValue: "clock-went-back")
        /// Another process owns the data directory.
        public static let dataDirectoryInUse = Code(rawValue: "data-directory-in-use")
        /// The disk is full; nothing was changed.
        public static let diskFull = Code(rawValue: "disk-full")
        /// A file of ours cannot be written or opened.
        public static let storageUnavailable = Code(rawValue: "storage-unavailable")
        /// A file of ours is corrupt.
        public static let storageCorrupt = Code(rawValue: "storage-corrupt")
        /// The key to what is kept is not there, or is another one.
        public static let keyMissing = Code(rawValue: "key-missing")
        /// A fault of ours, or of a library below us.
        public static let fault = Code(rawValue: "fault")
    }

    public let code: Code
    /// One sentence: what failed, which value or file, what to do.
    public let message: String
    /// What a library below said, for an operator's eyes; may be empty.
    public let detail: String

    public init(_ code: Code, _ message: String, detail: String = "") {
        self.code = code
        self.message = message
        self.detail = detail
    }

    public var description: String { detail.isEmpty ? message : "\(message) (\(detail))" }
}
