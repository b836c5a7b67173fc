public import Foundation

/// A photograph that nobody has opened yet: a way to its bytes.
///
/// Only `FaceRecognizer` reads and decodes it, and only behind a permit.
public struct Photograph: Sendable {
    /// - Throws: `RecognitionError` with `.unreadableFile`.
    let bytes: @Sendable () throws -> Data

    public init(bytes: @escaping @Sendable () throws -> Data) { self.bytes = bytes }

    public init(_ data: Data) { self.init { data } }
}

/// Bytes to pixels, or a refusal with its limit.
///
/// Calls block; see `FaceDetector`.
/// - Throws: `.notAnImage`, `.imageTooLarge` (before a pixel is decoded), `.imageDamaged`.
public typealias ImageDecoder = @Sendable (Data) throws -> PixelImage
