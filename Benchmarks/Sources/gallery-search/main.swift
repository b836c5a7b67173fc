import FaceRecognition
import Foundation

// Times `GalleryIndex` on templates that lie in files, and prints one JSON document:
// gallery-search GALLERY PROBES DIMENSION FLOOR REPEATS CHECKED
// GALLERY and PROBES hold single-precision numbers one after another; FLOOR is the score of 'all above'; CHECKED is how
// many probes are searched for by brute force in double precision as well.

let arguments = CommandLine.arguments.dropFirst()
guard arguments.count == 6, let dimension = Int(arguments[3]), let floor = Double(arguments[4]),
    let repeats = Int(arguments[5]), let checked = Int(arguments[6]), dimension > 0, repeats > 0
else {
    FileHandle.standardError.write(
        Data("usage: gallery-search GALLERY PROBES DIMENSION FLOOR REPEATS CHECKED\n".utf8))
    exit(2)
}

let gallery = try TemplateFile(path: arguments[1], dimension: dimension)
let probes = try TemplateFile(path: arguments[2], dimension: dimension)
let bench = try SearchBench(gallery: gallery, probes: probes, floor: ComparisonScore(floor))
let encoder = JSONEncoder()
encoder.outputFormatting = .sortedKeys
print(String(decoding: try encoder.encode(bench.report(repeats: repeats, checked: checked)), as: UTF8.self))
