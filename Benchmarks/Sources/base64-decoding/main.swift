import Foundation

// Times the decoding of one photograph's worth of base64, ours and Foundation's in turns, and prints one JSON document:
// base64-decoding BYTES REPEATS

let arguments = CommandLine.arguments.dropFirst().compactMap(Int.init)
guard arguments.count == 2, arguments.allSatisfy({ $0 > 0 }) else {
    FileHandle.standardError.write(Data("usage: base64-decoding BYTES REPEATS\n".utf8))
    exit(2)
}
let (count, repeats) = (arguments[0], arguments[1])
let photograph = Data((0..<count).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 7) })
let text = photograph.base64EncodedData()

func milliseconds(_ decode: (Data) -> Data?) -> Double {
    let start = ContinuousClock.now
    let decoded = decode(text)
    let taken = ContinuousClock.now - start
    guard decoded == photograph else { fatalError("other bytes") }
    return Double(taken.components.seconds) * 1e3 + Double(taken.components.attoseconds) / 1e15
}

var ours: [Double] = [], foundation: [Double] = []
for _ in 0..<repeats {
    ours.append(milliseconds { Data(strictBase64: $0) })
    foundation.append(milliseconds { Data(base64Encoded: $0) })
}
struct Report: Encodable {
    let bytes: Int
    let medianMilliseconds, foundationMilliseconds: Double
}
let report = Report(
    bytes: count, medianMilliseconds: ours.sorted()[repeats / 2],
    foundationMilliseconds: foundation.sorted()[repeats / 2])
print(String(decoding: try JSONEncoder().encode(report), as: UTF8.self))
