package import FaceRecognition
import Synchronization

/// A template extractor whose network OpenVINO runs: SFace, or any ArcFace-style network with a manifest entry.
package final class NetworkTemplateExtractor: TemplateExtractor {
    /// Two crops at once cost a third less than one after the other (a face and its mirror image, or two faces of one
    /// photograph): the weights, 38 MB of them in SFace, are read once for both. Four at once gain no more.
    private static let pair = 2

    package let model: TemplateModel
    private let runtime: OpenVINORuntime
    private let file: ModelFile
    private let single: CompiledNetwork
    /// Compiled when two crops first come together.
    private let paired = Mutex(Pair.untried)

    private enum Pair {
        case untried
        case compiled(CompiledNetwork)
        /// The file fixes its input at one crop. That costs time only: the templates are the same.
        case refused
    }

    /// - Throws: `.modelRefused` when the network does not take what the model's manifest entry says.
    package init(_ runtime: OpenVINORuntime, model: TemplateModel, file: ModelFile) throws {
        self.runtime = runtime
        self.model = model
        self.file = file
        single = try runtime.compile(file, shape: Self.shape(model, crops: 1))
    }

    private static func shape(_ model: TemplateModel, crops: Int) -> [Int] {
        [crops, 3, model.input.height, model.input.width]
    }

    package func templates(of crops: [AlignedCrop]) throws -> [Template] {
        try stride(from: 0, to: crops.count, by: Self.pair).flatMap { first in
            let few = crops[first..<min(first + Self.pair, crops.count)]
            if few.count == Self.pair, let pair = try pairNetwork() { return try templates(of: few, by: pair) }
            return try few.indices.flatMap { try templates(of: few[$0...$0], by: single) }
        }
    }

    private func pairNetwork() throws -> CompiledNetwork? {
        try paired.withLock { paired in
            switch paired {
            case .compiled(let network): return network
            case .refused: return nil
            case .untried:
                do {
                    let network = try runtime.compile(file, shape: Self.shape(model, crops: Self.pair))
                    paired = .compiled(network)
                    return network
                } catch let error as RecognitionError where error.code == .modelRefused {
                    paired = .refused
                    return nil
                }
            }
        }
    }

    /// - Parameter crops: as many as the network takes at once.
    private func templates(of crops: ArraySlice<AlignedCrop>, by network: CompiledNetwork) throws -> [Template] {
        let size = PixelSize(width: model.input.width, height: model.input.height)
        precondition(crops.allSatisfy { $0.size == size }, "Crops have the model's size")
        return try network.run(
            fill: { planes in
                for (i, crop) in crops.enumerated() { fill(planes, from: 3 * i * size.width * size.height, with: crop) }
            },
            read: { outputs in
                try outputs.withOutput(.number(0), count: crops.count * model.dimension) { numbers in
                    try (0..<crops.count).map {
                        try Template(
                            model: model.id,
                            normalising: Array(numbers[($0 * model.dimension)..<(($0 + 1) * model.dimension)]))
                    }
                }
            })
    }

    /// Writes a crop as three planes in the network's own colour order and scale.
    private func fill(_ planes: UnsafeMutableBufferPointer<Float>, from start: Int, with crop: AlignedCrop) {
        let input = model.input, area = input.width * input.height
        crop.pixels.withUnsafeBufferPointer { pixels in
            for channel in 0..<3 {
                let source = input.colour == .rgb ? channel : 2 - channel
                let mean = input.mean[channel], scale = input.scale[channel], plane = start + channel * area
                for i in 0..<area { planes[plane + i] = (Float(pixels[3 * i + source]) - mean) * scale }
            }
        }
    }
}
