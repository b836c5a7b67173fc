import Foundation
import FuzzSupport

/// What the scanner takes for JSON, Foundation takes for JSON as well; a string is base64 of the same bytes for both, or
/// for neither; nothing that a string holds traps.
private func readJSON(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    // As a slice, so that an index from 0 would be found out.
    let text = (Data([0x20]) + Data(UnsafeBufferPointer(start: start, count: count))).dropFirst()
    do {
        let value = try JSONScanner.value(of: text)
        // A text that is no UTF-8, or half a surrogate, has no string: Foundation refuses the whole.
        if isText(value) {
            let foundation = try? JSONSerialization.jsonObject(with: Data(text), options: .fragmentsAllowed)
            precondition(foundation != nil, "Taken for JSON, and none")
        }
    } catch let failure as JSONScanner.Failure {
        precondition((0...count).contains(failure.offset), "\(failure)")
    } catch { preconditionFailure("An error that is not ours: \(error)") }
    return 0
}

private func isText(_ value: JSONValue) -> Bool {
    switch value {
    case .null, .boolean, .number: return true
    case .string(let text):
        let string = text.string
        precondition(text.base64 == string.flatMap { strictly(Data($0.utf8)) }, "Another opinion of base64")
        return string != nil
    case .array(let values): return values.allSatisfy(isText)
    case .object(let members): return members.values.allSatisfy(isText)
    }
}

/// Foundation's opinion of base64, which takes padding within a text and too much of it; ours does not.
private func strictly(_ text: Data) -> Data? {
    let letters = text.dropLast(text.suffix(2).count { $0 == UInt8(ascii: "=") })
    return text.count % 4 == 0 && !letters.contains(UInt8(ascii: "=")) ? Data(base64Encoded: text) : nil
}

@main enum FuzzJSON {
    static func main() { fuzz(readJSON) }
}
