internal import CVips
public import FaceRecognition

/// A line of text as a mask, for labels on pictures.
public enum TextPicture {
    /// Renders `text` with the system's sans-serif font.
    ///
    /// - Parameters:
    ///   - text: one line of plain text; markup has no meaning here. At most 200 characters are drawn.
    ///   - height: of the line in pixels, 8...1,000: from the highest accent to the lowest descender, whatever letters
    ///     the text has, so that labels stand on one line.
    /// - Returns: for each pixel, row by row, how much of it the letters cover, 0...255. An empty text, or one without
    ///   ink, has width 1 and no coverage.
    /// - Throws: `RecognitionError`: `.invalidValue` for a height out of range, `.fault` when libvips fails.
    public static func textMask(_ text: String, height: Int) throws -> (size: PixelSize, coverage: [UInt8]) {
        fatalError()
    }
}
