import ArgumentParser
import FaceRecognition
import Foundation

struct GalleryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gallery", abstract: "Make galleries, look at them, or delete them.",
        discussion: """
            Examples:
              countenance gallery create staff
              countenance gallery list
              countenance gallery faces staff --json | jq -r .person | sort -u
              countenance gallery delete staff --yes
            """,
        subcommands: [Create.self, List.self, Show.self, Faces.self, Delete.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make an empty gallery, which belongs to its model for life.",
            discussion: "An enrolment makes its gallery by itself; this one says beforehand which model it is for.")
        @Argument(help: "The gallery.", transform: GalleryName.argument) var name: GalleryName
        @Option(help: .init("The template model. Default: \(ModelCatalogue.defaultModel).", valueName: "id"))
        var model: String?
        @OptionGroup var template: TemplateOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var data: DataOptions

        func run() async throws {
            let wanted = model.map(TemplateModelID.init(rawValue:)) ?? ModelCatalogue.defaultModel
            let catalogue = ModelCatalogue(share: try Installation().share, dataFolder: data.folder)
            let entry = try catalogue.templateModel(wanted.unmirrored).model
            let model = template.mirror || wanted.isMirrored ? entry.mirrored : entry
            let session = try await data.open()
            let permit = try await session.permit(.manage, gallery: name)
            let gallery = try await session.keeper.create(name, for: model, permit: permit).outcome
            if output.json {
                try Console.json(JSONGallery(gallery))
            } else {
                print("Made the gallery \(gallery.name) for the model \(gallery.model).")
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "All galleries.", discussion: "Exit codes: 0 done; 1 there is none.")
        @OptionGroup var output: OutputOptions
        @OptionGroup var data: DataOptions

        func run() async throws {
            let session = try await data.open()
            let galleries = try await session.keeper.list(permit: session.permit(.manage)).outcome
            if output.json {
                try Console.json(galleries.map(JSONGallery.init))
            } else {
                for gallery in galleries { print("\(gallery.name)  \(gallery.summary)") }
                if galleries.isEmpty { Console.note("There is no gallery yet; `countenance enrol` makes one.") }
            }
            try (galleries.isEmpty ? Outcome.nothingFound : .done).end()
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "One gallery.")
        @Argument(help: "The gallery.", transform: GalleryName.argument) var name: GalleryName
        @OptionGroup var output: OutputOptions
        @OptionGroup var data: DataOptions

        func run() async throws {
            let session = try await data.open()
            let permit = try await session.permit(.manage, gallery: name)
            let gallery = try await session.keeper.show(name, permit: permit).outcome.gallery
            if output.json {
                try Console.json(JSONGallery(gallery))
            } else {
                let point = OperatingPoint.recommended(gallerySize: gallery.faces)
                print(
                    """
                    Gallery    \(gallery.name)
                    Faces      \(gallery.faces), of \(gallery.people) named people
                    Model      \(gallery.model), \(gallery.dimension) components
                    Made       \(gallery.created.formatted(.iso8601))
                    Threshold  \(point.similarity), recommended for this size: \(point.expectedFalseCandidates(gallerySize: gallery.faces).rounded3) false candidates a search
                    """)
            }
        }
    }

    struct Faces: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "A gallery's faces; with --json one line for each.",
            discussion: "Exit codes: 0 done; 1 there is none.")
        @Argument(help: "The gallery.", transform: GalleryName.argument) var name: GalleryName
        @OptionGroup var output: OutputOptions
        @OptionGroup var data: DataOptions

        func run() async throws {
            let session = try await data.open()
            let permit = try await session.permit(.manage, gallery: name)
            let faces = try await session.keeper.show(name, permit: permit).outcome.faces
            for face in faces {
                if output.json {
                    try Console.json(JSONEnrolledFace(face), pretty: false)
                } else {
                    print("\(face.id)  \(face.person?.printable ?? "-")  \(face.externalID?.printable ?? "-")")
                }
            }
            try (faces.isEmpty ? Outcome.nothingFound : .done).end()
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Delete a gallery with all its faces, for good.",
            discussion: "Asks on a terminal; without one, --yes is needed.")
        @Argument(help: "The gallery.", transform: GalleryName.argument) var name: GalleryName
        @Flag(help: "Do not ask.") var yes = false
        @OptionGroup var output: OutputOptions
        @OptionGroup var data: DataOptions

        func run() async throws {
            let session = try await data.open()
            if !yes {
                guard isatty(STDIN_FILENO) == 1 else {
                    throw ValidationError("Deleting cannot be undone; say --yes where nobody can be asked.")
                }
                let faces = try await session.keeper.show(name, permit: session.permit(.manage, gallery: name)).outcome
                    .gallery.faces
                FileHandle.standardError.write(
                    Data("Delete the gallery \(name) with \(faces.faces)? Type its name: ".utf8))
                Interruption.endsAtOnce()
                guard readLine() == name.rawValue else {
                    Console.note("Not deleted.")
                    throw Outcome.nothingFound
                }
            }
            let permit = try await session.permit(.manage, gallery: name)
            let gallery = try await session.keeper.delete(name, permit: permit).outcome
            if output.json {
                try Console.json(JSONGallery(gallery))
            } else {
                print("Deleted the gallery \(gallery.name) with \(gallery.faces.faces).")
            }
        }
    }
}

extension GalleryDescription {
    var summary: String { "\(faces.faces), \(people) named people, model \(model)" }
}

struct Forget: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Remove faces from a gallery, for good.",
        discussion: """
            Examples:
              countenance forget --gallery staff 3f0c7c1e-8f1d-4a86-9b53-0d1a6f1b2c3d
              countenance forget --gallery staff --person ada

            Exit codes: 0 done; 1 there was no such face.
            """)

    @Option(help: .init("The gallery.", valueName: "name"), transform: GalleryName.argument)
    var gallery: GalleryName

    @Argument(help: .init("Faces, by id.", valueName: "face-id"))
    var faces: [String] = []

    @Option(help: .init("All faces of this person.", valueName: "name"))
    var person: String?

    @Flag(help: "Print one JSON document.") var json = false
    @OptionGroup var data: DataOptions

    func validate() throws {
        guard faces.isEmpty != (person == nil) else {
            throw ValidationError("Name face ids, or --person; one of the two.")
        }
        for face in faces where FaceID(face) == nil {
            throw ValidationError("'\(face.printable)' is no face id; `countenance gallery faces` shows them.")
        }
    }

    func run() async throws {
        let session = try await data.open()
        let selections =
            person.map { [FaceSelection.person($0)] } ?? faces.compactMap(FaceID.init).map(FaceSelection.face)
        var forgotten: [FaceID] = []
        for selection in selections {
            let permit = try await session.permit(.forget, gallery: gallery)
            forgotten += try await session.keeper.forget(selection, in: gallery, permit: permit).outcome
        }
        if json {
            try Console.json(["forgotten": forgotten.map(\.rawValue)])
        } else {
            print("Forgot \(forgotten.count.faces) of the gallery \(gallery).")
        }
        try (forgotten.count >= selections.count ? Outcome.done : .nothingFound).end()
    }
}
