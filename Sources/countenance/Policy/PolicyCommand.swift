import ArgumentParser
import FaceRecognition
import Foundation
import PolicyFile
import SQLiteStorage

/// Who may do what, for which purpose, until when.
struct PolicyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy", abstract: "Check, explain, test and apply the rules of who may do what.",
        discussion: """
            A policy is a YAML file: organisations, purposes, galleries, grants, moratoria and prohibitions. What nothing \
            permits is refused; prohibition beats moratorium, moratorium beats grant. Until one is applied, the trial policy \
            lets the local operator try everything on this machine. Documentation/Policy.md has every field.

            Examples:
              countenance policy check rules.yaml
              countenance policy test rules.cases.yaml
              countenance policy apply rules.yaml --reason "the board's decision of 10 June"
              countenance policy explain --organisation city-police --operation identify --gallery arrests \\
                --purpose suspect-identification --at 2020-12-01
              countenance policy calendar
            """,
        subcommands: [
            Check.self, Explain.self, Test.self, Calendar.self, Apply.self, Show.self,
        ])

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Find what is wrong with a policy, by line and column.",
            discussion: """
                Errors are what makes the file no policy: unknown fields, wrong types, dates that are none, ids that are \
                there twice, references to nothing, rules that contradict each other. Warnings are what may not be meant: \
                grants that a moratorium empties, dates that have passed, what nobody uses.

                Exit codes: 0 no errors; 3 errors, or no such file.
                """)
        @Argument(help: .init("The policy.", valueName: "file"), completion: .file(extensions: ["yaml", "yml"]))
        var file: String
        @Option(
            help: .init("Look at it as on this day. Default: now.", valueName: "time"), transform: Date.argument)
        var at: Date?
        @OptionGroup var output: OutputOptions

        func run() throws {
            let (read, errors) = PolicyFile.reading(try RegularFile.policy(file))
            let problems = read.map { $0.warnings(at: at ?? Date()) } ?? errors
            if output.json {
                try Console.json(
                    JSONPolicyCheck(
                        file: file, policy: read?.policy.name, digest: read?.digest,
                        problems: problems.map(JSONPolicyProblem.init)))
            } else {
                for problem in problems { print(problem.line(in: file)) }
                if let read { print("\(read.policy.name.printable): \(read.policy.summary)") }
            }
            try (read == nil ? Outcome.badInput : .done).end()
        }
    }

    struct Calendar: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show what begins, ends and is due for review.",
            discussion: "Exit codes: 0 done; 1 the policy has no dates.")
        @OptionGroup var source: Source
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let dates = try await source.read().rules.policy.calendar
            let now = Date()
            for date in dates {
                if output.json {
                    try Console.json(JSONPolicyDate(date, at: now), pretty: false)
                } else {
                    let line =
                        "\(date.date.day)  \(date.event.rawValue.padded(to: 6))  \(date.rule)\(date.reason.map { "  \($0)" } ?? "")"
                    print(date.date < now ? Console.dim(line.printable) : line.printable)
                }
            }
            try (dates.isEmpty ? Outcome.nothingFound : .done).end()
        }
    }

    struct Apply: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Put a policy in force, at once, in a running service too.",
            discussion: """
                The record keeps the policy's digest, what it changes and the reason. A file that does not check is refused, \
                and the policy before stays in force.

                Exit codes: 0 done; 3 the file is no policy; 5 a fault of ours, and the policy before stays.
                """)
        @Argument(help: .init("The policy.", valueName: "file"), completion: .file(extensions: ["yaml", "yml"]))
        var file: String
        @Option(help: .init("Why, for the record.", valueName: "text")) var reason: String
        @OptionGroup var output: OutputOptions
        @OptionGroup var data: DataOptions

        func validate() throws { try Reason.check(reason) }

        func run() async throws {
            let bytes = try RegularFile.policy(file)
            let read = try PolicyFile(bytes, path: file.printable)
            let session = try await data.openBesideOwner()
            let permit = try await session.permit(.govern)
            let before = try await session.office.toReplace()
            let changes = before.policy.difference(to: read.policy)
            let applied = try await session.store.apply(
                policy: bytes, digest: read.digest, reason: reason, after: before.digest, changes: changes, permit: permit)
            for warning in read.warnings(at: Date()) { Console.note(warning.line(in: file)) }
            if output.json {
                try Console.json(
                    JSONPolicyApplied(
                        policy: read.policy.name, digest: read.digest, changes: changes, record: applied.receipt.index))
            } else {
                print("The policy '\(read.policy.name.printable)' is in force: \(read.policy.summary).")
                for change in changes { print("  \(change.printable)") }
                print("Its digest, which the record's entries name: \(read.digest)")
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the policy in force, as it was applied.",
            discussion: "Exit codes: 0 done; 1 none was applied: the trial policy applies.")
        @OptionGroup var data: DataOptions

        func run() async throws {
            let stored = try await data.openBesideOwner().store.policy()
            if let withdrawal = stored.withdrawal {
                Console.note(
                    "Recognition has been withdrawn since \(withdrawal.since.formatted(.iso8601)): \(withdrawal.reason.printable)")
            }
            guard let applied = stored.applied else {
                Console.note("No policy was applied yet: the trial policy lets the local operator try everything.")
                throw Outcome.nothingFound
            }
            FileHandle.standardOutput.write(applied.file)
        }
    }

    /// A policy's file, or the one in force.
    struct Source: ParsableArguments {
        @Option(
            help: .init("A policy's file, instead of the one in force or, of a test, the one that its cases name.", valueName: "file"),
            completion: .file(extensions: ["yaml", "yml"]))
        var policy: String?
        @OptionGroup var data: DataOptions

        func read() async throws -> PolicyInForce {
            guard let policy else { return try await data.openBesideOwner().office.inForce() }
            return try PolicyInForce(file: policy)
        }
    }
}

/// The operator's words for the record.
enum Reason {
    static func check(_ reason: String) throws {
        guard (1...1_000).contains(reason.utf8.count), reason.contains(where: { !$0.isWhitespace }),
            reason.printable == reason
        else {
            throw ValidationError(
                "--reason is a text of 1 to 1,000 bytes in one line: it is what the record, and a refusal, say of this.")
        }
    }
}

extension RegularFile {
    static func policy(_ path: String) throws -> Data {
        do { return try contents(path, limit: PolicyFile.largest, remedy: "a policy is smaller") } catch let error
            as RecognitionError
        {
            throw RecognitionError(error.code, "\(path.printable): \(error.message)", detail: error.detail)
        }
    }
}

extension PolicyProblem {
    /// As compilers write it, so that editors find the place.
    func line(in file: String) -> String { "\(file):\(line):\(column): \(severity.rawValue): \(text)".printable }
}

extension Policy {
    var summary: String {
        let counts = [
            (organisations.count, "organisation", "organisations"), (purposes.count, "purpose", "purposes"),
            (galleries.count, "gallery", "galleries"), (grants.count, "grant", "grants"),
            (moratoria.count, "moratorium", "moratoria"), (prohibitions.count, "prohibition", "prohibitions"),
        ]
        return counts.map { "\($0) \($0 == 1 ? $1 : $2)" }.joined(separator: ", ")
    }
}

extension String {
    func padded(to width: Int) -> String { count < width ? self + String(repeating: " ", count: width - count) : self }
}

/// A mistake or a warning, with its place.
struct JSONPolicyProblem: Encodable {
    let line: Int
    let column: Int
    let severity: PolicyProblem.Severity
    let text: String

    init(_ problem: PolicyProblem) {
        line = problem.line
        column = problem.column
        severity = problem.severity
        text = problem.text
    }
}

private struct JSONPolicyCheck: Encodable {
    let file: String
    let policy: String?
    let digest: String?
    let problems: [JSONPolicyProblem]
}

private struct JSONPolicyDate: Encodable {
    let date: Date
    let event: PolicyDate.Event
    let rule: String
    let reason: String?
    let hasPassed: Bool

    init(_ date: PolicyDate, at now: Date) {
        self.date = date.date
        event = date.event
        rule = date.rule
        reason = date.reason
        hasPassed = date.date < now
    }
}

private struct JSONPolicyApplied: Encodable {
    let policy: String
    let digest: String
    let changes: [String]
    let record: Int
}
