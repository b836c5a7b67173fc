import ArgumentParser
import FaceRecognition
import Foundation

struct GalleryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gallery", abstract: "Make galleries, look at them, or delete them.",
        discussion: """
            Examples:
              countenance gallery create staff
              countenance gallery create missing --retain 180d --keep-crops
              countenance gallery check
              countenance gallery list
              countenance gallery faces staff --json | jq -r .person | sort -u
              countenance gallery delete staff --yes
            """,
        subcommands: [
            Create.self, List.self, Show.self, Faces.self, Crop.self, Check.self, Purge.self, Export.self, Import.self,
            Delete.self,
        ])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make an empty gallery, which belongs to its model for life.",
            discussion: """
                An enrolment makes its gallery by itself; this one says beforehand which model it is for, how long its faces \
                stay, and whether their pictures are kept.
                """)
        @Argument(help: "The gallery.", transform: GalleryName.argument) var name: GalleryName
        @Option(help: .init("The template model. Default: \(ModelCatalogue.defaultModel).", valueName: "id"))
        var model: String?
        @Option(
            help: .init(
                "How long a face stays: from then on no search finds it, and a purge removes it. 90s, 30m, 12h, 180d, 26w, 2y.",
                valueName: "time"))
        var retain: Period?
        @Flag(
            help: "Keep the aligned crop of each face, encrypted, for people to look at. Without it no picture is kept."
        )
        var keepCrops = false
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
            let gallery = try await session.keeper.create(
                name, for: model, retention: retain?.seconds, keepsCrops: keepCrops, permit: permit
            ).outcome
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
                try Console.json(galleries.map { JSONGallery($0) })
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
            let (gallery, upkeep) = try await session.keeper.show(name, permit: permit).outcome
            if output.json {
                try Console.json(JSONGallery(gallery, upkeep))
            } else {
                let point = OperatingPoint.recommended(gallerySize: gallery.faces)
                print(
                    """
                    Gallery    \(gallery.name)
                    Faces      \(gallery.faces), of \(gallery.people) named people
                    Model      \(gallery.model), \(gallery.dimension) components
                    Made       \(gallery.created.formatted(.iso8601))
                    Retention  \(gallery.retention.map { "\($0.period) from enrolment" } ?? "none: faces stay until they are forgotten")
                    Crops      \(gallery.keepsCrops ? "kept" : "not kept")
                    Size       \(upkeep.bytes.formatted(.byteCount(style: .file))) encrypted
                    Key        \(upkeep.key)
                    Checked    \(upkeep.checked.map { $0.formatted(.iso8601) } ?? "never; `countenance gallery check \(gallery.name)` does it")
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
            let faces = try await session.keeper.faces(in: name, permit: permit).outcome
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
            let permit = try await session.permit(.forget, gallery: name)
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
