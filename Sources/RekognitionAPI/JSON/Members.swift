import FaceRecognition
import Foundation

/// The members of a request's structure, each read with the bounds that Rekognition's service model gives it.
///
/// A wrong type is a `SerializationException`, a broken bound an `InvalidParameterException`, as AWS has it. What a member
/// held is never repeated, since it may be somebody's name. Members that no operation knows are passed over, as AWS does.
struct Members {
    private let values: [String: JSONValue]
    /// The way to this structure, for messages.
    private let path: String

    /// - Throws: `SerializationException` for a body that is no JSON structure.
    init(body: Data) throws {
        do {
            // Some clients send nothing where no member is required.
            guard !body.isEmpty else {
                self.init(values: [:], path: "")
                return
            }
            guard case .object(let values) = try JSONScanner.value(of: body) else {
                throw ServiceError(.serialization, "The request's body is no JSON structure.")
            }
            self.init(values: values, path: "")
        } catch let failure as JSONScanner.Failure {
            throw ServiceError(
                .serialization, "The request's body is no JSON: \(failure.what), after \(failure.offset) bytes.")
        }
    }

    private init(values: [String: JSONValue], path: String) {
        self.values = values
        self.path = path
    }

    private func place(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

    /// nil for a member that is left out or null.
    private subscript(_ name: String) -> JSONValue? {
        switch values[name] {
        case nil, .null: nil
        case let value?: value
        }
    }

    private func mismatch(_ place: String, _ value: JSONValue, _ wanted: String) -> ServiceError {
        ServiceError(.serialization, "\(place) is \(wanted), not \(value.kind).")
    }

    func broken(_ name: String, _ must: String) -> ServiceError { .invalid("\(place(name)) \(must).") }

    // MARK: Members of each kind

    func text(_ name: String, _ bounds: TextBounds) throws -> String? {
        guard let value = self[name] else { return nil }
        return try text(value, place(name), bounds)
    }

    private func text(_ value: JSONValue, _ place: String, _ bounds: TextBounds) throws -> String {
        guard case .string(let text) = value else { throw mismatch(place, value, "a string") }
        // So that nothing long is decoded only to be refused.
        guard text.bytes.count <= 12 * bounds.length.upperBound, let string = text.string else {
            guard text.bytes.count > 12 * bounds.length.upperBound else {
                throw ServiceError(.serialization, "\(place) is no UTF-8 text.")
            }
            throw ServiceError.invalid("\(place) \(bounds.lengthRule).")
        }
        try bounds.check(string, place)
        return string
    }

    func number(_ name: String, _ range: ClosedRange<Double>) throws -> Double? {
        guard let value = self[name] else { return nil }
        guard case .number(let number) = value else { throw mismatch(place(name), value, "a number") }
        guard range.contains(number) else {
            throw broken(name, "lies between \(Int(range.lowerBound)) and \(Int(range.upperBound))")
        }
        return number
    }

    func integer(_ name: String, _ range: ClosedRange<Int>) throws -> Int? {
        guard let value = self[name] else { return nil }
        guard case .number(let number) = value else { throw mismatch(place(name), value, "a whole number") }
        guard number == number.rounded() else {
            throw ServiceError(.serialization, "\(place(name)) is a whole number, not one with a fraction.")
        }
        // Whatever is beyond what an Int holds is beyond every bound, and as good as the highest where there is none.
        let integer = Int(exactly: number) ?? (number < 0 ? .min : .max)
        guard range.contains(integer) else {
            throw broken(
                name,
                range.upperBound == .max
                    ? "is at least \(range.lowerBound)" : "lies between \(range.lowerBound) and \(range.upperBound)")
        }
        return integer
    }

    func percent(_ name: String) throws -> Similarity? { try number(name, 0...100).flatMap { Similarity($0) } }

    func choice<Choice: RawRepresentable & CaseIterable>(
        _ name: String, _: Choice.Type
    ) throws -> Choice? where Choice.RawValue == String {
        guard let text = try text(name, .any) else { return nil }
        return try choice(text, place(name))
    }

    private func choice<Choice: RawRepresentable & CaseIterable>(
        _ text: String, _ place: String
    ) throws -> Choice where Choice.RawValue == String {
        guard let choice = Choice(rawValue: text) else {
            throw ServiceError.invalid(
                "\(place) is one of \(Choice.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        return choice
    }

    func bytes(_ name: String, _ length: ClosedRange<Int>) throws -> Data? {
        guard let value = self[name] else { return nil }
        guard case .string(let text) = value else { throw mismatch(place(name), value, "a string in base64") }
        // Four characters for three bytes; one that is far too long is not decoded.
        guard text.hasEscapes || text.bytes.count <= 4 * (length.upperBound / 3 + 2) else {
            throw ServiceError(.imageTooLarge, "\(place(name)) has at most \(length.upperBound) bytes.")
        }
        guard let data = text.base64 else { throw ServiceError(.serialization, "\(place(name)) is no base64.") }
        guard data.count <= length.upperBound else {
            throw ServiceError(.imageTooLarge, "\(place(name)) has at most \(length.upperBound) bytes, not \(data.count).")
        }
        guard data.count >= length.lowerBound else { throw broken(name, "has at least \(length.lowerBound) bytes") }
        return data
    }

    func structure(_ name: String) throws -> Members? {
        guard let value = self[name] else { return nil }
        guard case .object(let values) = value else { throw mismatch(place(name), value, "a structure") }
        return Members(values: values, path: place(name))
    }

    private func list(_ name: String, _ count: ClosedRange<Int>) throws -> [JSONValue]? {
        guard let value = self[name] else { return nil }
        guard case .array(let elements) = value else { throw mismatch(place(name), value, "a list") }
        guard count.contains(elements.count) else {
            throw broken(name, "has \(count.lowerBound) to \(count.upperBound) elements, not \(elements.count)")
        }
        return elements
    }

    func texts(_ name: String, _ count: ClosedRange<Int>, each bounds: TextBounds) throws -> [String]? {
        try list(name, count)?.map { try text($0, "\(place(name)).member", bounds) }
    }

    /// - Parameter offered: those that a caller who names another is told of.
    func choices<Choice: RawRepresentable>(
        _ name: String, offered: [Choice]
    ) throws -> [Choice]? where Choice.RawValue == String {
        try texts(name, 0...100, each: .any)?.map { text in
            guard let choice = Choice(rawValue: text) else {
                throw broken(name, "may have \(offered.map(\.rawValue).joined(separator: ", "))")
            }
            return choice
        }
    }

    func map(
        _ name: String, _ count: ClosedRange<Int>, keys: TextBounds, values: TextBounds
    ) throws -> [String: String]? {
        guard let members = try structure(name) else { return nil }
        guard count.contains(members.values.count) else {
            throw broken(name, "has \(count.lowerBound) to \(count.upperBound) entries, not \(members.values.count)")
        }
        var map: [String: String] = [:]
        for (key, value) in members.values {
            try keys.check(key, "\(place(name)): a key")
            map[key] = try text(value, "\(place(name)): a value", values)
        }
        return map
    }

    /// - Throws: `InvalidParameterException` when the member is not there.
    func required<Value>(_ name: String, _ value: Value?) throws -> Value {
        guard let value else { throw broken(name, "is required") }
        return value
    }
}
