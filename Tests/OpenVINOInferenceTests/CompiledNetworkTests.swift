import Crypto
import FaceRecognition
import FaceTestSupport
import Foundation
import OpenVINOInference
import Testing

@Suite("Compiled networks", .enabled(if: Parts.areThere, Parts.missing))
struct CompiledNetworkTests {
    @Test("A shape of other dimensions than the network's is refused")
    func wrongShape() throws {
        let networks = try Networks.loadedOnce()
        for shape in [[1, 3, 112], [1, 3, 112, 112, 1], [1, 3, 57, 112]] {
            let error = refusal { try networks.runtime.compile(networks.modelFile, shape: shape) }
            #expect(error?.code == .modelRefused, "\(shape)")
            #expect(error?.message.contains("\(shape)") ?? false, "\(shape)")
        }
    }

    @Test(
        "A file that is no network is refused, though its digest is right",
        arguments: [
            ("This is no network.\n", "9c1c3096091789bec39e62d6801e57abfc8ea8793edc61192a6a55ee22565ff2"),
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ])
    func noNetwork(text: String, sha256: String) throws {
        let networks = try Networks.loadedOnce()
        try inTemporaryFolder { folder in
            for name in ["network.onnx", "network.tflite", "network.xml", "network"] {
                let url = folder.appendingPathComponent(name)
                try Data(text.utf8).write(to: url)
                let file = try ModelFile(url, sha256: sha256)
                let error = refusal { try networks.runtime.compile(file, shape: [1, 3, 112, 112]) }
                #expect(error?.code == .modelRefused, "\(name)")
                #expect(error?.message.contains(name) ?? false, "\(name)")
            }
        }
    }

    @Test("An output with another count, or that is not there, is refused")
    func wrongOutputs() throws {
        let networks = try Networks.loadedOnce()
        let network = try networks.runtime.compile(networks.modelFile, shape: [1, 3, 112, 112])
        func read(_ body: (CompiledNetwork.Outputs) throws -> Void) -> RecognitionError? {
            refusal { try network.run(fill: { $0.update(repeating: 0) }, read: body) }
        }
        #expect(read { try $0.withOutput(.number(0), count: 128) { _ in } } == nil)
        let another = read { try $0.withOutput(.number(0), count: 512) { _ in } }
        #expect(another?.code == .modelRefused)
        #expect(another?.message.contains("128 numbers") ?? false)
        #expect(another?.message.contains("512") ?? false)
        #expect(read { try $0.withOutput(.number(1), count: 128) { _ in } }?.message.contains("no output number 1") ?? false)
        #expect(read { try $0.withOutput(.named("none"), count: 1) { _ in } }?.message.contains("no output 'none'") ?? false)
        // The request goes back to the others after an error as well.
        #expect(read { try $0.withOutput(.number(0), count: 128) { _ in } } == nil)
    }

    @Test("A manifest entry with another dimension than its network has is refused when it is used")
    func wrongDimension() throws {
        let networks = try Networks.loadedOnce(), own = networks.model
        let model = try TemplateModel(
            id: own.id, file: own.file, sha256: own.sha256, input: own.input, alignment: own.alignment, dimension: 512,
            licence: "", source: "")
        let extractor = try NetworkTemplateExtractor(networks.runtime, model: model, file: networks.modelFile)
        let crop = AlignedCrop(.plain(112, 112, level: 128))
        #expect(refusal { try extractor.templates(of: [crop]) }?.code == .modelRefused)
    }

    @Test("A detector that is none of YuNet's kind is refused, not believed")
    func anotherNetworkAsDetector() throws {
        let networks = try Networks.loadedOnce()
        let error = refusal {
            try YuNet(networks.runtime, file: networks.modelFile, side: 320).faces(in: .plain(320, 320, level: 0))
        }
        #expect(error != nil)
    }

    @Test("A crop's template is the same to the last bit, alone and in company")
    func company() throws {
        let networks = try Networks.loadedOnce()
        var random = SeededGenerator(seed: 2)
        let crops = (0..<5).map { _ in
            AlignedCrop(PixelImage(
                size: PixelSize(width: 112, height: 112),
                pixels: (0..<(3 * 112 * 112)).map { _ in UInt8.random(in: 0...255, using: &random) }))
        }
        let together = try networks.extractor.templates(of: crops)
        for (crop, template) in zip(crops, together) {
            #expect(try networks.extractor.templates(of: [crop]) == [template])
        }
    }

    @Test("Threads that run one network at once get what one thread gets")
    func threads() async throws {
        let networks = try Networks.loadedOnce()
        var random = SeededGenerator(seed: 1)
        let crops = (0..<16).map { _ in
            AlignedCrop(
                PixelImage(
                    size: PixelSize(width: 112, height: 112),
                    pixels: (0..<(3 * 112 * 112)).map { _ in UInt8.random(in: 0...255, using: &random) }))
        }
        let alone = try crops.map { try networks.extractor.templates(of: [$0])[0] }
        let workers = Workers(count: 4)
        let together = try await withThrowingTaskGroup(of: (Int, Template).self) { group in
            for round in 0..<4 {
                for i in crops.indices {
                    group.addTask {
                        let crop = crops[(i + round) % crops.count]
                        let template = try await workers.run { try networks.extractor.templates(of: [crop])[0] }
                        return ((i + round) % crops.count, template)
                    }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(together.count == 64)
        for (i, template) in together { #expect(template.components == alone[i].components) }
    }

    @Test("Crops that pass the network together get the templates that each gets alone")
    func together() throws {
        let networks = try Networks.loadedOnce()
        let crops = try ["obama.jpg", "obama2.jpg", "biden.jpg"].map { name in
            let image = try Parts.sampleImage(name)
            let face = try #require(try networks.largestFace(in: image))
            return try #require(networks.model.crop(of: face, in: image))
        }
        for count in 0...3 {
            let together = try networks.extractor.templates(of: Array(crops.prefix(count)))
            try #require(together.count == count)
            for (crop, template) in zip(crops, together) {
                let alone = try networks.extractor.templates(of: [crop])[0]
                #expect(zip(alone.components, template.components).allSatisfy { abs($0 - $1) <= 1e-5 }, "\(count)")
            }
        }
    }

    @Test("Templates for one photograph and for many differ by less than a hundred-thousandth")
    func aims() throws {
        let one = try Networks.loadedOnce(), many = try Networks(aim: .throughput)
        for name in ["obama.jpg", "biden.jpg"] {
            let image = try Parts.sampleImage(name)
            let a = try #require(try one.template(image)), b = try #require(try many.template(image))
            #expect(zip(a.components, b.components).allSatisfy { abs($0 - $1) <= 1e-5 }, "\(name)")
        }
    }
}

@Suite("Model files", .enabled(if: Parts.areThere, Parts.missing))
struct ModelFileTests {
    @Test("A file with another digest than its entry's is refused, naming both")
    func wrongDigest() throws {
        let model = try Networks.loadedOnce().model
        let wrong = String(model.sha256.reversed())
        let error = refusal { try ModelFile(Parts.model(model.file), sha256: wrong) }
        #expect(error?.code == .modelRefused)
        #expect(error?.message.contains(model.sha256.prefix(12)) ?? false)
        #expect(error?.message.contains(wrong.prefix(12)) ?? false)
    }

    @Test("One flipped bit in a network is found")
    func flippedBit() throws {
        let model = try Networks.loadedOnce().model
        try inTemporaryFolder { folder in
            var bytes = try Data(contentsOf: Parts.model("yunet-2023mar.onnx"))
            bytes[bytes.count / 2] ^= 1
            let url = folder.appendingPathComponent("yunet.onnx")
            try bytes.write(to: url)
            #expect(refusal { try ModelFile(url, sha256: model.sha256) }?.code == .modelRefused)
        }
    }

    @Test("A digest in capital letters is refused: an entry has it in lower case")
    func capitals() throws {
        let model = try Networks.loadedOnce().model
        let error = refusal { try ModelFile(Parts.model(model.file), sha256: model.sha256.uppercased()) }
        #expect(error?.code == .modelRefused)
    }

    @Test("What was hashed is what runs, though the file is swapped for another afterwards")
    func swapped() throws {
        let networks = try Networks.loadedOnce(), model = networks.model
        try inTemporaryFolder { folder in
            let url = folder.appendingPathComponent("network.onnx")
            try FileManager.default.copyItem(at: Parts.model(model.file), to: url)
            let file = try ModelFile(url, sha256: model.sha256)
            try FileManager.default.removeItem(at: url)
            try FileManager.default.copyItem(at: Parts.model("yunet-2023mar.onnx"), to: url)
            let extractor = try NetworkTemplateExtractor(networks.runtime, model: model, file: file)
            let crop = AlignedCrop(.plain(112, 112, level: 99))
            #expect(try extractor.templates(of: [crop]) == networks.extractor.templates(of: [crop]))
            let copy = folder.appendingPathComponent("copy.onnx")
            try file.write(to: copy)
            #expect(try ModelFile(copy, sha256: model.sha256).sha256 == model.sha256)
        }
    }

    @Test(
        "Weights in a second file do not get in, though it lies beside the network, elsewhere, or in the working directory",
        arguments: ["weights.bin", "../weights.bin", "/", "*/_ORT_MEM_ADDR_/*"])
    func externalData(place: String) throws {
        let networks = try Networks.loadedOnce()
        try inTemporaryFolder { folder in
            let weights = folder.appendingPathComponent("weights.bin")
            let inner = folder.appendingPathComponent("inner")
            try FileManager.default.createDirectory(at: inner, withIntermediateDirectories: true)
            for url in [weights, inner.appendingPathComponent("weights.bin")] { try Data(count: 12).write(to: url) }
            // A digest that fits shows that it is not the digest which refuses.
            let bytes = Self.adder(weights: place == "/" ? weights.path : place)
            let url = inner.appendingPathComponent("network.onnx")
            try bytes.write(to: url)
            let digest = SHA256.hash(data: bytes).map { String(format: "%02x", $0) }.joined()
            let error = refusal { try networks.runtime.compile(ModelFile(url, sha256: digest), shape: [1, 3]) }
            #expect(error?.code == .modelRefused, "\(place)")
            #expect(error?.message.contains("its own weights") ?? false, "\(error?.message ?? "")")
        }
    }

    @Test("The same network with its weights inside is read")
    func ownWeights() throws {
        let networks = try Networks.loadedOnce()
        try inTemporaryFolder { folder in
            let bytes = Self.adder(weights: nil), url = folder.appendingPathComponent("network.onnx")
            try bytes.write(to: url)
            let digest = SHA256.hash(data: bytes).map { String(format: "%02x", $0) }.joined()
            let network = try networks.runtime.compile(ModelFile(url, sha256: digest), shape: [1, 3])
            let sum = try network.run(fill: { $0.update(repeating: 2) }) { try $0.withOutput(.number(0), count: 3) { Array($0) } }
            #expect(sum == [3, 3, 3])
        }
    }

    /// y = x + w as ONNX, field by field (onnx.proto, IR version 8): w is three ones, inside, or where `weights` says.
    private static func adder(weights: String?) -> Data {
        func field(_ number: UInt8, _ bytes: [UInt8]) -> [UInt8] { [number << 3 | 2, UInt8(bytes.count)] + bytes }
        func text(_ number: UInt8, _ value: String) -> [UInt8] { field(number, Array(value.utf8)) }
        func tensorType(_ dimensions: [UInt8]) -> [UInt8] {
            field(2, field(1, [8, 1] + field(2, dimensions.flatMap { field(1, [8, $0]) })))
        }
        let place = weights.map { field(13, text(1, "location") + text(2, $0)) + [14 << 3, 1] }
        let ones: [UInt8] = [0, 0, 128, 63, 0, 0, 128, 63, 0, 0, 128, 63]
        let tensor = [8, 3, 16, 1] + text(8, "w") + (place ?? field(9, ones))
        let node = text(1, "x") + text(1, "w") + text(2, "y") + text(4, "Add")
        let graph =
            field(1, node) + text(2, "g") + field(5, tensor) + field(11, text(1, "x") + tensorType([1, 3]))
            + field(12, text(1, "y") + tensorType([1, 3]))
        // A graph of more than 127 bytes has a length of two.
        let length: [UInt8] = graph.count < 128 ? [UInt8(graph.count)] : [UInt8(graph.count & 127 | 128), UInt8(graph.count >> 7)]
        return Data([8, 8, 7 << 3 | 2] + length + graph + field(8, [16, 13]))
    }

    @Test("A missing file, and a folder in its place, are said to be missing")
    func missing() {
        for name in ["none.onnx", ""] {
            let error = refusal { try ModelFile(Parts.model(name), sha256: String(repeating: "0", count: 64)) }
            #expect(error?.code == .modelNotFound, "'\(name)'")
        }
    }
}

func inTemporaryFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("countenance-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
}
