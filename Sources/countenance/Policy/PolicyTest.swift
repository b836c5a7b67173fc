import ArgumentParser
import FaceRecognition
import Foundation
import PolicyFile

extension PolicyCommand {
    struct Test: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Run a policy's tests: requests, and what it is to say to each.",
            discussion: """
                The file of cases names its policy, by a path from where it lies; --policy tests another.

                Exit codes: 0 all as expected; 1 some are not; 3 a file cannot be read.
                """)
        @Argument(help: .init("The cases.", valueName: "file"), completion: .file(extensions: ["yaml", "yml"]))
        var file: String
        @OptionGroup var source: Source
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let (read, problems) = PolicyCases.reading(try RegularFile.policy(file))
            guard let read else {
                for problem in problems { Console.note(problem.line(in: file)) }
                throw Outcome.badInput
            }
            let inForce =
                if source.policy == nil, let named = try read.namedPolicy(beside: file) { named } else {
                    try await source.read()
                }
            let outcomes = read.cases.map { one in
                (one, one.disagreement(with: inForce.rules.decision(on: one.request, at: one.time, withdrawal: one.withdrawal)))
            }
            let failed = outcomes.count { $0.1 != nil }
            for (one, no) in outcomes {
                if output.json {
                    try Console.json(
                        JSONPolicyCase(name: one.name, line: one.line, passed: no == nil, problem: no), pretty: false)
                } else if let no {
                    print("\(file):\(one.line): \(one.name): \(no).".printable)
                }
            }
            if !output.json { print("\(outcomes.count) cases, \(failed) not as expected.") }
            try (failed > 0 ? Outcome.nothingFound : .done).end()
        }
    }
}

extension PolicyCases {
    /// The policy that the file of cases names; nil where it names none.
    func namedPolicy(beside file: String) throws -> PolicyInForce? {
        try policy.map { name in
            let path = URL(fileURLWithPath: file).deletingLastPathComponent().appendingPathComponent(name).path
            return try PolicyInForce(file: path)
        }
    }
}

extension PolicyInForce {
    /// A file's policy, as if it were applied.
    init(file path: String) throws {
        let file = try PolicyFile(try RegularFile.policy(path), path: path.printable)
        self.init(rules: RuleBook(file.policy), digest: file.digest)
    }
}

private struct JSONPolicyCase: Encodable {
    let name: String
    let line: Int
    let passed: Bool
    let problem: String?
}
