internal import CVips
public import FaceRecognition
public import Foundation

/// Untrusted bytes to an upright 8-bit sRGB image, or a refusal with its limit.
///
/// Reads JPEG, PNG, WebP, HEIC, AVIF, TIFF and GIF; of several pages or frames the first.
///
/// - The limits are checked on the header, before a pixel is decoded.
/// - A photograph whose long side is at least twice `longSide` is shrunk by a whole factor while it is decoded, so that
///   the long side stays at `longSide` or above; `PixelImage.photographSize` keeps the upright original's size.
/// - EXIF's orientation is applied.
/// - An embedded colour profile is followed. One that cannot be used (damaged, or of another kind of colour than the
///   pixels) is left aside, and the pixels are taken as the plain colours of their kind: a portrait with a broken profile
///   is still a portrait, and the colours' exact shade matters little here. The same goes for one that calls itself
///   sRGB. CMYK, Lab, grey and 16 bits become sRGB too.
/// - Transparent parts are shown on white, as passport photographs are.
///
/// `decode` may be called from any number of threads at once.
///
///     let recognise = ImageDecoding().decode
public struct ImageDecoding: Sendable {
    /// What is refused unseen. The defaults keep one decode under 1 GiB, networks and file included, and, on an ordinary
    /// processor, under 5 s. Several decodes at once take as many times the memory.
    public struct Limits: Sendable, Hashable {
        /// The file, in bytes.
        public var bytes: Int
        /// Width times height of the original.
        public var pixels: Int
        /// The memory, in bytes, that decoding takes where the format cannot be read in strips, so that all of the
        /// original is in memory at once: HEIC, AVIF, WebP, GIF, some TIFF, progressive JPEG, interlaced PNG.
        public var bytesAtOnce: Int
        /// Width and height of the original, each.
        public var side: Int
        /// What the one who sent a photograph with too many pixels is told to do.
        public var advice: String

        public init(
            bytes: Int = 50_000_000, pixels: Int = 100_000_000, bytesAtOnce: Int = 720_000_000, side: Int = 32_768,
            advice: String = "send a smaller one"
        ) {
            self.bytes = bytes
            self.pixels = pixels
            self.bytesAtOnce = bytesAtOnce
            self.side = side
            self.advice = advice
        }
    }

    /// The long side, in pixels, that a shrunk image keeps at least. An image up to twice as long is not shrunk.
    public static let longSide = 1_920

    public let limits: Limits
    private let budget: DecodingBudget?

    /// - Parameter budget: the memory that this and other decodings share; nil for as much as each takes.
    public init(limits: Limits = Limits(), budget: DecodingBudget? = nil) {
        self.limits = limits
        self.budget = budget
    }

    /// Blocks; well under a millisecond for 250 x 250 pixels, some tens for a camera's JPEG.
    /// - Throws: `RecognitionError`: `.notAnImage` (no format of ours), `.imageTooLarge` (names limit and value),
    ///   `.imageDamaged` (ends early or is corrupt; libvips' words are the detail), `.fault` (no libvips).
    public func decode(_ data: Data) throws -> PixelImage {
        try checkBytes(data.count)
        guard let format = ImageFormat(firstBytesOf: data) else { throw RecognitionError.notAnImage(data) }
        do {
            // libvips reads from these bytes until the last pixel is out; nothing made from them leaves the closure.
            return try data.withUnsafeBytes { try decode($0, as: format) }
        } catch let failure as VipsFailure {
            throw RecognitionError(
                .imageDamaged, "The \(format.rawValue) photograph ends early or is corrupt.", detail: failure.text)
        }
    }

    private func decode(_ bytes: UnsafeRawBufferPointer, as format: ImageFormat) throws -> PixelImage {
        let header = try format.open(bytes, shrunkBy: 1)
        try check(bytesPerPixel: header.bytesPerPixel)
        let original = PixelSize(width: header.width, height: header.height)
        let bytesPerPixel = format.bytesPerPixelAtOnce(header)
        try check(original, as: format, bytesPerPixelAtOnce: bytesPerPixel)
        guard let budget else { return try decode(bytes, header, original, as: format) }
        let wanted = Self.leastBytes + Int(Double(original.width * original.height) * bytesPerPixel)
        return try budget.spending(wanted) { try decode(bytes, header, original, as: format) }
    }

    /// What every decode takes: the shrunk image of at most twice `longSide`, in and out of libvips.
    private static let leastBytes = 2 * 3 * (2 * longSide) * (2 * longSide)

    private func decode(
        _ bytes: UnsafeRawBufferPointer, _ header: VipsPicture, _ original: PixelSize, as format: ImageFormat
    ) throws -> PixelImage {
        let shrinking = format.shrinkOnLoad(original)
        let picture = try shrinking == 1 ? header : format.open(bytes, shrunkBy: shrinking)
        let upright = try picture.unpacked().flattened().shrunk().inSRGB().upright(orientation: header.orientation)
        return PixelImage(
            size: PixelSize(width: upright.width, height: upright.height), pixels: try upright.bytes(),
            photographSize: header.orientation >= 5
                ? PixelSize(width: original.height, height: original.width) : original)
    }

    private func checkBytes(_ count: Int) throws {
        guard count <= limits.bytes else {
            throw RecognitionError(
                .imageTooLarge, "The photograph has \(count) bytes; the limit is \(limits.bytes). Send a smaller one.")
        }
    }

    /// A TIFF may have thousands of channels of 8 bytes each; 4 of 4 bytes are the most that a photograph has.
    private func check(bytesPerPixel: Int) throws {
        guard bytesPerPixel <= 16 else {
            throw RecognitionError(
                .imageTooLarge, "The photograph has \(bytesPerPixel) bytes a pixel; the limit is 16. Send an 8-bit one."
            )
        }
    }

    private func check(_ size: PixelSize, as format: ImageFormat, bytesPerPixelAtOnce: Double) throws {
        func refuse(_ limit: String, _ advice: String) -> RecognitionError {
            RecognitionError(
                .imageTooLarge,
                "The photograph is \(size.width) x \(size.height) pixels; the limit is \(limit); \(advice).")
        }
        // libvips gives sides of at most 10,000,000, so that the product fits.
        let pixels = size.width * size.height
        if max(size.width, size.height) > limits.side {
            throw refuse("\(limits.side) pixels a side", "send a smaller one")
        }
        if pixels > limits.pixels { throw refuse("\(limits.pixels) pixels in all", limits.advice) }
        let most = bytesPerPixelAtOnce > 0 ? Double(limits.bytesAtOnce) / bytesPerPixelAtOnce : .infinity
        if Double(pixels) > most {
            throw refuse(
                "\(Int(most)) pixels in all for this kind of \(format.rawValue), whose pixels may all have to be in memory at once",
                limits.advice)
        }
    }
}

extension RecognitionError {
    fileprivate static func notAnImage(_ data: Data) -> RecognitionError {
        let readable = "send a JPEG, PNG, WebP, HEIC, AVIF, TIFF or GIF"
        if data.isEmpty { return RecognitionError(.notAnImage, "The file is empty; \(readable).") }
        let name = ImageFormat.otherName(firstBytesOf: data).map { "\($0), which is not read here" }
        return RecognitionError(.notAnImage, "The file is \(name ?? "no photograph"); \(readable).")
    }
}
