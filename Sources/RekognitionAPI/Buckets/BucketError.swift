/// Why no photograph came out of a bucket. The edge gives it Rekognition's name.
package struct BucketError: Error, Sendable, Hashable, CustomStringConvertible {
    package struct Code: RawRepresentable, Sendable, Hashable {
        package let rawValue: String
        package init(rawValue: String) { self.rawValue = rawValue }

        /// No such bucket, object or version.
        package static let notFound = Code(rawValue: "not-found")
        /// It is there, but may not be read.
        package static let notPermitted = Code(rawValue: "not-permitted")
        /// The object is over the limit; it was not read.
        package static let tooLarge = Code(rawValue: "too-large")
        /// The bucket cannot be reached, or failed; the same request may succeed later.
        package static let unavailable = Code(rawValue: "unavailable")
    }

    package let code: Code
    /// One sentence for the caller. Names no path of this machine, no endpoint and no object's name.
    package let message: String
    /// What the machine or the endpoint said, for the operator's eyes alone; may be empty. It may name a path or an
    /// address, never an object.
    package let detail: String

    package init(_ code: Code, _ message: String, detail: String = "") {
        self.code = code
        self.message = message
        self.detail = detail
    }

    package var description: String { message }

    static let noObject = BucketError(.notFound, "The bucket has no object of that name.")
    static func tooLarge(_ limit: Int) -> BucketError {
        BucketError(.tooLarge, "The object has more than \(limit) bytes, the limit for a photograph.")
    }
}
