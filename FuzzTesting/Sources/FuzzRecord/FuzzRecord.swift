import FaceRecognition
import Foundation
import FuzzSupport

private let decoder: JSONDecoder = {
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .iso8601
    return decoder
}()
private let encoder: JSONEncoder = {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.dateEncodingStrategy = .iso8601
    return encoder
}()

/// Any bytes are an entry of the record or are refused; an entry is written and read again unchanged.
private func readRecord(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let data = Data(UnsafeBufferPointer(start: start, count: count))
    guard let record = try? decoder.decode(Record.self, from: data) else { return 0 }
    do {
        let written = try encoder.encode(record)
        let again = try encoder.encode(decoder.decode(Record.self, from: written))
        precondition(again == written, "An entry has one form")
    } catch { preconditionFailure("What was read can be written and read: \(error)") }
    return 0
}

@main enum FuzzRecord {
    static func main() { fuzz(readRecord) }
}
