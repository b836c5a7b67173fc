package import Foundation

/// JSON on one line, written member by member in the order in which the caller gives them.
///
/// To the byte what Foundation's `JSONEncoder` writes without escaping slashes. Every request waits for its entry of
/// the record, and this takes two fifths of `JSONEncoder`'s tenth of a millisecond (samples of a service under load).
package struct JSONLine {
    private var bytes: [UInt8] = []
    /// Whether the innermost object or array has something in it.
    private var hasMembers = false

    /// An object.
    package static func object(_ members: (inout JSONLine) throws -> Void) rethrows -> Data {
        var text = JSONLine()
        text.bytes.reserveCapacity(1_024)
        try text.enclosed("{", "}", members)
        return Data(text.bytes)
    }

    /// A member that is left out when it is nil. Names, here and below, are of letters, and are written as they are.
    package mutating func member(_ name: StaticString, _ value: String?) {
        guard let value else { return }
        key(name)
        write(value)
    }

    package mutating func member(_ name: StaticString, _ value: Int?) {
        guard let value else { return }
        key(name)
        bytes += "\(value)".utf8
    }

    /// - Throws: `.fault` for what is no number.
    package mutating func member(_ name: StaticString, _ value: Double?) throws {
        guard let value else { return }
        guard value.isFinite else { throw RecognitionError(.fault, "The member \(name) is not a finite number.") }
        key(name)
        let digits = "\(value)"
        bytes += digits.hasSuffix(".0") ? digits.utf8.dropLast(2) : digits.utf8[...]
    }

    package mutating func member(_ name: StaticString, _ values: [String]?) {
        guard let values else { return }
        key(name)
        enclosed("[", "]") { list in
            for value in values {
                list.separate()
                list.write(value)
            }
        }
    }

    /// A list of objects.
    package mutating func member<Value>(
        _ name: StaticString, _ values: [Value]?, each: (inout JSONLine, Value) throws -> Void
    ) rethrows {
        guard let values else { return }
        key(name)
        try enclosed("[", "]") { list in
            for value in values {
                list.separate()
                try list.enclosed("{", "}") { try each(&$0, value) }
            }
        }
    }

    /// A member whose name is not known beforehand.
    package mutating func member(named name: String, _ value: String) {
        separate()
        write(name)
        bytes.append(UInt8(ascii: ":"))
        write(value)
    }

    private mutating func key(_ name: StaticString) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        name.withUTF8Buffer { bytes += $0 }
        bytes += "\":".utf8
    }

    private mutating func separate() {
        if hasMembers { bytes.append(UInt8(ascii: ",")) }
        hasMembers = true
    }

    private mutating func enclosed(
        _ opening: Unicode.Scalar, _ closing: Unicode.Scalar, _ content: (inout JSONLine) throws -> Void
    ) rethrows {
        let outer = hasMembers
        bytes.append(UInt8(ascii: opening))
        hasMembers = false
        try content(&self)
        bytes.append(UInt8(ascii: closing))
        hasMembers = outer
    }

    private mutating func write(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
            case 0x08: bytes += "\\b".utf8
            case 0x09: bytes += "\\t".utf8
            case 0x0A: bytes += "\\n".utf8
            case 0x0C: bytes += "\\f".utf8
            case 0x0D: bytes += "\\r".utf8
            case 0..<0x20: bytes += "\\u00\(CollectionOfOne(byte).hexadecimal)".utf8
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
