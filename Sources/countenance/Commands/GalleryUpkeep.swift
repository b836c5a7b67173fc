import ArgumentParser
import FaceRecognition
import Foundation
import SQLiteStorage

extension GalleryCommand {
    struct Crop: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write the picture that was kept of a face into a file.",
            discussion: "Galleries that were made with --keep-crops have them.")
        @Argument(help: "The gallery.", transform: GalleryName.argument) var name: GalleryName
        @Argument(help: .init("The face.", valueName: "face-id"), transform: FaceID.argument) var face: FaceID
        @Argument(help: .init("The picture to write, .png or .jpg.", valueName: "file")) var file: String
        @OptionGroup var data: DataOptions

        func validate() throws { try Picture.check(file) }

        func run() async throws {
            try Picture.checkPlace(file)
            let session = try await data.open()
            let permit = try await session.permit(.manage, gallery: name)
            let crop = try await session.keeper.crop(of: face, in: name, permit: permit).outcome
            try Picture(crop.image).write(to: file)
        }
    }

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Look for damage: rows, keys, counts, digests and snapshots.",
            discussion: """
                Every face, name and crop is opened with its key. It may run beside a service that owns the data directory.

                Exit codes: 0 all is well; 5 something is not.
                """)
        @Argument(help: "The gallery; all when it is left out.", transform: GalleryName.argument) var name: GalleryName?
        @OptionGroup var output: OutputOptions
        @OptionGroup var data: DataOptions

        fileprivate struct Finding: Encodable {
            let gallery: String?
            let faces: Int?
            let well: Bool
            let problems: [String]
        }

        func run() async throws {
            let session = try await data.openBesideOwner()
            var findings: [Finding] = []
            let permit = try await session.permit(.manage, gallery: name)
            let galleries = try await session.keeper.maintain("checked", gallery: name, permit: permit) {
                if let name { return [try await session.store.description(of: name)] }
                return try await session.store.galleries().filter { permit.reaches($0.name) }
            }.outcome
            findings.append(Finding(gallery: nil, faces: nil, problemsOf: { try session.store.check() }))
            for gallery in galleries {
                let bar = ProgressBar(total: gallery.faces, unit: "faces of \(gallery.name) checked")
                var problems: [String] = []
                do {
                    problems = try session.store.check(gallery.name) { done, _ in bar.reach(done) }
                } catch let error as RecognitionError { problems = [error.description] }
                bar.finish()
                findings.append(
                    Finding(
                        gallery: gallery.name.rawValue, faces: gallery.faces, well: problems.isEmpty, problems: problems
                    ))
            }
            if output.json {
                try Console.json(findings)
            } else {
                for finding in findings {
                    let what = finding.gallery.map { "gallery \($0)" } ?? "file and record"
                    print(
                        "\(finding.well ? Console.green("well ") : Console.bold("WRONG"))  \(what)\(finding.faces.map { ": \($0.faces)" } ?? "")"
                    )
                    for problem in finding.problems { print("       \(problem)") }
                }
            }
            try (findings.allSatisfy(\.well) ? Outcome.done : .fault).end()
        }
    }

    struct Purge: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Remove the faces that have expired, in all galleries.",
            discussion: """
                No search finds them anyway, from the millisecond they expire; every command that does not work beside the \
                service removes some of them by the way, and the service itself each minute. \
                What is removed, and how much, is recorded.
                """)
        @OptionGroup var output: OutputOptions
        @OptionGroup var data: DataOptions

        func run() async throws {
            let session = try await Session(
                data.directory(), purpose: data.purpose, caseReference: data.caseReference)
            var purged = 0
            while case let some = try await session.purgeSome(), some > 0 { purged += some }
            if output.json { try Console.json(["purged": purged]) } else { print("Purged \(purged.faces).") }
        }
    }
}

extension GalleryCommand.Check.Finding {
    fileprivate init(gallery: String?, faces: Int?, problemsOf check: () throws -> Void) {
        var problems: [String] = []
        do { try check() } catch { problems = [(error as? RecognitionError)?.description ?? "\(error)"] }
        self.init(gallery: gallery, faces: faces, well: problems.isEmpty, problems: problems)
    }
}

extension FaceID {
    static func argument(_ text: String) throws -> FaceID {
        guard let id = FaceID(text) else {
            throw ValidationError("'\(text.printable)' is no face id; `countenance gallery faces` shows them.")
        }
        return id
    }
}

struct Backup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Copy galleries and record into one file, while others go on.",
        discussion: """
            The copy is of one moment, and encrypted as the galleries are. No key is in it: keep copies of master.key and \
            gallery.keys of the data directory in another place than the backups, and replace the copy of gallery.keys \
            whenever a gallery was made or deleted.

            Example:
              countenance backup /mnt/backups/countenance-$(date +%F).backup
            """)
    @Argument(help: .init("The file to make; it must not be there yet.", valueName: "file")) var file: String
    @OptionGroup var output: OutputOptions
    @OptionGroup var data: DataOptions

    func run() async throws {
        let session = try await data.openBesideOwner()
        let start = ContinuousClock.now
        let permit = try await session.permit(.manage)
        let size = fileSize(session.store.path)
        let bar = ProgressBar(total: max(1, size >> 20), unit: "megabytes")
        let watch = Task {
            while !Task.isCancelled {
                bar.reach(fileSize(file + ".part") >> 20)
                try await Task.sleep(for: .milliseconds(200))
            }
        }
        defer {
            watch.cancel()
            bar.finish()
        }
        let recorded = try await session.keeper.maintain("backed-up", permit: permit) {
            try session.store.backUp(to: file)
            return try session.store.contents(ofBackup: file)
        }
        bar.finish()
        let contents = recorded.outcome
        let faces = contents.galleries.reduce(0) { $0 + $1.description.faces }
        if output.json {
            try Console.json(
                JSONBackup(
                    file: file, bytes: fileSize(file), galleries: contents.galleries.count, faces: faces,
                    records: contents.records, record: recorded.receipt.index))
        } else {
            print(
                "Backed up \(contents.galleries.count == 1 ? "1 gallery" : "\(contents.galleries.count) galleries") with \(faces.faces) and \(contents.records) entries of the record: \(file.printable), \(fileSize(file).formatted(.byteCount(style: .file))), \((ContinuousClock.now - start).short)."
            )
        }
    }
}

private struct JSONBackup: Encodable {
    let file: String
    let bytes: Int
    let galleries: Int
    let faces: Int
    let records: Int
    let record: Int
}

private func fileSize(_ path: String) -> Int {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : 0
}

struct Restore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Put the galleries of a backup back, all or none.",
        discussion: """
            A gallery of the backup takes the place of the one of the same name; other galleries stay. What was deleted or \
            forgotten since the backup does not come back, and the record goes on where it is. On a new machine, put \
            master.key and gallery.keys into an empty data directory first.

            Asks on a terminal; without one, --yes is needed where a gallery is replaced.
            """)
    @Argument(help: .init("A file that `countenance backup` made.", valueName: "file"), completion: .file()) var file:
        String
    @Flag(help: "Do not ask.") var yes = false
    @OptionGroup var output: OutputOptions
    @OptionGroup var data: DataOptions

    private struct JSONRestored: Encodable {
        let restored: [String]
        let leftOut: [String]
        let record: Int
    }

    func run() async throws {
        let session = try await data.openBesideOwner()
        let contents = try session.store.contents(ofBackup: file)
        let here = try await session.store.galleries()
        let restored = contents.galleries.filter(\.canBeRead).map(\.description)
        let leftOut = contents.galleries.filter { !$0.canBeRead }.map(\.description)
        let replaced = restored.filter { one in here.contains { $0.name == one.name } }
        for gallery in leftOut {
            Console.note(
                "The gallery \(gallery.name) of the backup was deleted since, and its key destroyed; it is left out.")
        }
        if !yes, !replaced.isEmpty {
            let names = replaced.map(\.name.rawValue).joined(separator: ", ")
            guard isatty(STDIN_FILENO) == 1 else {
                throw ValidationError("Restoring replaces \(names); say --yes where nobody can be asked.")
            }
            FileHandle.standardError.write(
                Data("Restoring replaces \(names) by what they were then. Type yes: ".utf8))
            Interruption.endsAtOnce()
            guard readLine() == "yes" else {
                Console.note("Not restored.")
                throw Outcome.nothingFound
            }
        }
        // What somebody may not look after, they may not put back either.
        for gallery in restored { _ = try await session.permit(.manage, gallery: gallery.name) }
        let recorded = try await session.keeper.restore(from: file, permit: session.permit(.manage))
        if output.json {
            try Console.json(
                JSONRestored(
                    restored: restored.map(\.name.rawValue), leftOut: leftOut.map(\.name.rawValue),
                    record: recorded.receipt.index))
        } else {
            for gallery in restored { print("Restored the gallery \(gallery.name).") }
            if restored.isEmpty { print("There was no gallery to restore.") }
        }
    }
}

struct MasterKeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "master-key", abstract: "Look at the key that seals the galleries' keys, or change it.",
        discussion: """
            It is in master.key in the data directory, or in base64 in the environment variable COUNTENANCE_MASTER_KEY. \
            Rotating it writes gallery.keys anew and touches no gallery. Where the key comes from the environment, the new \
            one is read from COUNTENANCE_NEW_MASTER_KEY; give it to the service under the old name afterwards.

            Examples:
              countenance master-key show
              countenance master-key rotate
            """, subcommands: [Show.self, Rotate.self])

    private struct JSONMasterKey: Encodable {
        let name: String
        let place: String
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The key's name, which does not give it away, and where it is.")
        @OptionGroup var output: OutputOptions
        @OptionGroup var data: DataOptions

        func run() async throws {
            let session = try await data.open()
            let key = try await session.keeper.maintain("master-key-shown", permit: session.permit(.manage)) {
                try session.store.masterKey()
            }.outcome
            if output.json {
                try Console.json(JSONMasterKey(name: key.name, place: key.place))
            } else {
                print("\(key.name)  \(key.place)")
            }
        }
    }

    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Seal the galleries' keys under a new master key.")
        @OptionGroup var output: OutputOptions
        @OptionGroup var data: DataOptions

        func run() async throws {
            let session = try await data.open()
            let key = try await session.keeper.maintain("master-key-rotated", permit: session.permit(.manage)) {
                try session.store.rotateMasterKey(to: "COUNTENANCE_NEW_MASTER_KEY")
                return try session.store.masterKey()
            }.outcome
            if output.json {
                try Console.json(JSONMasterKey(name: key.name, place: key.place))
            } else {
                print("The master key is now \(key.name); replace your copies of it and of gallery.keys.")
            }
        }
    }
}
