import ArgumentParser
import FaceRecognition
import Foundation
import SQLiteStorage

struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "Make the access keys that clients of the service sign with, or end them.",
        discussion: """
            A key is an id and a secret, in the form that AWS's clients know. The secret is shown when the key is made, and \
            never again; it is kept encrypted. Each key stands for a caller, whom the record names. All of this works while \
            the service runs, which notices at once.

            To change over without a gap, create a second key, give it to the client, and disable the first. `rotate` does \
            both in one step: the old key ends at once.

            Examples:
              countenance key create --label "the intake desk"
              countenance key list --json | jq -r .id
              countenance key rotate AKIAIOSFODNN7EXAMPLE
              countenance key disable AKIAIOSFODNN7EXAMPLE

            Exit codes: 0 done; 1 `list`: there is none; 3 no key of that id, or a bad value; 5 a fault of ours.
            """,
        subcommands: [Create.self, List.self, Disable.self, Rotate.self])

    struct Place: ParsableArguments {
        @OptionGroup var output: OutputOptions
        @OptionGroup var data: DataOptions

        /// Says the secret, this once.
        fileprivate func show(_ key: AccessKey, _ secret: String, record: Int) throws {
            if output.json {
                try Console.json(JSONAccessKey(key, secret: secret, record: record))
            } else {
                print(
                    """
                    Access key  \(key.id)
                    Secret      \(secret)
                    Caller      \(key.caller)
                    """)
                Console.note("The secret is shown this once; keep it where the client finds it and others do not.")
            }
        }
    }

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Make a key, and show its secret this once.")
        @Option(help: .init("Whom the key stands for.", valueName: "name")) var caller = "local-operator"
        @Option(help: .init("What it is for, in your own words.", valueName: "text")) var label: String?
        @OptionGroup var place: Place

        func run() async throws {
            let session = try await place.data.openBesideOwner()
            let made = try await session.store.createAccessKey(
                caller: caller, label: label, permit: session.permit(.manage))
            if caller != session.caller {
                Console.note(
                    "The trial policy permits '\(session.caller)' alone: until a policy names '\(caller.printable)', every request with this key is refused.")
            }
            try place.show(made.outcome.key, made.outcome.secret, record: made.receipt.index)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "All keys, without their secrets; with --json one line for each.",
            discussion: "Exit codes: 0 done; 1 there is none.")
        @OptionGroup var place: Place

        func run() async throws {
            let session = try await place.data.openBesideOwner()
            let keys = try await session.store.accessKeys(permit: session.permit(.manage)).outcome
            for key in keys {
                if place.output.json {
                    try Console.json(JSONAccessKey(key), pretty: false)
                } else {
                    let state = key.disabled.map { "disabled \($0.formatted(.iso8601))" } ?? "enabled"
                    print(
                        "\(key.id)  \(key.caller)  \(key.created.formatted(.iso8601))  \(state)  \(key.label?.printable ?? "-")"
                    )
                }
            }
            try (keys.isEmpty ? Outcome.nothingFound : .done).end()
        }
    }

    struct Disable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "End a key, at once and for good; one that is ended already stays so.")
        @Argument(help: "The key.") var id: String
        @OptionGroup var place: Place

        func run() async throws {
            let session = try await place.data.openBesideOwner()
            let ended = try await session.store.disableAccessKey(id, permit: session.permit(.manage))
            if place.output.json {
                try Console.json(JSONAccessKey(ended.outcome, record: ended.receipt.index))
            } else {
                print("The access key \(ended.outcome.id) of \(ended.outcome.caller) is disabled.")
            }
        }
    }

    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "End a key and make another for the same caller; show its secret this once.")
        @Argument(help: "The key to end.") var id: String
        @OptionGroup var place: Place

        func run() async throws {
            let session = try await place.data.openBesideOwner()
            let made = try await session.store.rotateAccessKey(id, permit: session.permit(.manage))
            try place.show(made.outcome.key, made.outcome.secret, record: made.receipt.index)
        }
    }
}

private struct JSONAccessKey: Encodable {
    let id: String
    let caller: String
    let label: String?
    let created: Date
    let disabled: Date?
    /// When the key is made, and never again.
    let secret: String?
    let record: Int?

    init(_ key: AccessKey, secret: String? = nil, record: Int? = nil) {
        id = key.id
        caller = key.caller
        label = key.label
        created = key.created
        disabled = key.disabled
        self.secret = secret
        self.record = record
    }
}
