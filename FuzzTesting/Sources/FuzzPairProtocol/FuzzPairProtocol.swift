import Evaluation
import FaceRecognition
import FuzzSupport

/// Any text is a list of pairs or is refused with the number of its first bad line and without that line's words; no
/// path leads out of the data set's folder.
private func readPairs(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let text = String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    do {
        let list = try PairProtocol(parsing: text)
        precondition(list.folds.count >= 2 && list.folds.allSatisfy { $0.count == list.folds[0].count })
        for path in list.photographs {
            // As the file system splits it.
            let parts = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            precondition(
                parts.count == 2 && parts.allSatisfy { !$0.isEmpty && $0.first != UInt8(ascii: ".") }, "A path stays inside")
        }
        for pair in list.folds.joined() { precondition(pair.first != pair.second) }
    } catch let error as RecognitionError {
        precondition(error.code == .invalidValue && error.message.hasPrefix("Line "))
    } catch { preconditionFailure("An error that is not ours: \(error)") }
    return 0
}

@main enum FuzzPairProtocol {
    static func main() { fuzz(readPairs) }
}
