public import Foundation

/// A photograph that nobody has opened yet: a way to its bytes.
///
/// Only `FaceRecognizer` reads and decodes it, and only behind a permit.
public struct Photograph: Sendable {
    /// What the caller calls it, a file's path for instance: errors about it begin with this.
    public let label: String
    /// - Throws: `RecognitionError` with `.unreadableFile`.
    let bytes: @Sendable () throws -> Data

    public init(label: String, bytes: @escaping @Sendable () throws -> Data) {
        self.label = label
        self.bytes = bytes
    }

    /// Runs a stage, so that its error says which photograph it concerns.
    func labelling<Result>(_ stage: () throws -> Result) throws -> Result {
        do { return try stage() } catch let error as RecognitionError {
            throw RecognitionError(error.code, "\(label): \(error.message)", detail: error.detail)
        }
    }
}

/// Bytes to pixels, or a refusal with its limit.
///
/// Calls block; see `FaceDetector`.
/// - Throws: `.notAnImage`, `.imageTooLarge` (before a pixel is decoded), `.imageDamaged`.
public typealias ImageDecoder = @Sendable (Data) throws -> PixelImage
