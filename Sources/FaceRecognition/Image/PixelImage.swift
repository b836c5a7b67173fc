/// A width and a height in pixels.
public struct PixelSize: Sendable, Hashable, Codable {
    public let width: Int
    public let height: Int

    public init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }
}

/// An upright photograph in memory: 8 bits a channel, sRGB, red first, rows from the top without padding.
///
/// A large photograph may have been shrunk while it was decoded; `photographSize` is the size of the upright original,
/// and every coordinate that leaves the pipeline is given in that size.
///
/// Coordinates here and in the whole core: x to the right, y down, the origin at the *centre* of the upper left pixel,
/// as OpenCV has it. The image therefore spans -0.5 to width - 0.5.
public struct PixelImage: Sendable, Hashable {
    public let size: PixelSize
    /// `3 * width * height` bytes: red, green, blue.
    public let pixels: [UInt8]
    /// The upright photograph's own size, before any shrinking.
    public let photographSize: PixelSize

    /// - Precondition: `pixels` holds exactly `3 * width * height` bytes and both sides are at least 1: a decoder that
    ///   breaks this is our mistake, not the caller's.
    public init(size: PixelSize, pixels: [UInt8], photographSize: PixelSize? = nil) {
        precondition(size.width > 0 && size.height > 0, "An image has at least one pixel")
        precondition(pixels.count == 3 * size.width * size.height, "An image has 3 bytes a pixel and no padding")
        self.size = size
        self.pixels = pixels
        self.photographSize = photographSize ?? size
    }

    public var width: Int { size.width }
    public var height: Int { size.height }

    /// From this image's pixels to the photograph's: a factor for each axis, about the corner of the upper left pixel.
    public var toPhotograph: AxisScaling {
        AxisScaling(
            x: Double(photographSize.width) / Double(size.width), y: Double(photographSize.height) / Double(size.height)
        )
    }
}

/// A scaling along the axes that keeps the *corner* of the upper left pixel in place, as resizing an image does.
///
/// With the origin at the pixel's centre, x becomes `(x + 0.5) * factor - 0.5`.
public struct AxisScaling: Sendable, Hashable {
    public let x: Double
    public let y: Double

    public init(x: Double, y: Double) {
        self.x = x
        self.y = y
    }

    public var inverse: AxisScaling { AxisScaling(x: 1 / x, y: 1 / y) }

    public func callAsFunction(_ point: Point) -> Point {
        Point(x: (point.x + 0.5) * x - 0.5, y: (point.y + 0.5) * y - 0.5)
    }

    public func callAsFunction(_ box: BoundingBox) -> BoundingBox {
        let corner = self(Point(x: box.x, y: box.y))
        return BoundingBox(x: corner.x, y: corner.y, width: box.width * x, height: box.height * y)
    }
}
