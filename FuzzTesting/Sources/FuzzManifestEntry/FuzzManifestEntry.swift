import FaceRecognition
import Foundation
import FuzzSupport

/// Any text is a manifest entry that can be used, or is refused; what was read is written and read again unchanged.
private func readManifestEntry(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let data = Data(UnsafeBufferPointer(start: start, count: count))
    guard let model = try? JSONDecoder().decode(TemplateModel.self, from: data) else { return 0 }
    precondition(!model.file.contains("/") && !model.file.hasPrefix("."), "The file lies beside its entry")
    precondition((1...Template.maximumDimension).contains(model.dimension))
    if let calibration = model.calibration {
        for score in [-2, -1, -0.1, 0, 0.1, 0.3, 0.5, 0.9, 1, 2] {
            let similarity = calibration.similarity(of: ComparisonScore(score)).value
            precondition((0...100).contains(similarity), "A similarity lies between 0 and 100")
        }
        for value in [0, 20, 80, 90, 99, 99.99, 100] {
            precondition(!calibration.score(at: Similarity(value)!).value.isNaN, "A threshold is a number")
        }
    }
    do {
        let again = try JSONDecoder().decode(TemplateModel.self, from: JSONEncoder().encode(model))
        precondition(again == model, "What is written is what was read")
    } catch { preconditionFailure("What was read can be written and read: \(error)") }
    return 0
}

@main enum FuzzManifestEntry {
    static func main() { fuzz(readManifestEntry) }
}
