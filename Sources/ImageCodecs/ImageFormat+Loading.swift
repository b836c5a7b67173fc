internal import CVips
internal import FaceRecognition

extension ImageFormat {
    /// Reads the header; pixels are decoded when they are asked for.
    /// - Parameters:
    ///   - bytes: must outlive the picture. Not empty.
    ///   - factor: one that `shrinkOnLoad` gave, or 1.
    /// - Throws: `VipsFailure`.
    func open(_ bytes: UnsafeRawBufferPointer, shrunkBy factor: Int) throws -> VipsPicture {
        // vips' loaders take a pointer to mutable bytes, and only read.
        let start = UnsafeMutableRawPointer(mutating: bytes.baseAddress!), count = bytes.count
        return try VipsPicture { out in
            switch self {
            case .jpeg: countenance_load_jpeg(start, count, CInt(factor), &out)
            case .png: countenance_load_png(start, count, &out)
            case .webp: countenance_load_webp(start, count, 1 / Double(factor), &out)
            case .heif: countenance_load_heif(start, count, &out)
            case .tiff: countenance_load_tiff(start, count, &out)
            case .gif: countenance_load_gif(start, count, &out)
            }
        }
    }

    /// How much memory decoding takes for each pixel of the original, in bytes, where all pixels have to be in memory
    /// before the first row is there; 0 where they are read in strips.
    ///
    /// Measured as peak memory on photographs of 100 megapixels with Debian 12's libvips 8.14 and libheif 1.15, in
    /// brackets, and rounded up; `Documentation/Architecture.md` has the table.
    func bytesPerPixelAtOnce(_ header: VipsPicture) -> Double {
        let stored = Double(header.bytesPerPixel)
        return switch self {
        // A coefficient of two bytes for each number (5.8 without chroma subsampling).
        case .jpeg: header.has("jpeg-multiscan") ? 2 * stored : 0
        case .png: header.has("interlaced") ? stored : 0  // (2.8 of 3; 8.0 of 8)
        case .webp, .gif: 4  // RGBA (3.6 and 4.0)
        // The codec's planes, libheif's pixels and libvips' (7.2 of 3; 8.9 of 4; 12.2 of 6, all with HEVC; AV1 without
        // chroma subsampling 12.6 of 3).
        case .heif: (header.text("heif-compression") == "hevc" ? 2.4 : 4.2) * stored
        // Two rows of tiles, or one strip from top to bottom (2.9 of 3), and a plane more where each colour has its own.
        case .tiff: stored * 4 / 3
        }
    }

    /// By how much the decoder itself can shrink, which is far cheaper than to decode and then shrink; 1 where it cannot.
    func shrinkOnLoad(_ size: PixelSize) -> Int {
        let wanted = wholeShrinkFactor(size)
        guard wanted <= min(size.width, size.height) else { return 1 }
        return switch self {
        case .jpeg: wanted >= 8 ? 8 : wanted >= 4 ? 4 : wanted >= 2 ? 2 : 1
        case .webp: wanted
        case .png, .heif, .tiff, .gif: 1
        }
    }
}

/// The largest whole factor that leaves the long side at `ImageDecoding.longSide` or above; 1 for small images.
private func wholeShrinkFactor(_ size: PixelSize) -> Int {
    max(1, max(size.width, size.height) / ImageDecoding.longSide)
}

extension VipsPicture {
    /// With the channels as they seem: packed pixels go straight to sRGB.
    func unpacked() throws -> VipsPicture {
        guard isPacked else { return self }
        return try step { countenance_colourspace($0, VIPS_INTERPRETATION_sRGB, &$1) }
    }

    /// Without transparency: on white.
    func flattened() throws -> VipsPicture {
        guard hasAlpha, channels > 1 else { return self }
        var white = self.white
        return try step { countenance_flatten($0, &white, CInt(white.count), &$1) }
    }

    /// White in the picture's own colours, without the alpha.
    private var white: [Double] {
        switch interpretation {
        case VIPS_INTERPRETATION_LAB: [100, 0, 0]
        // No ink.
        case VIPS_INTERPRETATION_CMYK: [Double](repeating: 0, count: channels - 1)
        case VIPS_INTERPRETATION_scRGB: [Double](repeating: 1, count: channels - 1)
        default: [Double](repeating: format == VIPS_FORMAT_USHORT ? 65_535 : 255, count: channels - 1)
        }
    }

    /// What the loader could not shrink, by the mean of whole blocks.
    func shrunk() throws -> VipsPicture {
        let factor = wholeShrinkFactor(PixelSize(width: width, height: height))
        return try factor > 1 ? shrunk(by: factor) : self
    }

    /// By the mean of whole blocks; a picture a few pixels high keeps one row.
    func shrunk(by factor: Int) throws -> VipsPicture {
        try step { countenance_shrink($0, CInt(min(factor, width)), CInt(min(factor, height)), &$1) }
    }

    /// 8 bits, sRGB, three channels.
    func inSRGB() throws -> VipsPicture {
        if let profile, !profile.isSRGB,
            let converted = try? step({ countenance_embedded_profile_to_srgb($0, &$1) })
        {
            return try converted.threeBytes()
        }
        if interpretation == VIPS_INTERPRETATION_sRGB { return try threeBytes() }
        return try step { countenance_colourspace($0, VIPS_INTERPRETATION_sRGB, &$1) }.threeBytes()
    }

    private func threeBytes() throws -> VipsPicture {
        var picture = self
        if picture.channels != 3 { picture = try picture.step { countenance_extract_channels($0, 0, 3, &$1) } }
        if picture.format != VIPS_FORMAT_UCHAR { picture = try picture.step { countenance_cast_to_bytes($0, &$1) } }
        return picture
    }

    /// Turned as the camera was held.
    func upright(orientation: Int) throws -> VipsPicture {
        guard orientation > 1 else { return self }
        // Rows come from the loader once and in order; to turn them, all must be there. The picture is small by now.
        return try step { handle, out in
            out = vips_image_copy_memory(handle)
            return out == nil ? -1 : 0
        }.step { countenance_autorotate($0, &$1) }
    }
}
