import CVips
import FaceRecognition
import Foundation

@testable import ImageCodecs

/// Photographs made for the tests. Any vips operation by its name, through GObject's properties, because the shim has
/// only what the product needs.
enum Samples {
    /// A picture without any symmetry, smooth enough to survive a lossy codec.
    static func picture(width: Int = 48, height: Int = 32) -> PixelImage {
        var pixels: [UInt8] = []
        for y in 0..<height {
            for x in 0..<width {
                pixels += [UInt8(x * 255 / width), UInt8(y * 255 / height), UInt8((x + y) * 255 / (width + height) / 2)]
            }
        }
        return PixelImage(size: PixelSize(width: width, height: height), pixels: pixels)
    }

    /// - Parameters:
    ///   - saver: such as `tiffsave_buffer`.
    ///   - options: as vips reads them from text, such as `["compression": "lzw"]`.
    ///   - steps: operations before it, such as `colourspace` with `["space": "cmyk"]`.
    static func encoded(
        _ image: PixelImage, by saver: String, _ options: [String: String] = [:],
        after steps: [(name: String, options: [String: String])] = [], orientation: Int = 1
    ) throws -> Data {
        try encoded(
            image.pixels, width: image.width, height: image.height, channels: 3, by: saver, options, after: steps,
            orientation: orientation)
    }

    static func encoded(
        _ bytes: [UInt8], width: Int, height: Int, channels: Int, by saver: String, _ options: [String: String] = [:],
        after steps: [(name: String, options: [String: String])] = [], orientation: Int = 1
    ) throws -> Data {
        try Vips.start()
        var picture = try VipsPicture { out in
            out = bytes.withUnsafeBytes {
                vips_image_new_from_memory_copy(
                    $0.baseAddress, $0.count, CInt(width), CInt(height), CInt(channels), VIPS_FORMAT_UCHAR)
            }
            return out == nil ? -1 : 0
        }
        picture.handle.pointee.Type = channels < 3 ? VIPS_INTERPRETATION_B_W : VIPS_INTERPRETATION_sRGB
        for step in steps {
            let input = picture
            picture = try VipsPicture { out in
                out = try? run(step.name, on: input, step.options) { value in
                    let image = g_value_dup_object(&value)
                    return image?.assumingMemoryBound(to: VipsImage.self)
                } output: { "out" }
                return out == nil ? -1 : 0
            }
        }
        if orientation != 1 { vips_image_set_int(picture.handle, "orientation", CInt(orientation)) }
        return try run(saver, on: picture, options) { value in
            var count = 0
            let start = vips_value_get_blob(&value, &count)
            return Data(bytes: start!, count: count)
        } output: { "buffer" }
    }

    private static func run<Result>(
        _ name: String, on picture: VipsPicture, _ options: [String: String],
        read: (inout GValue) -> Result, output: () -> String
    ) throws -> Result {
        guard let operation = vips_operation_new(name) else { throw VipsFailure() }
        let raw = UnsafeMutableRawPointer(operation)
        let object = raw.assumingMemoryBound(to: VipsObject.self)
        defer {
            vips_object_unref_outputs(object)
            g_object_unref(raw)
        }
        var input = GValue()
        g_value_init(&input, vips_image_get_type())
        g_value_set_object(&input, picture.handle)
        g_object_set_property(raw.assumingMemoryBound(to: GObject.self), "in", &input)
        g_value_unset(&input)
        for (key, value) in options {
            guard vips_object_set_argument_from_string(object, key, value) == 0 else { throw VipsFailure() }
        }
        guard vips_object_build(object) == 0 else { throw VipsFailure() }
        var value = GValue()
        g_value_init(&value, output() == "out" ? vips_image_get_type() : vips_blob_get_type())
        g_object_get_property(raw.assumingMemoryBound(to: GObject.self), output(), &value)
        defer { g_value_unset(&value) }
        return read(&value)
    }
}

extension PixelImage {
    /// The largest difference of any channel; nil for images of different sizes.
    func difference(from other: PixelImage) -> Int? {
        guard size == other.size else { return nil }
        return zip(pixels, other.pixels).map { abs(Int($0) - Int($1)) }.max()
    }

    func pixel(_ x: Int, _ y: Int) -> [UInt8] { Array(pixels[3 * (y * width + x)..<3 * (y * width + x) + 3]) }
}
