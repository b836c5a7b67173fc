/// The tags of a gallery: what its operator says of it. Bounds as AWS has them for tags.
package enum GalleryTags {
    package static let maximum = 200
    static let longestKey = 128
    static let longestValue = 256

    /// - Throws: `.invalidValue` for a key or a value; `.limitExceeded` for too many.
    static func check(_ tags: [String: String]) throws {
        for (key, value) in tags {
            guard (1...longestKey).contains(key.unicodeScalars.count), value.unicodeScalars.count <= longestValue else {
                throw RecognitionError(
                    .invalidValue,
                    "A tag's key has 1 to \(longestKey) characters, not \(key.unicodeScalars.count), and its value at most \(longestValue), not \(value.unicodeScalars.count); shorten it."
                )
            }
        }
        try check(count: tags.count)
    }

    /// What is there after some are removed and others added.
    /// - Throws: `.limitExceeded`.
    package static func changed(
        _ tags: [String: String], adding new: [String: String], removing keys: [String]
    ) throws -> [String: String] {
        var tags = tags
        for key in keys { tags[key] = nil }
        tags.merge(new) { $1 }
        try check(count: tags.count)
        return tags
    }

    private static func check(count: Int) throws {
        guard count <= maximum else {
            throw RecognitionError(
                .limitExceeded, "A gallery has at most \(maximum) tags, not \(count); remove some first.")
        }
    }
}
