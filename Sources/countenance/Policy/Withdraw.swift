import ArgumentParser
import FaceRecognition
import Foundation
import SQLiteStorage

struct Withdraw: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Stop all recognition at once, for everybody.",
        discussion: """
            From this moment nothing is detected, compared, enrolled or searched, in a running service neither, until \
            `countenance reinstate`. Looking after galleries and forgetting go on.

            Example:
              countenance withdraw --reason "a wrong match was reported; being looked into"

            Exit codes: 0 done; 3 it is withdrawn already.
            """)
    @Option(help: .init("Why, for the record and for those who are refused.", valueName: "text")) var reason: String
    @OptionGroup var output: OutputOptions
    @OptionGroup var data: DataOptions

    func validate() throws { try Reason.check(reason) }

    func run() async throws {
        let session = try await data.openBesideOwner()
        let done = try await session.store.withdraw(reason: reason, permit: session.permit(.govern))
        if output.json {
            try Console.json(JSONGoverned(outcome: "withdrawn", record: done.receipt.index))
        } else {
            print("Recognition is withdrawn from everybody.")
        }
    }
}

struct Reinstate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "End a withdrawal: it takes two different operator keys.",
        discussion: """
            The keys are access keys of the local operator's (`countenance key create`), which two people keep. Their \
            secrets are read from standard input, a line each, in the order of the keys; on a terminal they are asked for \
            and not shown.

            Example:
              countenance reinstate --key AKIAIOSFODNN7EXAMPLE --key AKIAI44QH8DHBEXAMPLE --reason "looked into: none"

            Exit codes: 0 done; 3 nothing is withdrawn; 4 the keys do not suffice.
            """)
    @Option(help: .init("An operator key; give two.", valueName: "id")) var key: [String] = []
    @Option(help: .init("Why, for the record.", valueName: "text")) var reason: String
    @OptionGroup var output: OutputOptions
    @OptionGroup var data: DataOptions

    func validate() throws {
        try Reason.check(reason)
        guard key.count == 2, key[0] != key[1] else {
            throw ValidationError("It takes two different operator keys: --key ID --key ID.")
        }
    }

    func run() async throws {
        let shown = try key.map { id in (id: id, secret: try secret(of: id)) }
        let session = try await data.openBesideOwner()
        let done = try await session.store.reinstate(
            reason: reason, keys: shown, permit: session.permit(.govern))
        if output.json {
            try Console.json(JSONGoverned(outcome: "reinstated", record: done.receipt.index))
        } else {
            print("Recognition goes on, by the policy in force.")
        }
    }

    private func secret(of id: String) throws -> String {
        if isatty(STDIN_FILENO) == 1, let typed = getpass("Secret of \(id.printable): ") { return String(cString: typed) }
        guard let line = readLine(), !line.isEmpty else {
            throw ValidationError("Give the secrets on standard input, a line for each key.")
        }
        return line
    }
}

private struct JSONGoverned: Encodable {
    let outcome: String
    let record: Int
}
