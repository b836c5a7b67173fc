import FaceRecognition
import Foundation

// Times decisions of a policy with 10,000 grants and 1,000 moratoria, and prints one JSON document:
// policy-decision REPEATS
// Half of the requests are permitted; of the others some are stopped by a moratorium, some by nothing that permits them.

guard CommandLine.arguments.count == 2, let repeats = Int(CommandLine.arguments[1]), repeats > 0 else {
    FileHandle.standardError.write(Data("usage: policy-decision REPEATS\n".utf8))
    exit(2)
}

let organisations = 1_000, grants = 10_000, moratoria = 1_000
let kinds = (0..<20).map { "kind-\($0)" }
var policy = Policy(name: "large", contact: "nobody")
policy.organisations = (0..<organisations).map { .init(id: "organisation-\($0)", name: "\($0)", kind: kinds[$0 % 20]) }
policy.purposes = (0..<10).map {
    .init(id: "purpose-\($0)", caseReference: CasePattern("[A-Z]{2}-[0-9]{4}"), minimumSimilarity: Similarity(80))
}
let galleries = try (0..<100).map { try GalleryName("gallery-\($0)") }
let purposes = Set(policy.purposes.map(\.id))
for gallery in galleries {
    policy.galleries[gallery] = .init(owner: "o", legalBasis: "l", retention: 86_400, purposes: purposes)
}
policy.grants = (0..<grants).map { i in
    .init(
        id: "grant-\(i)", organisation: "organisation-\(i % organisations)", purposes: ["purpose-\(i / organisations)"],
        operations: [.identify, .enrol], galleries: [galleries[i % 100], galleries[(i + 7) % 100]],
        span: .init(from: Date(timeIntervalSince1970: 0), until: Date(timeIntervalSince1970: 4e9)))
}
// Most have passed, as they do; one kind of organisation is stopped now.
policy.moratoria = (0..<moratoria).map { i in
    .init(
        id: "moratorium-\(i)", operations: [.identify, .compare], kinds: [kinds[i % 20]],
        span: .init(
            from: Date(timeIntervalSince1970: 1e9), until: Date(timeIntervalSince1970: i % 20 == 3 && i > 980 ? 4e9 : 1.1e9)),
        reason: "r", decidedBy: "d")
}
let clock = ContinuousClock()
var start = clock.now
let rules = RuleBook(policy)
let building = clock.now - start
let time = Date(timeIntervalSince1970: 2e9)
let requests = (0..<10_000).map { i in
    AccessRequest(
        organisation: "organisation-\(i * 7 % organisations)", purpose: "purpose-\(i % 10)", caseReference: "AB-1234",
        operation: .identify, gallery: galleries[i % 2 == 0 ? i * 7 % 100 : i * 13 % 100], threshold: Similarity(90))
}
var microseconds: [Double] = []
var permitted = 0
for i in 0..<repeats {
    let request = requests[i % requests.count]
    start = clock.now
    let decision = rules.decision(on: request, at: time)
    microseconds.append(Double((clock.now - start).components.attoseconds) / 1e12)
    permitted += decision.isPermitted ? 1 : 0
}
microseconds.sort()
struct Report: Encodable {
    let grants, moratoria, decisions, permitted: Int
    let medianMicroseconds, p99Microseconds, buildMilliseconds: Double
}
let report = Report(
    grants: grants, moratoria: moratoria, decisions: repeats, permitted: permitted,
    medianMicroseconds: microseconds[repeats / 2], p99Microseconds: microseconds[Int(0.99 * Double(repeats - 1))],
    buildMilliseconds: Double(building.components.attoseconds) / 1e15 + Double(building.components.seconds) * 1e3)
print(String(decoding: try JSONEncoder().encode(report), as: UTF8.self))
