import Foundation

/// How answers are written: Rekognition's names begin with a capital, its times are seconds since 1970.
enum ServiceJSON {
    static func encode(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .secondsSince1970
        encoder.outputFormatting = .withoutEscapingSlashes
        encoder.keyEncodingStrategy = .custom { path in
            let name = path[path.count - 1].stringValue
            return CapitalKey(stringValue: name.prefix(1).uppercased() + name.dropFirst())
        }
        return try encoder.encode(value)
    }

    private struct CapitalKey: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}

/// An answer without members.
struct EmptyShape: Encodable {}
