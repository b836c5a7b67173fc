import ArgumentParser
import FaceRecognition
import Foundation

struct Detect: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Find the faces of photographs; nothing is compared or kept.",
        discussion: """
            Examples:
              countenance detect portrait.jpg
              countenance detect --json *.jpg | jq '.faces | length'
              countenance detect --annotate found.png group.jpg

            Exit codes: 0 a face was found; 1 none in any photograph; 3 a photograph could not be read.
            """)

    @Argument(help: .init("The photographs.", valueName: "photo"), completion: .file())
    var photographs: [String]

    @Option(
        help: .init("Draw boxes and landmarks into this file (.png or .jpg); one photograph only.", valueName: "file"))
    var annotate: String?

    @OptionGroup var recognition: RecognitionOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var data: DataOptions

    func validate() throws {
        if let annotate {
            guard photographs.count == 1 else { throw ValidationError("--annotate draws one photograph; give one.") }
            try Picture.check(annotate)
        }
    }

    func run() async throws {
        if let annotate { try Picture.checkPlace(annotate) }
        let session = try await data.open()
        let recognizer = session.recognizer(try recognition.pipeline(data, photographs: 1))
        var run = PhotographRun()
        for path in photographs {
            do {
                let permit = try await session.permit(.detect)
                let recorded = try await recognizer.detect(recognition.photograph(path), permit: permit)
                let detection = recorded.outcome
                run.mark(found: !detection.faces.isEmpty)
                if output.json {
                    try Console.json(
                        JSONDetection(
                            photograph: path, size: detection.photographSize, faces: detection.faces.map(JSONFace.init),
                            record: recorded.receipt.index, milliseconds: JSONTimes(detection.times)), pretty: false)
                } else {
                    print("\(Console.bold(path.printable)): \(detection.faces.count.faces)")
                    for (i, face) in detection.faces.enumerated() { print("  \(i + 1)  \(face.sentence)") }
                }
                if let annotate {
                    let image = try recognition.image(path)
                    try Picture.annotated(image, faces: detection.faces.map(\.face)).write(to: annotate)
                }
            } catch {
                try run.report(error)
                if output.json, let error = error as? RecognitionError {
                    try Console.json(JSONFailure(path, error), pretty: false)
                }
            }
        }
        try run.outcome.end()
    }
}

extension Int {
    var faces: String { self == 1 ? "1 face" : "\(self == 0 ? "no" : "\(self)") faces" }
}

extension DescribedFace {
    /// For people, on one line.
    var sentence: String {
        var parts = [
            String(
                format: "%.0f x %.0f at (%.0f, %.0f), score %.2f, %.0f pixels between the eyes", face.box.width,
                face.box.height, face.box.x, face.box.y, face.confidence, quality.eyeDistance),
            String(format: "sharpness %.0f, brightness %.0f", quality.sharpness, quality.brightness),
        ]
        if let pose = quality.pose {
            parts.append(String(format: "yaw %+.0f°, pitch %+.0f°, roll %+.0f°", pose.yaw, pose.pitch, pose.roll))
        }
        if let disagreement = quality.landmarkDisagreement, disagreement > 0.25 {
            parts.append("perhaps partly hidden")
        }
        return parts.joined(separator: "; ")
    }
}
