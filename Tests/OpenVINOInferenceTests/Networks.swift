import FaceRecognition
import Foundation
import ImageCodecs
import OpenVINOInference
import Testing

/// The parts that `make setup` has fetched. Tests that need them are skipped by name where they are not.
enum Parts {
    static let folder = ProcessInfo.processInfo.environment["COUNTENANCE_PARTS"].map { URL(fileURLWithPath: $0) }
    static var areThere: Bool { folder != nil }
    static let missing: Comment = "COUNTENANCE_PARTS is not set; run `make test`"

    static func model(_ file: String) -> URL {
        (folder ?? URL(fileURLWithPath: "/")).appendingPathComponent("share/countenance/models/\(file)")
    }
    static func sample(_ file: String) -> URL {
        (folder ?? URL(fileURLWithPath: "/")).appendingPathComponent("samples/\(file)")
    }
    static func sampleImage(_ file: String) throws -> PixelImage { try image(sample(file)) }
}

/// The photographs for evaluation; see CONTRIBUTING for how to get them.
enum Datasets {
    static let folder = ProcessInfo.processInfo.environment["COUNTENANCE_DATASETS"].map { URL(fileURLWithPath: $0) }
    static var areThere: Bool { folder != nil && Parts.areThere }
    static let missing: Comment = "COUNTENANCE_DATASETS is not set"

    static func file(_ path: String) -> URL { (folder ?? URL(fileURLWithPath: "/")).appendingPathComponent(path) }
    static func oddImage(_ name: String) throws -> PixelImage { try image(file("odd/\(name)")) }
}

func image(_ url: URL) throws -> PixelImage { try ImageDecoding().decode(Data(contentsOf: url)) }

/// The networks as the program joins them, compiled once for all tests.
struct Networks: Sendable {
    let runtime: OpenVINORuntime
    let detectorFile: ModelFile
    let model: TemplateModel
    let modelFile: ModelFile
    let finder: FaceFinder
    let mesh: FaceMeshNetwork
    let extractor: NetworkTemplateExtractor

    private static let loaded = Result { try Networks(aim: .latency) }
    static func loadedOnce() throws -> Networks { try loaded.get() }

    init(aim: InferenceSettings.Aim) throws {
        runtime = try OpenVINORuntime(settings: InferenceSettings(aim: aim, threads: 2, cacheFolder: nil))
        detectorFile = try Self.checkedFile("yunet-2023mar")
        let meshFile = try Self.checkedFile("face-mesh")
        model = try JSONDecoder().decode(TemplateModel.self, from: Data(contentsOf: Parts.model("sface-2021dec.json")))
        modelFile = try ModelFile(Parts.model(model.file), sha256: model.sha256)
        finder = try FaceFinder(runtime, detector: detectorFile, mesh: meshFile)
        mesh = try FaceMeshNetwork(runtime, file: meshFile)
        extractor = try NetworkTemplateExtractor(runtime, model: model, file: modelFile)
    }

    private static func checkedFile(_ id: String) throws -> ModelFile {
        struct Entry: Decodable { let file, sha256: String }
        let entry = try JSONDecoder().decode(Entry.self, from: Data(contentsOf: Parts.model("\(id).json")))
        return try ModelFile(Parts.model(entry.file), sha256: entry.sha256)
    }

    /// The largest face with its mesh, as the recogniser takes it.
    func largestFace(in image: PixelImage) throws -> DetectedFace? {
        guard var face = try finder.faces(in: image).first else { return nil }
        face.mesh = try finder.mesh(of: face, in: image)
        return face
    }

    /// The largest face's template.
    func template(_ image: PixelImage) throws -> Template? {
        guard let face = try largestFace(in: image), let crop = model.crop(of: face, in: image) else { return nil }
        return try extractor.templates(of: [crop])[0]
    }
}

extension PixelImage {
    static func plain(_ width: Int, _ height: Int, level: UInt8) -> PixelImage {
        PixelImage(
            size: PixelSize(width: width, height: height), pixels: [UInt8](repeating: level, count: 3 * width * height))
    }

    /// The region's own pixels.
    func cut(x: Int, y: Int, width: Int, height: Int) -> PixelImage {
        var result: [UInt8] = []
        for row in y..<(y + height) {
            result += pixels[(3 * (row * self.width + x))..<(3 * (row * self.width + x + width))]
        }
        return PixelImage(size: PixelSize(width: width, height: height), pixels: result)
    }

    /// Each block of `factor` x `factor` pixels replaced by its mean, halves rounded up, as make_vectors.py does it.
    func blockMeans(_ factor: Int) -> PixelImage {
        let size = PixelSize(width: width / factor, height: height / factor), area = factor * factor
        var means = [UInt8](repeating: 0, count: 3 * size.width * size.height)
        for y in 0..<size.height {
            for x in 0..<size.width {
                for c in 0..<3 {
                    var sum = area / 2
                    for dy in 0..<factor {
                        for dx in 0..<factor {
                            sum += Int(pixels[3 * ((y * factor + dy) * width + x * factor + dx) + c])
                        }
                    }
                    means[3 * (y * size.width + x) + c] = UInt8(sum / area)
                }
            }
        }
        return PixelImage(size: size, pixels: means)
    }

    /// The pixels' CRC-32, as zlib reckons it: tells a decoder that differs from a network that differs.
    var checksum: UInt32 {
        let table = (0..<256).map { n -> UInt32 in
            var crc = UInt32(n)
            for _ in 0..<8 { crc = crc & 1 == 1 ? 0xEDB8_8320 ^ (crc >> 1) : crc >> 1 }
            return crc
        }
        var crc = UInt32.max
        for byte in pixels { crc = table[Int((crc ^ UInt32(byte)) & 0xFF)] ^ (crc >> 8) }
        return ~crc
    }
}

extension AlignedCrop {
    init(_ image: PixelImage) {
        self.init(size: image.size, pixels: image.pixels, transform: SimilarityTransform(a: 1, b: 0, tx: 0, ty: 0))
    }
}

/// What a body throws, where it throws one of our errors.
func refusal<Result>(_ body: () throws -> Result) -> RecognitionError? {
    do {
        _ = try body()
        return nil
    } catch { return error as? RecognitionError }
}
