import Foundation

/// How requests and answers are written: Rekognition's names begin with a capital, its times are seconds since 1970.
enum ServiceJSON {
    static func encode(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .secondsSince1970
        encoder.outputFormatting = .withoutEscapingSlashes
        encoder.keyEncodingStrategy = .custom { path in
            let name = path[path.count - 1].stringValue
            return Key(stringValue: name.prefix(1).uppercased() + name.dropFirst())
        }
        return try encoder.encode(value)
    }

    static func decode<Value: Decodable>(_ type: Value.Type, from data: Data) throws -> Value {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .custom { path in
            let name = path[path.count - 1].stringValue
            return Key(stringValue: name.prefix(1).lowercased() + name.dropFirst())
        }
        return try decoder.decode(type, from: data)
    }

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}

/// An answer without members.
struct EmptyShape: Encodable {}
