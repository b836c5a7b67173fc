import ArgumentParser
import FaceRecognition
import Foundation
import SQLiteStorage

struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "Make the access keys that clients of the service sign with, or end them.",
        discussion: """
            A key is an id and a secret, in the form that AWS's clients know. The secret is shown when the key is made, and \
            never again; it is kept encrypted. Each key stands for an organisation of the policy, which the record names. A \
            key that is bound to a purpose and a case needs nothing more of its client: code that was written for AWS says \
            neither. All of this works while the service runs, which notices at once.

            To change over without a gap, create a second key, give it to the client, and disable the first. `rotate` does \
            both in one step: the old key ends at once.

            Examples:
              countenance key create --label "the intake desk"
              countenance key create --organisation icmec --purpose missing-child --case MC-2026-017 --expires 30d
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
                    For         \(key.organisation)
                    """)
                if let bound = key.binding.sentence { print("Bound to    \(bound.printable)") }
                Console.note("The secret is shown this once; keep it where the client finds it and others do not.")
            }
        }
    }

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a key, and show its secret this once.",
            discussion: """
                --purpose and --case bind the key to them: its client need not say them, and can say no others. What you \
                yourself make the key for is $COUNTENANCE_PURPOSE, where your policy asks for it.
                """)
        @Option(
            help: .init("Which organisation of the policy the key stands for. Default: the grant's, else local-operator.", valueName: "id"))
        var organisation: String?
        @Option(help: .init("The grant of the policy that the key belongs to, alone.", valueName: "id")) var grant: String?
        @Option(help: .init("When the key ends by itself: 12h, 30d, 1y from now.", valueName: "period")) var expires: Period?
        @Option(help: .init("What it is for, in your own words.", valueName: "text")) var label: String?
        @OptionGroup var place: Place

        func run() async throws {
            let session = try await place.data.openBesideOwner(purposeIsNamed: false)
            let policy = try await session.office.inForce().rules.policy
            let granted = try grant.map { id in
                guard let found = policy.grants.first(where: { $0.id == id }) else {
                    throw RecognitionError(
                        .invalidValue, "The policy in force has no grant '\(id.printable)'; `countenance policy show` prints it.")
                }
                return found
            }
            if let granted, let organisation, granted.organisation != organisation {
                throw RecognitionError(
                    .invalidValue,
                    "The grant '\(granted.id)' is \(granted.organisation)'s, not \(organisation.printable)'s; leave --organisation out.")
            }
            let whose = organisation ?? granted?.organisation ?? AccessRequest.localOperator
            let made = try await session.store.createAccessKey(
                for: whose, label: label,
                binding: .init(
                    purpose: place.data.namedPurpose, caseReference: place.data.namedCase, grant: grant,
                    expires: expires.map { Date(timeIntervalSinceNow: $0.seconds) }),
                permit: session.permit(.manage))
            if !policy.organisations.contains(where: { $0.id == whose }) {
                Console.note(
                    "The policy '\(policy.name.printable)' knows no organisation '\(whose.printable)': until one does, every request with this key is refused.")
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
                        "\(key.id)  \(key.organisation)  \(key.created.formatted(.iso8601))  \(state)  \(key.label?.printable ?? "-")\(key.binding.sentence.map { "  \($0.printable)" } ?? "")"
                    )
                }
            }
            if keys.isEmpty, !place.output.json {
                Console.note("There is no access key yet; `countenance key create` makes one.")
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
                print("The access key \(ended.outcome.id) of \(ended.outcome.organisation) is disabled.")
            }
        }
    }

    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "End a key and make another for the same organisation, bound to the same; show its secret this once.")
        @Argument(help: "The key to end.") var id: String
        @OptionGroup var place: Place

        func run() async throws {
            let session = try await place.data.openBesideOwner()
            let made = try await session.store.rotateAccessKey(id, permit: session.permit(.manage))
            try place.show(made.outcome.key, made.outcome.secret, record: made.receipt.index)
        }
    }
}

extension AccessKey.Binding {
    /// What it is bound to, in words; nil for nothing.
    fileprivate var sentence: String? {
        let parts = [
            purpose.map { "purpose \($0)" }, caseReference.map { "case \($0)" }, grant.map { "grant \($0)" },
            expires.map { "until \($0.formatted(.iso8601))" },
        ].compactMap { $0 }
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }
}

private struct JSONAccessKey: Encodable {
    let id: String
    let organisation: String
    let label: String?
    let purpose: String?
    let caseReference: String?
    let grant: String?
    let expires: Date?
    let created: Date
    let disabled: Date?
    /// When the key is made, and never again.
    let secret: String?
    let record: Int?

    private enum CodingKeys: String, CodingKey {
        case id, organisation, label, purpose, caseReference = "case", grant, expires, created, disabled, secret, record
    }

    init(_ key: AccessKey, secret: String? = nil, record: Int? = nil) {
        id = key.id
        organisation = key.organisation
        purpose = key.binding.purpose
        caseReference = key.binding.caseReference
        grant = key.binding.grant
        expires = key.binding.expires
        label = key.label
        created = key.created
        disabled = key.disabled
        self.secret = secret
        self.record = record
    }
}
