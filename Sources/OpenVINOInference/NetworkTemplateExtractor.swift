package import FaceRecognition
import Foundation

/// A template extractor whose network OpenVINO runs: SFace, or any ArcFace-style network with a manifest entry.
package struct NetworkTemplateExtractor: TemplateExtractor {
    package let model: TemplateModel
    private let network: CompiledNetwork

    package init(_ runtime: OpenVINORuntime, model: TemplateModel, file: ModelFile) throws {
        self.model = model
        network = try runtime.compile(file.url, shape: [1, 3, model.input.height, model.input.width])
    }

    package func templates(of crops: [AlignedCrop]) throws -> [Template] {
        let input = model.input, area = input.width * input.height
        return try crops.map { crop in
            precondition(crop.size == PixelSize(width: input.width, height: input.height), "The crop has the model's size")
            return try network.run(
                fill: { planes in
                    for channel in 0..<3 {
                        let source = input.colour == .rgb ? channel : 2 - channel
                        let mean = input.mean[channel], scale = input.scale[channel]
                        crop.pixels.withUnsafeBufferPointer { pixels in
                            for i in 0..<area {
                                planes[channel * area + i] = (Float(pixels[3 * i + source]) - mean) * scale
                            }
                        }
                    }
                },
                read: { outputs in
                    try outputs.withOutput(at: 0, count: model.dimension) {
                        try Template(model: model.id, normalising: Array($0))
                    }
                })
        }
    }
}
