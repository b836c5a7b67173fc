internal import CVips
public import FaceRecognition

/// A line of text as a mask, for labels on pictures.
public enum TextPicture {
    /// Renders `text` with the system's sans-serif font.
    ///
    /// - Parameters:
    ///   - text: one line of plain text: markup has no meaning, a line break is a space, and only the first 200
    ///     characters are drawn.
    ///   - height: of the mask in pixels, 8...1,000. The baseline and the size of the letters depend on it alone, so that
    ///     labels of one height stand in line.
    /// - Returns: for each pixel, row by row, how much of it the letters cover, 0...255. The mask is as wide as the
    ///   letters; a text without ink gives a mask one pixel wide with no coverage.
    /// - Throws: `RecognitionError`: `.invalidValue` for a height out of range, `.fault` when libvips fails.
    public static func textMask(_ text: String, height: Int) throws -> (size: PixelSize, coverage: [UInt8]) {
        guard (8...1_000).contains(height) else {
            throw RecognitionError(.invalidValue, "A line of text is 8 to 1,000 pixels high, not \(height).")
        }
        let line = String(text.prefix(200).map { $0.isNewline || $0.unicodeScalars.first!.value < 32 ? " " : $0 })
        // libvips calls a text without ink an error.
        guard line.contains(where: { !$0.isWhitespace }) else {
            return (PixelSize(width: 1, height: height), [UInt8](repeating: 0, count: height))
        }
        // Accents and descenders of common fonts need 1.2 times the font's size.
        let font = "sans \(Double(height) / 1.2)px"
        do {
            let ink = try VipsPicture { countenance_text(markup(for: line), font, 72, &$0) }
            return (PixelSize(width: ink.width, height: height), ink.rows(height, from: -ink.top, of: try ink.bytes()))
        } catch let failure as VipsFailure {
            throw RecognitionError(.fault, "The text could not be drawn.", detail: failure.text)
        }
    }

    /// libvips reads Pango's markup.
    private static func markup(for text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }
}

extension VipsPicture {
    /// How far below the line's upper edge the ink begins: vips_text cuts the line down to its ink and notes from where.
    fileprivate var top: Int { Int(vips_image_get_yoffset(handle)) }

    /// `count` rows of `bytes` from row `first`, which may lie outside: nothing is there.
    fileprivate func rows(_ count: Int, from first: Int, of bytes: [UInt8]) -> [UInt8] {
        (first..<first + count).flatMap { y in
            (0..<height).contains(y) ? bytes[y * width..<(y + 1) * width] : ArraySlice(repeating: 0, count: width)
        }
    }
}
