/// An object's name in a bucket, known not to lead out of it.
struct ObjectKey: Sendable, Hashable {
    /// The name's bytes between its slashes, each literal: no percent sign and no backslash means anything.
    let segments: [[UInt8]]

    /// S3's own limit, which Rekognition has too (the service model's S3ObjectName).
    static let maximumLength = 1024

    /// Throws ``BucketError`` for a name that no object can have: empty, too long, with a NUL, or with `.` or `..` for
    /// a segment, which servers and file systems take for a way out.
    init(_ name: String) throws {
        guard (1...Self.maximumLength).contains(name.utf8.count), !name.utf8.contains(0) else {
            throw BucketError.noObject
        }
        segments = name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map(Array.init)
        guard !segments.contains(where: { $0.elementsEqual(".".utf8) || $0.elementsEqual("..".utf8) }) else {
            throw BucketError.noObject
        }
    }

    /// As an S3 path has it: each byte but the unreserved ones and the slash encoded once.
    var encodedPath: String { segments.map { PercentEncoding.encode($0) }.joined(separator: "/") }
}
