import Foundation

/// Reads a JSON text (RFC 8259) from a stranger.
///
/// Why our own: a search by image is to spend at most a twentieth of its time outside the pipeline, and Foundation's
/// decoder takes 30 ms for a photograph of 5 MB in base64, which this one finds the end of in half a millisecond.
/// Bounds: 32 levels, 16,384 values, numbers of 40 characters; strict about everything else: no comments, no trailing
/// commas, no repeated names, nothing after the value.
struct JSONScanner {
    static let maximumDepth = 32
    /// The largest request that Rekognition knows, a list of 4,096 face ids, has a quarter of these.
    static let maximumValues = 16_384
    private static let maximumNumberLength = 40

    /// What is wrong with a text, and after how many bytes.
    struct Failure: Error, Hashable {
        let offset: Int
        let what: String
    }

    private let text: Data
    private var position: Data.Index
    private var values = 0

    private init(_ text: Data) {
        self.text = text
        position = text.startIndex
    }

    /// - Throws: `Failure`. Cost: one passage over the text.
    static func value(of text: Data) throws -> JSONValue {
        var scanner = JSONScanner(text)
        let value = try scanner.value(depth: 0)
        scanner.skipSpace()
        guard scanner.next == nil else { throw scanner.failure("there is something after the end") }
        return value
    }

    private var next: UInt8? { position < text.endIndex ? text[position] : nil }

    private func failure(_ what: String) -> Failure { Failure(offset: position - text.startIndex, what: what) }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private mutating func expect(_ character: Unicode.Scalar) throws {
        guard next == UInt8(ascii: character) else { throw failure("'\(character)' is missing") }
        position += 1
    }

    private mutating func value(depth: Int) throws -> JSONValue {
        guard depth < Self.maximumDepth else { throw failure("it is nested deeper than \(Self.maximumDepth) levels") }
        values += 1
        guard values <= Self.maximumValues else { throw failure("it has more than \(Self.maximumValues) values") }
        skipSpace()
        switch next {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .boolean(true))
        case UInt8(ascii: "f"): return try word("false", .boolean(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case let byte? where byte == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte):
            return try number()
        case nil: throw failure("it ends early")
        default: throw failure("no value begins so")
        }
    }

    private mutating func word(_ word: StaticString, _ value: JSONValue) throws -> JSONValue {
        let isThere = word.withUTF8Buffer { text[position...].starts(with: $0) }
        guard isThere else { throw failure("no value begins so") }
        position += word.utf8CodeUnitCount
        return value
    }

    private mutating func object(depth: Int) throws -> JSONValue {
        position += 1
        var members: [String: JSONValue] = [:]
        skipSpace()
        if next == UInt8(ascii: "}") {
            position += 1
            return .object(members)
        }
        while true {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw failure("a member's name is missing") }
            guard let name = try string().string else { throw failure("a member's name is no text") }
            skipSpace()
            try expect(":")
            let value = try value(depth: depth + 1)
            guard members.updateValue(value, forKey: name) == nil else { throw failure("a member is there twice") }
            skipSpace()
            if next == UInt8(ascii: "}") { break }
            try expect(",")
        }
        position += 1
        return .object(members)
    }

    private mutating func array(depth: Int) throws -> JSONValue {
        position += 1
        var elements: [JSONValue] = []
        skipSpace()
        if next == UInt8(ascii: "]") {
            position += 1
            return .array(elements)
        }
        while true {
            elements.append(try value(depth: depth + 1))
            skipSpace()
            if next == UInt8(ascii: "]") { break }
            try expect(",")
        }
        position += 1
        return .array(elements)
    }

    /// From the quote that opens to the one that closes. The search for the end runs at memory speed.
    private mutating func string() throws -> JSONText {
        position += 1
        let start = position
        let (length, hasEscapes, control) = text[start...].withUnsafeBytes { bytes -> (Int?, Bool, Bool) in
            guard let base = bytes.baseAddress else { return (nil, false, false) }
            var from = 0
            while let found = memchr(base + from, 0x22, bytes.count - from) {
                let end = base.distance(to: UnsafeRawPointer(found))
                var backslashes = 0
                while end - backslashes > 0, bytes[end - backslashes - 1] == 0x5C { backslashes += 1 }
                if backslashes % 2 == 0 {
                    return (end, memchr(base, 0x5C, end) != nil, UnsafeRawBufferPointer(rebasing: bytes[..<end]).hasControl)
                }
                from = end + 1
            }
            return (nil, false, false)
        }
        guard let length else { throw failure("a string does not end") }
        guard !control else { throw failure("a string has a control character") }
        position = start + length + 1
        return JSONText(bytes: text[start..<(start + length)], hasEscapes: hasEscapes)
    }

    private mutating func number() throws -> JSONValue {
        let start = position
        while let byte = next, byte.isOfNumber { position += 1 }
        let digits = text[start..<position]
        guard digits.count <= Self.maximumNumberLength else { throw failure("a number is too long") }
        guard Self.isNumber(digits), let value = Double(String(decoding: digits, as: UTF8.self)), value.isFinite
        else { throw failure("a number is none") }
        return .number(value)
    }

    /// `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?`, by hand: as a regular expression it took a fifth of a millisecond,
    /// as long as everything else that reads a search by id.
    private static func isNumber(_ text: Data) -> Bool {
        var rest = text[...]
        func skip(_ characters: String) -> Bool {
            guard let byte = rest.first, characters.utf8.contains(byte) else { return false }
            rest.removeFirst()
            return true
        }
        func skipDigits() -> Bool {
            let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            rest.removeFirst(digits.count)
            return !digits.isEmpty
        }
        _ = skip("-")
        guard skip("0") || skipDigits() else { return false }
        if skip("."), !skipDigits() { return false }
        if skip("eE") {
            _ = skip("+-")
            guard skipDigits() else { return false }
        }
        return rest.isEmpty
    }
}

extension UInt8 {
    fileprivate var isOfNumber: Bool {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "e"), UInt8(ascii: "E"):
            true
        default: false
        }
    }
}

extension UnsafeRawBufferPointer {
    /// Whether a byte is below the space; written so that the compiler makes a vector loop of it.
    fileprivate var hasControl: Bool {
        var lowest: UInt8 = 0xFF
        for byte in self { lowest = Swift.min(lowest, byte) }
        return lowest < 0x20
    }
}
