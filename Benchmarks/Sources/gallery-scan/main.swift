import FaceRecognition
import Foundation

// Times `Gallery.candidates`, the exact scan of a gallery, with templates of random directions:
// gallery-scan FACES DIMENSION REPEATS; prints one JSON document.

/// SplitMix64 (Steele, Lea and Flood, 2014): the same gallery in every run.
struct RepeatableRandom: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

let numbers = CommandLine.arguments.dropFirst().compactMap { Int($0) }
guard numbers.count == 3, numbers.allSatisfy({ $0 > 0 }) else {
    FileHandle.standardError.write(Data("usage: gallery-scan FACES DIMENSION REPEATS\n".utf8))
    exit(2)
}
let (count, dimension, repeats) = (numbers[0], numbers[1], numbers[2])
let model = TemplateModelID(rawValue: "random")
var random = RepeatableRandom(state: 1)

@MainActor func template() throws -> Template {
    try Template(model: model, normalising: (0..<dimension).map { _ in Float.random(in: -1...1, using: &random) })
}

let digest = try JSONDecoder().decode(PhotographDigest.self, from: Data("\"\(String(repeating: "0", count: 64))\"".utf8))
let faces = try (0..<count).map { _ in
    EnrolledFace(
        description: EnrolledFaceDescription(
            person: nil, externalID: nil, photograph: digest, box: BoundingBox(x: 0, y: 0, width: 1, height: 1),
            confidence: 1, enrolled: Date()),
        template: try template())
}
let gallery = try Gallery(
    GalleryDescription(name: GalleryName("random"), model: model, dimension: dimension, created: Date()), faces: faces)
let probes = try (0..<16).map { _ in try template() }

var milliseconds: [Double] = []
var found = 0
for i in -10..<repeats {
    let start = ContinuousClock.now
    found += try gallery.candidates(for: probes[(i + 16) % 16], limit: 5, atLeast: ComparisonScore(-1)).count
    let time = (ContinuousClock.now - start).components
    // The first ten warm up.
    if i >= 0 { milliseconds.append(Double(time.seconds) * 1e3 + Double(time.attoseconds) / 1e15) }
}
precondition(found == min(5, count) * (repeats + 10), "Every scan finds as many candidates as were asked for")
let list = milliseconds.map { String($0) }.joined(separator: ",")
print("{\"milliseconds\":[\(list)]}")
