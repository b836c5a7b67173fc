import ArgumentParser
import FaceRecognition
import Foundation

struct Enrol: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Add the faces of photographs to a gallery.",
        discussion: """
            The largest face of each photograph is enrolled. A folder is searched with all that lies below it; a photograph \
            in a folder below the named one belongs to the person whom that folder is called after. The gallery is made \
            when it is not there. What is enrolled already is found out by its bytes and left as it is: an interrupted run \
            can simply be repeated.

            Examples:
              countenance enrol --gallery staff people/            (people/ada/1.jpg is a photograph of ada)
              countenance enrol --gallery staff --person ada ada-in-2019.jpg ada-today.jpg
              countenance enrol --gallery archive --external-id neg-0417 scan.tiff

            Exit codes: 0 done; 1 no face in any photograph; 3 a photograph could not be enrolled, the rest is.
            """)

    @Option(help: .init("The gallery.", valueName: "name"), transform: GalleryName.argument)
    var gallery: GalleryName

    @Argument(help: .init("Photographs, or folders of them.", valueName: "photo|folder"), completion: .file())
    var paths: [String]

    @Option(help: .init("Whom the photographs show; decides over folders.", valueName: "name"))
    var person: String?

    @Option(
        help: .init(
            "Your own key for the photograph; one photograph only. Default: the path below the named folder.",
            valueName: "text"))
    var externalID: String?

    @Option(
        help: .init(
            "How long the faces stay, as in `gallery create --retain`; the gallery's own time may be shorter.",
            valueName: "time"))
    var retain: Period?

    @OptionGroup var recognition: RecognitionOptions
    @OptionGroup var template: TemplateOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var data: DataOptions

    func validate() throws {
        for (option, value) in [("--person", person), ("--external-id", externalID)] {
            guard let value else { continue }
            guard !value.isEmpty, value.utf8.count <= 255 else {
                throw ValidationError("\(option) takes 1 to 255 bytes of text.")
            }
        }
    }

    func run() async throws {
        let found = try PhotographFiles(paths)
        guard !found.files.isEmpty else {
            throw RecognitionError(
                .unreadableFile,
                "There are no photographs below what was named (\(PhotographFiles.endings.joined(separator: ", "))).")
        }
        guard externalID == nil || found.files.count == 1 else {
            throw ValidationError("--external-id names one photograph; there are \(found.files.count).")
        }
        let session = try await data.open()
        let pipeline = try recognition.pipeline(
            data, mirror: template.mirror, galleryModel: try await session.model(of: gallery),
            photographs: found.files.count)
        let recognizer = session.recognizer(pipeline)
        let progress = ProgressBar(total: found.files.count, unit: "photographs")
        defer { progress.finish() }
        let start = ContinuousClock.now
        var run = PhotographRun()
        var tally = (new: 0, already: 0, without: 0, failed: 0)

        // As many photographs on their way as keep the workers busy, some of them waiting for company or for the disk;
        // answers in the order in which they were named.
        try await found.files.mapConcurrently(width: pipeline.photographsAtOnce) { file in
            await Result {
                let permit = try await session.permit(.enrol, gallery: gallery)
                return try await recognizer.enrol(
                    recognition.photograph(file.path), as: person ?? file.person,
                    externalID: externalID, defaultExternalID: file.relativePath,
                    expires: retain.map { Date().addingTimeInterval($0.seconds) }, in: gallery, permit: permit)
            }
        } each: { file, result in
            progress.advance()
            switch result {
            case .success(let recorded):
                let enrolment = recorded.outcome
                run.mark(found: true)
                if enrolment.isNew { tally.new += 1 } else { tally.already += 1 }
                if output.json {
                    try Console.json(JSONEnrolment(file: file, gallery: gallery, recorded), pretty: false)
                } else if found.files.count <= 20 {
                    let note = enrolment.subject?.choiceNote.map { " (\($0))" } ?? ""
                    print(
                        "\(file.path.printable): \(enrolment.isNew ? "enrolled" : "was enrolled already") as \(enrolment.face.id)\(note)"
                    )
                }
            case .failure(let error):
                try run.report(error)
                guard let error = error as? RecognitionError else { return }
                if error.code == .noFace { tally.without += 1 } else { tally.failed += 1 }
                if output.json { try Console.json(JSONFailure(file.path, error), pretty: false) }
            }
        }
        progress.finish()
        for folder in found.unreadable {
            Console.error("\(folder.printable): The folder cannot be read; what lies in it was left out.")
            run.markBadInput()
        }
        if !output.json {
            let seconds = (ContinuousClock.now - start).milliseconds / 1_000
            print(
                "Gallery \(gallery): \(tally.new) enrolled, \(tally.already) enrolled before, \(tally.without) without a face, \(tally.failed) failed; \(String(format: "%.1f s, %.1f a second", seconds, Double(found.files.count) / max(seconds, 1e-3)))."
            )
        }
        try run.outcome.end()
    }
}

extension JSONEnrolment {
    init(file: PhotographFiles.File, gallery: GalleryName, _ recorded: Recorded<Enrolment>) {
        let enrolment = recorded.outcome
        self.init(
            photograph: file.path, gallery: gallery.rawValue, face: enrolment.face.id.rawValue,
            person: enrolment.face.person, externalID: enrolment.face.externalID, new: enrolment.isNew,
            subject: enrolment.subject.map(JSONSubject.init), record: recorded.receipt.index)
    }
}

/// The photographs behind the paths of a command line.
struct PhotographFiles {
    struct File {
        let path: String
        /// The name of the folder that holds it, below the one that was named; nil for one that lies in it directly.
        let person: String?
        /// Below the folder that was named; the file's name when the file itself was.
        let relativePath: String
    }

    static let endings = ["jpg", "jpeg", "png", "webp", "heic", "heif", "avif", "tif", "tiff", "gif"]

    private(set) var files: [File] = []
    /// Folders that could not be looked into.
    private(set) var unreadable: [String] = []

    /// A file that is named is taken whatever it is called; in folders the ending decides. Hidden files are left out.
    init(_ paths: [String]) throws {
        for path in paths {
            var isFolder: ObjCBool = false
            if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
                // Without the slash that completion leaves behind a folder's name.
                var root = path
                while root.count > 1, root.hasSuffix("/") { root.removeLast() }
                collect(root, below: [])
            } else {
                files.append(File(path: path, person: nil, relativePath: (path as NSString).lastPathComponent))
            }
        }
    }

    /// - Parameter above: the folders on the way here, by their real places: a link may lead round in a circle.
    private mutating func collect(_ root: String, below parts: [String], above: [String] = []) {
        let folder = ([root] + parts).joined(separator: "/")
        let place = URL(fileURLWithPath: folder).resolvingSymlinksInPath().path
        guard !above.contains(place) else { return }
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
            unreadable.append(folder)
            return
        }
        for name in names.sorted() where !name.hasPrefix(".") {
            let path = "\(folder)/\(name)"
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { continue }
            if isFolder.boolValue {
                collect(root, below: parts + [name], above: above + [place])
            } else if Self.endings.contains((name as NSString).pathExtension.lowercased()) {
                files.append(
                    File(path: path, person: parts.last, relativePath: (parts + [name]).joined(separator: "/")))
            }
        }
    }
}
