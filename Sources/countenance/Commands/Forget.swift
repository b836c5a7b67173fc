import ArgumentParser
import FaceRecognition
import Foundation

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
