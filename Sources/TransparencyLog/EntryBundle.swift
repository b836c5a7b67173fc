public import Foundation

/// Up to 256 entries in one file: each after its length in two bytes, the higher one first.
public enum EntryBundle {
    /// The longest entry that a bundle can hold, in bytes.
    public static let longestEntry = 65_535

    /// - Throws: `.outOfRange` for an entry that is too long.
    public static func encoded(_ entries: some Sequence<Data>) throws -> Data {
        var bundle = Data()
        for entry in entries {
            guard entry.count <= longestEntry else {
                throw LogError(
                    .outOfRange,
                    "An entry of \(entry.count) bytes is longer than a bundle can hold: \(longestEntry) bytes.")
            }
            bundle.append(UInt8(entry.count >> 8))
            bundle.append(UInt8(entry.count & 0xFF))
            bundle.append(entry)
        }
        return bundle
    }

    /// - Returns: the entries that are whole, and whether nothing else was there.
    public static func decoded(_ bundle: Data) -> (entries: [Data], isWhole: Bool) {
        var entries: [Data] = [], rest = bundle[...]
        while rest.count >= 2 {
            let length = Int(rest[rest.startIndex]) << 8 | Int(rest[rest.startIndex + 1])
            guard rest.count >= 2 + length else { break }
            let start = rest.startIndex + 2
            entries.append(rest[start..<(start + length)])
            rest = rest[(start + length)...]
        }
        return (entries, rest.isEmpty)
    }
}
