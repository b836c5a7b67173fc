import ArgumentParser
import FaceRecognition
import Foundation

struct PersonCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "person", abstract: "Gather faces of a gallery under a person, or let them go.",
        discussion: """
            A person has up to 100 faces of a gallery, and a face belongs to at most one person. A person is there as long \
            as a face is theirs. `countenance identify --people` answers by person.

            Examples:
              countenance person list --gallery staff
              countenance person join --gallery staff ada 0190b8c2-8f1d-7a86-9b53-0d1a6f1b2c3d
              countenance person forget --gallery staff ada
            """,
        subcommands: [List.self, Show.self, Join.self, Leave.self, Forget.self])

    struct Place: ParsableArguments {
        @Option(help: .init("The gallery.", valueName: "name"), transform: GalleryName.argument) var gallery:
            GalleryName
        @OptionGroup var output: OutputOptions
        @OptionGroup var data: DataOptions

        /// Changes whose faces some are, and says how many the person has now.
        func change(
            _ person: String, _ body: (GalleryKeeper, Permit) async throws -> Recorded<Void>
        ) async throws {
            let session = try await data.open()
            _ = try await body(session.keeper, session.permit(.manage, gallery: gallery))
            let permit = try await session.permit(.manage, gallery: gallery)
            let count = try await session.keeper.faces(in: gallery, of: person, permit: permit).outcome.count
            if output.json {
                try Console.json(JSONPerson(person: person, faces: count))
            } else {
                print("\(person.printable) has \(count.faces) of the gallery \(gallery).")
            }
        }
    }

    fileprivate struct JSONPerson: Encodable {
        let person: String
        let faces: Int
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "A gallery's people, by name; with --json one line for each.",
            discussion: "Exit codes: 0 done; 1 there is none.")
        @OptionGroup var place: Place

        func run() async throws {
            let session = try await place.data.open()
            let permit = try await session.permit(.manage, gallery: place.gallery)
            let people = try await session.keeper.people(in: place.gallery, permit: permit).outcome
            for person in people {
                if place.output.json {
                    try Console.json(JSONPerson(person: person.name, faces: person.faces), pretty: false)
                } else {
                    print("\(person.name.printable)  \(person.faces.faces)")
                }
            }
            try (people.isEmpty ? Outcome.nothingFound : .done).end()
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "A person's faces; with --json one line for each.",
            discussion: "Exit codes: 0 done; 1 there is none.")
        @OptionGroup var place: Place
        @Argument(help: "The person.") var name: String

        func run() async throws {
            let session = try await place.data.open()
            let permit = try await session.permit(.manage, gallery: place.gallery)
            let faces = try await session.keeper.faces(in: place.gallery, of: name, permit: permit).outcome
            for face in faces {
                if place.output.json {
                    try Console.json(JSONEnrolledFace(face), pretty: false)
                } else {
                    print(
                        "\(face.id)  \(face.enrolled.formatted(.iso8601))  \(face.externalID?.printable ?? "-")")
                }
            }
            try (faces.isEmpty ? Outcome.nothingFound : .done).end()
        }
    }

    struct Join: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Make faces a person's, all or none.")
        @OptionGroup var place: Place
        @Argument(help: "The person, who may be new.") var name: String
        @Argument(help: .init("Faces, by id.", valueName: "face-id"), transform: FaceID.argument) var faces: [FaceID]

        func run() async throws {
            try await place.change(name) { try await $0.join(faces, to: name, in: place.gallery, permit: $1) }
        }
    }

    struct Leave: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a person's faces nobody's, all or none; they stay in the gallery.")
        @OptionGroup var place: Place
        @Argument(help: "The person.") var name: String
        @Argument(help: .init("Faces, by id.", valueName: "face-id"), transform: FaceID.argument) var faces: [FaceID]

        func run() async throws {
            try await place.change(name) { try await $0.leave(faces, from: name, in: place.gallery, permit: $1) }
        }
    }

    struct Forget: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Remove a person with all their faces, for good.",
            discussion: "Exit codes: 0 done; 1 there was no such person.")
        @OptionGroup var place: Place
        @Argument(help: "The person.") var name: String

        func run() async throws {
            let session = try await place.data.open()
            let permit = try await session.permit(.forget, gallery: place.gallery)
            let forgotten = try await session.keeper.forget(.person(name), in: place.gallery, permit: permit).outcome
            if place.output.json {
                try Console.json(["forgotten": forgotten.map(\.rawValue)])
            } else {
                print("Forgot \(forgotten.count.faces) of the gallery \(place.gallery).")
            }
            try (forgotten.isEmpty ? Outcome.nothingFound : .done).end()
        }
    }
}
