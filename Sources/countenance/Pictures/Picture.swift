import ArgumentParser
import FaceRecognition
import Foundation
import ImageCodecs

/// A picture for people: photographs with marks on them.
struct Picture {
    private var image: PixelImage

    init(_ image: PixelImage) { self.image = image }

    /// A canvas of one colour.
    init(width: Int, height: Int, colour: Colour) {
        let pixel = [colour.red, colour.green, colour.blue]
        image = PixelImage(
            size: PixelSize(width: width, height: height),
            pixels: (0..<(width * height)).flatMap { _ in pixel })
    }

    struct Colour {
        let red, green, blue: UInt8
        // Of Okabe and Ito's palette (2008), which the colour-blind can tell apart.
        static let box = Colour(red: 0, green: 158, blue: 115)
        static let landmark = Colour(red: 240, green: 228, blue: 66)
        static let paper = Colour(red: 250, green: 250, blue: 248)
        static let ink = Colour(red: 30, green: 30, blue: 30)
    }

    var width: Int { image.width }
    var height: Int { image.height }

    /// - Throws: `ValidationError` when no picture can be written under such a name.
    static func check(_ path: String) throws {
        do { _ = try PictureEncoder(fileExtension: (path as NSString).pathExtension) } catch let error
            as RecognitionError
        {
            throw ValidationError(error.message)
        }
    }

    /// Looks, before any work is done, whether a picture can be written there.
    /// - Throws: `.invalidValue`, saying what stands in the way.
    static func checkPlace(_ path: String) throws {
        func refuse(_ why: String) -> RecognitionError {
            RecognitionError(
                .invalidValue, "The picture \(path.printable) cannot be written (\(why)); name another file.")
        }
        // It is written beside its place and then moved there, so the folder is what counts.
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        guard access(folder, W_OK | X_OK) == 0 else { throw refuse(String(cString: strerror(errno))) }
        var isFolder: ObjCBool = false
        for (place, shouldBeFolder) in [(folder, true), (path, false)]
        where FileManager.default.fileExists(atPath: place, isDirectory: &isFolder) {
            guard isFolder.boolValue == shouldBeFolder else {
                throw refuse(shouldBeFolder ? "\(folder.printable) is no folder" : "a folder has this name")
            }
        }
    }

    func write(to path: String) throws {
        let data = try PictureEncoder(fileExtension: (path as NSString).pathExtension).encode(image)
        do { try data.write(to: URL(fileURLWithPath: path), options: .atomic) } catch {
            throw RecognitionError(
                .storageUnavailable, "The picture \(path.printable) cannot be written.",
                detail: error.localizedDescription)
        }
    }

    /// The photograph with boxes, five landmarks and the mesh; a label above each box.
    /// - Parameter faces: in the photograph's pixels.
    static func annotated(_ image: PixelImage, faces: [DetectedFace], labels: [String] = []) throws -> Picture {
        var picture = Picture(image)
        let scaling = image.toPhotograph.inverse
        for (i, photographed) in faces.enumerated() {
            let face = photographed.scaled(by: scaling)
            let thickness = max(1, Int(max(face.box.width, face.box.height) / 100))
            if let mesh = face.mesh {
                for p in 0..<mesh.points.count where thickness > 1 || p % 2 == 0 {
                    picture.dot(mesh[p], radius: max(0, thickness / 2), .paper, opacity: 0.5)
                }
            }
            picture.frame(face.box, thickness: thickness, .box)
            for point in face.landmarks.points { picture.dot(point, radius: thickness + 1, .landmark) }
            if i < labels.count {
                let height = max(12, min(40, Int(face.box.height / 8)))
                try picture.text(
                    labels[i], at: (Int(face.box.x), max(0, Int(face.box.y) - height - 4)), height: height, .ink,
                    on: .paper)
            }
        }
        return picture
    }

    /// Pictures side by side, each at most 480 pixels wide and high, with two lines of text below.
    static func sheet(_ panels: [(picture: Picture, captions: [String])]) throws -> Picture {
        let side = 480, margin = 20, line = 20, leading = 28, narrowest = 300
        let shrunk = panels.map { $0.picture.shrunk(toFit: side) }
        let widths = shrunk.map { max(narrowest, $0.width) }
        let height = shrunk.map(\.height).max() ?? side
        let lines = panels.map(\.captions.count).max() ?? 0
        var sheet = Picture(
            width: widths.reduce(margin) { $0 + $1 + margin }, height: height + 3 * margin + lines * leading,
            colour: .paper)
        var left = margin
        for (i, panel) in panels.enumerated() {
            sheet.place(shrunk[i], at: (left, margin))
            for (row, caption) in panel.captions.enumerated() {
                try sheet.text(caption, at: (left, height + 2 * margin + row * leading), height: line, .ink)
            }
            left += widths[i] + margin
        }
        return sheet
    }

    mutating func frame(_ box: BoundingBox, thickness: Int, _ colour: Colour) {
        let x0 = Int(box.x.rounded()), y0 = Int(box.y.rounded())
        let x1 = Int((box.x + box.width).rounded()), y1 = Int((box.y + box.height).rounded())
        paint { pixels, size in
            func fill(_ xs: Range<Int>, _ ys: Range<Int>) {
                for y in ys.clamped(to: 0..<size.height) {
                    for x in xs.clamped(to: 0..<size.width) { pixels.blend(x, y, size, colour, 1) }
                }
            }
            guard x1 > x0, y1 > y0 else { return }
            fill(x0..<(x1 + thickness), y0..<(y0 + thickness))
            fill(x0..<(x1 + thickness), y1..<(y1 + thickness))
            fill(x0..<(x0 + thickness), y0..<y1)
            fill(x1..<(x1 + thickness), y0..<y1)
        }
    }

    mutating func dot(_ centre: Point, radius: Int, _ colour: Colour, opacity: Float = 1) {
        guard centre.x.magnitude < 1e6, centre.y.magnitude < 1e6 else { return }
        let cx = Int(centre.x.rounded()), cy = Int(centre.y.rounded())
        paint { pixels, size in
            for y in ((cy - radius)..<(cy + radius + 1)).clamped(to: 0..<size.height) {
                for x in ((cx - radius)..<(cx + radius + 1)).clamped(to: 0..<size.width)
                where (x - cx) * (x - cx) + (y - cy) * (y - cy) <= radius * radius + radius {
                    pixels.blend(x, y, size, colour, opacity)
                }
            }
        }
    }

    /// - Parameter at: the upper left corner.
    mutating func text(_ text: String, at: (x: Int, y: Int), height: Int, _ colour: Colour, on ground: Colour? = nil)
        throws
    {
        let (size, coverage) = try TextPicture.textMask(text, height: height)
        paint { pixels, whole in
            for y in 0..<size.height where (0..<whole.height).contains(at.y + y) {
                for x in 0..<size.width where (0..<whole.width).contains(at.x + x) {
                    if let ground { pixels.blend(at.x + x, at.y + y, whole, ground, 0.85) }
                    pixels.blend(at.x + x, at.y + y, whole, colour, Float(coverage[y * size.width + x]) / 255)
                }
            }
        }
    }

    /// Lays another picture over this one.
    mutating func place(_ other: Picture, at: (x: Int, y: Int)) {
        let source = other.image
        paint { pixels, size in
            for y in 0..<source.height where (0..<size.height).contains(at.y + y) {
                for x in 0..<source.width where (0..<size.width).contains(at.x + x) {
                    for c in 0..<3 {
                        pixels[3 * ((at.y + y) * size.width + at.x + x) + c] =
                            source.pixels[3 * (y * source.width + x) + c]
                    }
                }
            }
        }
    }

    /// The same picture, at most this wide and high.
    func shrunk(toFit side: Int) -> Picture { Picture(image.shrunk(toFit: side)) }

    private mutating func paint(_ body: (inout [UInt8], PixelSize) -> Void) {
        var pixels = image.pixels
        body(&pixels, image.size)
        image = PixelImage(size: image.size, pixels: pixels, photographSize: image.photographSize)
    }
}

extension [UInt8] {
    fileprivate mutating func blend(_ x: Int, _ y: Int, _ size: PixelSize, _ colour: Picture.Colour, _ opacity: Float) {
        let i = 3 * (y * size.width + x)
        for (c, value) in [colour.red, colour.green, colour.blue].enumerated() {
            self[i + c] = UInt8(Float(self[i + c]) * (1 - opacity) + Float(value) * opacity)
        }
    }
}

extension RecognitionOptions {
    /// The photograph again, to draw on: only after the recogniser has answered for it.
    func image(_ path: String) throws -> PixelImage {
        do {
            let bytes = try RegularFile.contents(path, limit: limits.bytes, remedy: "--max-megabytes sets another")
            return try ImageDecoding(limits: limits).decode(bytes)
        } catch let error as RecognitionError {
            throw RecognitionError(error.code, "\(path.printable): \(error.message)", detail: error.detail)
        }
    }
}
