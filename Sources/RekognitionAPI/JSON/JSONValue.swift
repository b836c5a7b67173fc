import Foundation

/// A JSON value as it stands in a request; strings are not decoded before somebody asks for them.
indirect enum JSONValue: Sendable {
    case null
    case boolean(Bool)
    case number(Double)
    case string(JSONText)
    case array([JSONValue])
    case object([String: JSONValue])

    /// What a client calls it.
    var kind: String {
        switch self {
        case .null: "null"
        case .boolean: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "a list"
        case .object: "a structure"
        }
    }
}

/// A JSON string's bytes between the quotes. A photograph of five megabytes stays as it came until it is decoded from
/// base64, without ever becoming a `String`.
struct JSONText: Sendable {
    let bytes: Data
    let hasEscapes: Bool

    /// - Returns: nil for what is no UTF-8, no escape of RFC 8259, section 7, or half a surrogate pair.
    var string: String? {
        hasEscapes ? unescaped().flatMap { String(validating: $0, as: UTF8.self) } : String(validating: bytes, as: UTF8.self)
    }

    /// The bytes that the text stands for in base64 (RFC 4648, section 4, with padding and nothing else).
    var base64: Data? {
        // A few clients write '/' as '\/'.
        guard let plain = hasEscapes ? unescaped().map({ Data($0) }) : bytes else { return nil }
        return Data(strictBase64: plain)
    }

    private func unescaped() -> [UInt8]? {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var rest = bytes[...]
        func hexadecimal() -> UInt32? {
            guard rest.count >= 4 else { return nil }
            let digits = rest.prefix(4)
            rest = rest.dropFirst(4)
            var value: UInt32 = 0
            for digit in digits {
                guard let digit = Character(Unicode.Scalar(digit)).hexDigitValue else { return nil }
                value = value << 4 | UInt32(digit)
            }
            return value
        }
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\") else {
                result.append(byte)
                continue
            }
            switch rest.popFirst() {
            case UInt8(ascii: "\""): result.append(UInt8(ascii: "\""))
            case UInt8(ascii: "\\"): result.append(UInt8(ascii: "\\"))
            case UInt8(ascii: "/"): result.append(UInt8(ascii: "/"))
            case UInt8(ascii: "b"): result.append(0x08)
            case UInt8(ascii: "f"): result.append(0x0C)
            case UInt8(ascii: "n"): result.append(0x0A)
            case UInt8(ascii: "r"): result.append(0x0D)
            case UInt8(ascii: "t"): result.append(0x09)
            case UInt8(ascii: "u"):
                guard var code = hexadecimal() else { return nil }
                if (0xD800..<0xDC00).contains(code) {
                    guard rest.popFirst() == UInt8(ascii: "\\"), rest.popFirst() == UInt8(ascii: "u"),
                        let low = hexadecimal(), (0xDC00..<0xE000).contains(low)
                    else { return nil }
                    code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
                }
                guard let scalar = Unicode.Scalar(code) else { return nil }
                result.append(contentsOf: UTF8.encode(scalar)!)
            default: return nil
            }
        }
        return result
    }
}
