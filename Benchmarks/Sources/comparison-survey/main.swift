import Evaluation
import FaceRecognition
import Foundation

// Times all comparisons of made-up templates, and their bootstrap over people, and prints one JSON document:
// comparison-survey PHOTOGRAPHS
// The templates are random directions of 128 components, two for each person, so that the scores of different people lie
// around 0 as real ones do.

let arguments = CommandLine.arguments.dropFirst()
guard arguments.count == 1, let photographs = Int(arguments[1]), photographs >= 100 else {
    FileHandle.standardError.write(Data("usage: comparison-survey PHOTOGRAPHS\n".utf8))
    exit(2)
}

/// The same numbers in every run (Steele, Lea and Flood's SplitMix64, OOPSLA 2014).
struct Repeatable: RandomNumberGenerator {
    var state: UInt64 = 4
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

struct Report: Encodable {
    let photographs: Int
    let comparisons: Int
    let threads: Int
    let comparingSeconds: Double
    let bootstrapSeconds: Double
    let peakMegabytes: Int
}

extension Duration {
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}

var random = Repeatable()
let model = TemplateModelID(rawValue: "made-up")
let templates = try (0..<photographs).map { _ in
    // The sum of four: nearly a normal law, whose directions are all alike.
    try Template(
        model: model,
        normalising: (0..<128).map { _ in (0..<4).reduce(Float(0)) { sum, _ in sum + Float.random(in: -1...1, using: &random) } })
}
let people = (photographs + 1) / 2
let subjects = try EvaluationSubjects(people: people, acquired: (0..<photographs).map { $0 / 2 })
let threads = ProcessInfo.processInfo.activeProcessorCount
let clock = ContinuousClock()
var survey: ComparisonSurvey?
let comparing = try clock.measure { survey = try ComparisonSurvey(templates, of: subjects, threads: threads) }
guard let survey else { exit(5) }
let scores = [1e-2, 1e-3, 1e-4, 1e-5, 1e-6].map { survey.score(at: FalseMatchRate($0)) }
let bootstrap = clock.measure { _ = FalseMatchRates(survey, by: 0, at: scores, plan: BootstrapPlan(threads: threads)) }
var usage = rusage()
getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
let report = Report(
    photographs: photographs, comparisons: survey.nonMated, threads: threads, comparingSeconds: comparing.seconds,
    bootstrapSeconds: bootstrap.seconds, peakMegabytes: usage.ru_maxrss / 1_024)
let encoder = JSONEncoder()
encoder.outputFormatting = .sortedKeys
print(String(decoding: try encoder.encode(report), as: UTF8.self))
