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
                try tell(problems)
                throw Outcome.badInput
            }
            let inForce =
                if source.policy == nil, let named = try read.namedPolicy(beside: file) { named } else {
                    try await source.read()
                }
            let outcomes = read.cases.map { one in (one, one.disagreement(with: inForce.decision(on: one))) }
            let failed = outcomes.count { $0.1 != nil }
            for (one, no) in outcomes {
                if output.json {
                    try Console.json(
                        JSONPolicyCase(name: one.name, line: one.line, passed: no == nil, problem: no), pretty: false)
                } else if let no {
                    print("\(file):\(one.line): \(one.name): \(no).".printable)
                }
            }
            if !output.json { print("\(outcomes.count) \(outcomes.count == 1 ? "case" : "cases"), \(failed) not as expected.") }
            try (failed > 0 ? Outcome.nothingFound : .done).end()
        }

        /// What is wrong with the file of cases; as JSON in one line, as the cases are.
        private func tell(_ problems: [PolicyProblem]) throws {
            if output.json {
                let told = problems.map(JSONPolicyProblem.init)
                try Console.json(JSONCasesCheck(file: file, problems: told), pretty: false)
            } else {
                for problem in problems { Console.note(problem.line(in: file)) }
            }
        }
    }
}

extension PolicyCases {
    /// The policy that the file of cases names; nil where it names none.
    func namedPolicy(beside file: String) throws -> PolicyInForce? {
        try policy.map { name in
            let folder = URL(fileURLWithPath: file).deletingLastPathComponent()
            return try PolicyInForce(file: name.hasPrefix("/") ? name : folder.appendingPathComponent(name).path)
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

private struct JSONCasesCheck: Encodable {
    let file: String
    let problems: [JSONPolicyProblem]
}

private struct JSONPolicyCase: Encodable {
    let name: String
    let line: Int
    let passed: Bool
    let problem: String?
}
