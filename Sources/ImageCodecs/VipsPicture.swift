internal import CVips
internal import FaceRecognition
internal import Foundation

/// One vips image: the only owner of its handle.
///
/// A vips image is mostly a recipe; pixels are computed when they are read. Not Sendable: each decode has its own.
final class VipsPicture {
    let handle: UnsafeMutablePointer<VipsImage>

    /// - Parameter make: a vips function that gives a new reference, and 0 when it worked.
    /// - Throws: `VipsFailure`.
    init(_ make: (inout UnsafeMutablePointer<VipsImage>?) -> CInt) throws {
        try Vips.start()
        var made: UnsafeMutablePointer<VipsImage>?
        guard make(&made) == 0, let made else { throw VipsFailure() }
        handle = made
    }

    deinit { g_object_unref(handle) }

    var width: Int { Int(vips_image_get_width(handle)) }
    var height: Int { Int(vips_image_get_height(handle)) }
    var channels: Int { Int(vips_image_get_bands(handle)) }
    var format: VipsBandFormat { vips_image_get_format(handle) }
    var interpretation: VipsInterpretation { vips_image_get_interpretation(handle) }
    var hasAlpha: Bool { vips_image_hasalpha(handle) != 0 }
    /// EXIF's 1...8; 1 is upright.
    var orientation: Int { Int(vips_image_get_orientation(handle)) }

    /// Whether the pixels are packed, as 8-bit Lab is: the channels are then not what they seem.
    var isPacked: Bool { vips_image_get_coding(handle) != VIPS_CODING_NONE }
    var bytesPerPixel: Int { channels * Int(vips_format_sizeof(format)) }

    var profile: ColourProfile? {
        var start: UnsafeRawPointer?
        var count = 0
        guard has("icc-profile-data"), vips_image_get_blob(handle, "icc-profile-data", &start, &count) == 0, let start
        else { return nil }
        return ColourProfile(bytes: [UInt8](UnsafeRawBufferPointer(start: start, count: count)))
    }

    func has(_ field: String) -> Bool { vips_image_get_typeof(handle, field) != 0 }

    /// A field that holds text; nil when there is none of this name.
    func text(_ field: String) -> String? {
        var text: UnsafePointer<CChar>?
        guard has(field), vips_image_get_string(handle, field, &text) == 0, let text else { return nil }
        return String(cString: text)
    }

    /// The next step of the recipe.
    func step(
        _ make: (UnsafeMutablePointer<VipsImage>, inout UnsafeMutablePointer<VipsImage>?) -> CInt
    ) throws -> VipsPicture {
        try VipsPicture { make(handle, &$0) }
    }

    /// All pixels, row by row without padding.
    ///
    /// Read in strips on the calling thread: no hand-over to vips' own threads, which costs more than a small photograph
    /// takes to decode, and never more of the photograph in memory than a strip.
    /// - Precondition: 8 bits a channel.
    func bytes() throws -> [UInt8] {
        precondition(format == VIPS_FORMAT_UCHAR, "Only 8-bit pixels are read out")
        guard let region = vips_region_new(handle) else { throw VipsFailure() }
        defer { g_object_unref(region) }
        let rowBytes = width * channels
        return try [UInt8](unsafeUninitializedCapacity: rowBytes * height) { buffer, filled in
            var y = 0
            while y < height {
                let rows = min(64, height - y)
                var strip = VipsRect(left: 0, top: CInt(y), width: CInt(width), height: CInt(rows))
                guard vips_region_prepare(region, &strip) == 0 else { throw VipsFailure() }
                let valid = region.pointee.valid
                for row in 0..<rows {
                    // VIPS_REGION_ADDR, which is a macro; the region may cover more than was asked for.
                    let offset = (y + row - Int(valid.top)) * Int(region.pointee.bpl) - Int(valid.left) * channels
                    UnsafeMutableRawPointer(buffer.baseAddress! + filled)
                        .copyMemory(from: region.pointee.data + offset, byteCount: rowBytes)
                    filled += rowBytes
                }
                y += rows
            }
        }
    }
}

/// A vips function said no. Where it was called says what that means.
///
/// The text comes from a buffer that all threads share: a hint for an operator, never something to decide by.
struct VipsFailure: Error {
    let text: String

    init() {
        guard let copy = vips_error_buffer_copy() else {
            text = ""
            return
        }
        defer { g_free(copy) }
        // The buffer has one line for each library on the way; the first says most.
        text = String(cString: copy).split(separator: "\n").prefix(3).joined(separator: "; ")
    }
}

/// The library, set up once for the process.
enum Vips {
    /// - Throws: `RecognitionError` with `.fault` when libvips cannot be set up.
    static func start() throws {
        guard started else {
            throw RecognitionError(.fault, "libvips could not be set up; install it again.", detail: VipsFailure().text)
        }
    }

    private static let started: Bool = {
        // vips warns on stderr through GLib; the caller gets an error or an image, and its terminal is not ours.
        let all = GLogLevelFlags(
            rawValue: G_LOG_LEVEL_CRITICAL.rawValue | G_LOG_LEVEL_WARNING.rawValue | G_LOG_LEVEL_MESSAGE.rawValue
                | G_LOG_LEVEL_INFO.rawValue | G_LOG_LEVEL_DEBUG.rawValue)
        g_log_set_handler("VIPS", all, { _, _, _, _ in }, nil)
        guard vips_init("countenance") == 0 else { return false }
        // The recogniser decodes several photographs at once, each on a thread of its own.
        vips_concurrency_set(1)
        // No two decodes share anything, so remembering results would only hold memory.
        vips_cache_set_max(0)
        // A second fence behind `ImageFormat`: no other loader runs in this process, whoever asks for it.
        vips_block_untrusted_set(1)
        vips_operation_block_set("VipsForeignLoad", 1)
        for loader in ["Jpeg", "Png", "Webp", "Heif", "Tiff", "Nsgif"] {
            vips_operation_block_set("VipsForeignLoad" + loader, 0)
        }
        return true
    }()
}
