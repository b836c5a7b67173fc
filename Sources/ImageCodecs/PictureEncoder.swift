internal import CVips
public import FaceRecognition
public import Foundation

/// An image to the bytes of a PNG or a JPEG. No metadata is written: no place, no camera, no time.
public struct PictureEncoder: Sendable {
    private enum Kind { case png, jpeg }

    private let kind: Kind

    /// - Parameter fileExtension: `png`, `jpg` or `jpeg`, in any case, with or without its dot.
    /// - Throws: `RecognitionError` with `.invalidValue` for any other.
    public init(fileExtension: String) throws {
        switch fileExtension.lowercased().drop(while: { $0 == "." }) {
        case "png": kind = .png
        case "jpg", "jpeg": kind = .jpeg
        default:
            throw RecognitionError(
                .invalidValue, "A picture is written as .png, .jpg or .jpeg, not as \"\(fileExtension)\".")
        }
    }

    /// Blocks for as long as the compression takes. JPEG has quality 90.
    /// - Parameter longSide: the picture is shrunk by a whole factor until it is no longer, in pixels; nil leaves it.
    /// - Throws: `RecognitionError` with `.fault` when libvips fails, as on a JPEG side over 65,535.
    public func encode(_ image: PixelImage, longSide: Int? = nil) throws -> Data {
        do {
            return try image.pixels.withUnsafeBytes { pixels in
                // libvips reads the array in place; the picture is gone before the array is.
                let plain = try VipsPicture { out in
                    out = vips_image_new_from_memory(
                        pixels.baseAddress, pixels.count, CInt(image.width), CInt(image.height), 3,
                        VIPS_FORMAT_UCHAR)
                    return out == nil ? -1 : 0
                }
                let factor = longSide.map { (max(image.width, image.height) + $0 - 1) / max(1, $0) } ?? 1
                let shrunk = try factor <= 1 ? plain : plain.shrunk(by: factor)
                let picture = try shrunk.step { countenance_name_srgb($0, &$1) }
                return try saved {
                    kind == .png
                        ? countenance_save_png(picture.handle, &$0, &$1)
                        : countenance_save_jpeg(picture.handle, 90, &$0, &$1)
                }
            }
        } catch let failure as VipsFailure {
            throw RecognitionError(.fault, "The picture could not be encoded.", detail: failure.text)
        }
    }
}

/// The bytes that a vips saver made, taken over without a copy.
private func saved(_ save: (inout UnsafeMutableRawPointer?, inout Int) -> CInt) throws -> Data {
    var bytes: UnsafeMutableRawPointer?
    var count = 0
    guard save(&bytes, &count) == 0, let bytes else { throw VipsFailure() }
    return Data(bytesNoCopy: bytes, count: count, deallocator: .custom { bytes, _ in g_free(bytes) })
}
