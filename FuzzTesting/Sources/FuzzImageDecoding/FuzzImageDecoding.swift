import FaceRecognition
import Foundation
import FuzzSupport
import ImageCodecs

// Small limits, so that a mutation is looked at quickly; the code behind them is the same.
private let decoding = ImageDecoding(
    limits: .init(bytes: 1_000_000, pixels: 4_000_000, bytesAtOnce: 16_000_000, side: 32_768))
private let refusals: Set<RecognitionError.Code> = [.notAnImage, .imageTooLarge, .imageDamaged]

/// Any bytes give an image or one of three refusals, in a sentence.
private func decodeImage(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    do {
        let image = try decoding.decode(Data(bytes: start, count: count))
        precondition(image.width * image.height <= 4_000_000, "The limit holds")
        precondition(image.photographSize.width >= image.width && image.photographSize.height >= image.height)
    } catch let error as RecognitionError {
        precondition(refusals.contains(error.code), "An unforeseen refusal: \(error)")
        precondition(error.message.hasSuffix("."), "A refusal is a sentence: \(error)")
    } catch { preconditionFailure("An error that is not ours: \(error)") }
    return 0
}

extension Data {
    fileprivate init(bytes start: UnsafePointer<UInt8>?, count: Int) {
        self.init(UnsafeBufferPointer(start: start, count: count))
    }
}

@main enum FuzzImageDecoding {
    static func main() { fuzz(decodeImage) }
}
