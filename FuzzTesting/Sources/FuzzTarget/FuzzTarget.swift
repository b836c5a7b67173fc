import FuzzSupport

private let refusals: Set<ServiceError.Name> = [.unknownOperation, .accessDenied]

/// Any text after `X-Amz-Target:` names one operation, in one way, or is refused in a sentence that does not repeat it.
private func readTarget(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let text = String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    do {
        let operation = try Operation(target: text)
        precondition(
            text.utf8.elementsEqual("RekognitionService.\(operation.rawValue)".utf8), "An operation has one name")
    } catch let error as ServiceError {
        precondition(refusals.contains(error.name), "An unforeseen refusal: \(error)")
        precondition((1...400).contains(error.message.utf8.count) && error.message.hasSuffix("."), "\(error)")
    } catch { preconditionFailure("An error that is not ours: \(error)") }
    return 0
}

@main enum FuzzTarget {
    static func main() { fuzz(readTarget) }
}
