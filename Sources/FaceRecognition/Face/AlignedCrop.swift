/// A face turned upright, scaled and cut to a template model's input: the network's view of it.
public struct AlignedCrop: Sendable, Hashable {
    public let size: PixelSize
    /// `3 * width * height` bytes: red, green, blue, rows from the top. Black where the face reaches outside the image.
    public let pixels: [UInt8]
    /// From the image's pixels to the crop's.
    public let transform: SimilarityTransform

    /// - Precondition: `pixels` holds exactly `3 * width * height` bytes.
    public init(size: PixelSize, pixels: [UInt8], transform: SimilarityTransform) {
        precondition(pixels.count == 3 * size.width * size.height, "A crop has 3 bytes a pixel and no padding")
        self.size = size
        self.pixels = pixels
        self.transform = transform
    }

    /// The same crop with left and right exchanged. Its `transform` is unchanged and maps to the unmirrored crop.
    public var mirrored: AlignedCrop {
        var mirror = pixels
        for y in 0..<size.height {
            for x in 0..<size.width {
                let from = 3 * (y * size.width + x), to = 3 * (y * size.width + size.width - 1 - x)
                for c in 0..<3 { mirror[to + c] = pixels[from + c] }
            }
        }
        return AlignedCrop(size: size, pixels: mirror, transform: transform)
    }
}

extension PixelImage {
    /// Cuts out a face so that its landmarks come closest, in the least-squares sense, to `targets`.
    ///
    /// Where the face is larger than the crop, each of the crop's pixels is the mean over the area that it covers, so
    /// that nothing aliases: whole blocks of pixels are averaged first, then up to 2 x 2 bilinear samples are taken.
    /// Cost: proportional to the crop, plus the face's own area once when it is at least twice the crop's size.
    ///
    /// - Returns: nil when the landmarks determine no transform (they coincide).
    public func aligned(_ landmarks: [Point], to targets: [Point], size: PixelSize) -> AlignedCrop? {
        guard let transform = SimilarityTransform(mapping: landmarks, onto: targets) else { return nil }
        return cropped(by: transform, size: size)
    }

    /// Cuts out what `transform` maps into a crop of `size`; see `aligned`.
    public func cropped(by transform: SimilarityTransform, size: PixelSize) -> AlignedCrop {
        let reduction = 1 / transform.scale
        // Beyond it the "face" is far larger than any photograph that is let in.
        let factor = Int(min(reduction, Double(Self.largestBlock)))
        guard factor >= 2, let region = region(behind: size, of: transform) else {
            return AlignedCrop(size: size, pixels: sampled(by: transform, size: size), transform: transform)
        }
        let (reduced, origin) = averaged(by: factor, in: region)
        let f = Double(factor)
        let toImage = SimilarityTransform(
            a: f, b: 0, tx: (f - 1) / 2 + Double(origin.x), ty: (f - 1) / 2 + Double(origin.y))
        return AlignedCrop(
            size: size, pixels: reduced.sampled(by: toImage.followed(by: transform), size: size), transform: transform)
    }

    /// The image, made smaller so that neither side is longer than `side`: blocks of pixels averaged, then bilinear
    /// samples. One that fits is returned as it is; none is ever enlarged.
    package func shrunk(toFit side: Int) -> PixelImage {
        let longer = max(width, height)
        guard longer > side else { return self }
        let scale = Double(side) / Double(longer)
        let target = PixelSize(
            width: max(1, Int((Double(width) * scale).rounded())),
            height: max(1, Int((Double(height) * scale).rounded())))
        let factor = min(longer / side, Self.largestBlock)
        var image = self
        if factor >= 2 { image = averaged(by: factor, in: (0, 0, width, height)).image }
        // One pixel of the averaged image stands for `factor` of this one.
        let ratio = (
            x: Double(width) / Double(target.width * max(1, factor)),
            y: Double(height) / Double(target.height * max(1, factor))
        )
        return image.resampled(to: target, ratio: ratio, photographSize: photographSize)
    }

    /// Bilinear samples, `ratio` pixels of this image apart.
    private func resampled(
        to target: PixelSize, ratio: (x: Double, y: Double), photographSize: PixelSize
    ) -> PixelImage {
        func taps(_ count: Int, _ ratio: Double, _ limit: Int) -> [(Int, Int, Float)] {
            (0..<count).map { i in
                let at = max(0, min(Double(limit - 1), (Double(i) + 0.5) * ratio - 0.5))
                let low = Int(at)
                return (low, min(low + 1, limit - 1), Float(at - Double(low)))
            }
        }
        let columns = taps(target.width, ratio.x, width), rows = taps(target.height, ratio.y, height)
        var result = [UInt8](repeating: 0, count: 3 * target.width * target.height)
        result.withUnsafeMutableBufferPointer { result in
            pixels.withUnsafeBufferPointer { source in
                for (y, row) in rows.enumerated() {
                    let top = 3 * row.0 * width, bottom = 3 * row.1 * width
                    for (x, column) in columns.enumerated() {
                        let left = 3 * column.0, right = 3 * column.1, to = 3 * (y * target.width + x)
                        for c in 0..<3 {
                            let a = Float(source[top + left + c]), b = Float(source[top + right + c])
                            let d = Float(source[bottom + left + c]), e = Float(source[bottom + right + c])
                            let upper = a + (b - a) * column.2, lower = d + (e - d) * column.2
                            result[to + c] = UInt8(upper + (lower - upper) * row.2 + 0.5)
                        }
                    }
                }
            }
        }
        return PixelImage(size: target, pixels: result, photographSize: photographSize)
    }

    /// So that a sum over a column of a block fits into 16 bits: 257.
    private static let largestBlock = Int(UInt16.max) / Int(UInt8.max)

    /// A rectangle of whole pixels inside the image.
    private typealias Region = (x: Int, y: Int, width: Int, height: Int)

    /// The part of the image that a crop of `size` covers, one pixel wider on each side; nil when it covers none.
    private func region(behind size: PixelSize, of transform: SimilarityTransform) -> Region? {
        let inverse = transform.inverse
        let right = Double(size.width) - 0.5, bottom = Double(size.height) - 0.5
        let corners = [(-0.5, -0.5), (right, -0.5), (-0.5, bottom), (right, bottom)].map {
            inverse(Point(x: $0.0, y: $0.1))
        }
        func span(_ values: [Double], upTo limit: Int) -> (Int, Int)? {
            let low = max(0, values.min()!.rounded(.down) - 1),
                high = min(Double(limit), values.max()!.rounded(.up) + 2)
            return low < high ? (Int(low), Int(high)) : nil
        }
        guard let (x0, x1) = span(corners.map(\.x), upTo: width), let (y0, y1) = span(corners.map(\.y), upTo: height)
        else { return nil }
        return (x0, y0, x1 - x0, y1 - y0)
    }

    /// The region with each block of `factor` x `factor` pixels replaced by its mean; a block that the region's right or
    /// lower edge cuts is the mean of what is left of it.
    ///
    /// Rows are added up whole first, which the compiler makes vector code of; then each block's columns.
    /// - Precondition: `factor` is at most `largestBlock`.
    private func averaged(by factor: Int, in region: Region) -> (image: PixelImage, origin: (x: Int, y: Int)) {
        let w = (region.width + factor - 1) / factor, h = (region.height + factor - 1) / factor
        let length = 3 * region.width
        var sums = [UInt16](repeating: 0, count: length)
        let means = [UInt8](unsafeUninitializedCapacity: 3 * w * h) { means, count in
            pixels.withUnsafeBufferPointer { source in
                sums.withUnsafeMutableBufferPointer { sums in
                    for by in 0..<h {
                        let top = region.y + by * factor
                        let rows = top..<min(top + factor, region.y + region.height)
                        sums.update(repeating: 0)
                        for y in rows {
                            let row = source[(3 * (y * width + region.x))...].prefix(length)
                            for (i, byte) in zip(0..<length, row) { sums[i] &+= UInt16(byte) }
                        }
                        for bx in 0..<w {
                            let columns = (bx * factor)..<min((bx + 1) * factor, region.width)
                            var sum = SIMD3<UInt32>.zero
                            for x in columns {
                                sum &+= SIMD3(UInt32(sums[3 * x]), UInt32(sums[3 * x + 1]), UInt32(sums[3 * x + 2]))
                            }
                            let area = UInt32(rows.count * columns.count)
                            for c in 0..<3 { means[3 * (by * w + bx) + c] = UInt8((sum[c] + area / 2) / area) }
                        }
                    }
                }
            }
            count = 3 * w * h
        }
        return (PixelImage(size: PixelSize(width: w, height: h), pixels: means), (region.x, region.y))
    }

    /// Samples the image at each of the crop's pixels: bilinear, the mean of 2 x 2 samples where the image is finer than
    /// the crop by more than a quarter; black outside.
    private func sampled(by transform: SimilarityTransform, size: PixelSize) -> [UInt8] {
        let inverse = transform.inverse
        let offsets = 1 / transform.scale > 1.25 ? [-0.25, 0.25] : [0]
        let share = 1 / Float(offsets.count * offsets.count)
        var crop = [UInt8](repeating: 0, count: 3 * size.width * size.height)
        let width = self.width, height = self.height
        let right = Double(width), bottom = Double(height)
        pixels.withUnsafeBytes { source in
            crop.withUnsafeMutableBufferPointer { crop in
                func pixel(_ x: Int, _ y: Int) -> SIMD4<Float> {
                    guard x >= 0, y >= 0, x < width, y < height else { return .zero }
                    let i = 3 * (y * width + x)
                    return SIMD4(Float(source[i]), Float(source[i + 1]), Float(source[i + 2]), 0)
                }
                /// Four bytes at once: a pixel, and a byte that is ignored.
                func inner(_ offset: Int) -> SIMD4<Float> {
                    SIMD4(source.loadUnaligned(fromByteOffset: offset, as: SIMD4<UInt8>.self))
                }
                var to = 0
                for y in 0..<size.height {
                    for x in 0..<size.width {
                        var sum = SIMD4<Float>.zero
                        for dy in offsets {
                            for dx in offsets {
                                let p = inverse(Point(x: Double(x) + dx, y: Double(y) + dy))
                                guard p.x > -1, p.y > -1, p.x < right, p.y < bottom else { continue }
                                // Above -1, adding 1 before cutting off is rounding down: `floor` would be a call.
                                let x0 = Int(p.x + 1) - 1, y0 = Int(p.y + 1) - 1
                                let fx = Float(p.x - Double(x0)), fy = Float(p.y - Double(y0))
                                let upper: SIMD4<Float>, lower: SIMD4<Float>
                                // A third pixel to the right keeps the ignored byte inside the image.
                                if x0 >= 0, y0 >= 0, x0 < width - 2, y0 < height - 1 {
                                    let top = 3 * (y0 * width + x0), bottom = top + 3 * width
                                    upper = inner(top) * (1 - fx) + inner(top + 3) * fx
                                    lower = inner(bottom) * (1 - fx) + inner(bottom + 3) * fx
                                } else {
                                    upper = pixel(x0, y0) * (1 - fx) + pixel(x0 + 1, y0) * fx
                                    lower = pixel(x0, y0 + 1) * (1 - fx) + pixel(x0 + 1, y0 + 1) * fx
                                }
                                sum += upper * (1 - fy) + lower * fy
                            }
                        }
                        // A mean of bytes, plus one half, is at most 255.5: it cannot overflow.
                        let mean = sum * share + 0.5
                        crop[to] = UInt8(mean.x)
                        crop[to + 1] = UInt8(mean.y)
                        crop[to + 2] = UInt8(mean.z)
                        to += 3
                    }
                }
            }
        }
        return crop
    }
}
