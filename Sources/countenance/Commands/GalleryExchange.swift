import ArgumentParser
import FaceRecognition
import Foundation
import GalleryExchange
import SQLiteStorage

extension GalleryCommand {
    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write a gallery into a folder, in an open form (Documentation/Export.md).",
            discussion: """
                Encrypted, unless --plain is given: the key is written into a new file beside the folder, for you to send \
                another way than the folder. An export that was interrupted is begun anew by the same command.

                Examples:
                  countenance gallery export staff staff-2026-11
                  countenance gallery export staff staff-plain --plain
                """)
        @Argument(help: "The gallery.", transform: GalleryName.argument) var name: GalleryName
        @Argument(help: .init("The folder to make; it must not be there yet.", valueName: "folder")) var folder: String
        @Flag(help: "Do not encrypt: whoever has the folder has the templates and the names.") var plain = false
        @Option(help: .init("The new file for the key. Default: FOLDER.key.", valueName: "file")) var key: String?
        @OptionGroup var output: OutputOptions
        @OptionGroup var data: DataOptions

        private struct JSONExport: Encodable {
            let gallery: String
            let folder: String
            let faces: Int
            let key: String?
            let record: Int
        }

        func validate() throws {
            if plain, key != nil { throw ValidationError("--plain has no key; leave out one of the two.") }
        }

        func run() async throws {
            let session = try await data.open()
            let permit = try await session.permit(.manage, gallery: name)
            while try await session.purgeSome() > 0 {}
            let description = try await session.store.description(of: name)
            let place = folder.trimmingSuffix("/")
            try GalleryExporter.checkPlace(place)
            let keyFile = plain ? nil : key ?? place + ".key"
            let exportKey = try keyFile.map(ExportKey.make)
            let bar = ProgressBar(total: description.faces, unit: "faces")
            defer { bar.finish() }
            do {
                let exporter = try GalleryExporter(
                    of: description, faces: description.faces, installation: session.store.installation(), to: place,
                    key: exportKey)
                let recorded = try await session.keeper.export(name, permit: permit) { faces in
                    try Task.checkCancellation()
                    try exporter.append(faces)
                    bar.advance(by: faces.count)
                }
                try exporter.finish()
                bar.finish()
                if output.json {
                    try Console.json(
                        JSONExport(
                            gallery: name.rawValue, folder: place, faces: recorded.outcome, key: keyFile,
                            record: recorded.receipt.index))
                } else {
                    print("Exported \(recorded.outcome.faces) of the gallery \(name) to \(place.printable).")
                    if let keyFile { print("The key is in \(keyFile.printable): keep it apart from the export.") }
                }
            } catch {
                // Of no use without the export, and in the way of the next one.
                if let keyFile { unlink(keyFile) }
                throw error
            }
        }
    }

    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add the faces of an export, or of another system's templates of the same model, to a gallery.",
            discussion: """
                The gallery is made when it is not there. Faces that are there already are left as they are: an interrupted \
                import can simply be repeated. Documentation/Export.md says what the folder holds.

                Examples:
                  countenance gallery import staff staff-2026-11
                  countenance gallery import archive embeddings/ --normalise

                Exit codes: 0 done; 3 the folder or one of its rows is bad; what was imported before stays.
                """)
        @Argument(help: "The gallery.", transform: GalleryName.argument) var name: GalleryName
        @Argument(help: .init("The folder.", valueName: "folder"), completion: .directory) var folder: String
        @Option(help: .init("The file with the export's key. Default: FOLDER.key.", valueName: "file")) var key: String?
        @Flag(help: "Let templates that are not of unit length in, normalised.") var normalise = false
        @Option(
            help: .init(
                "Faces in one transaction and one entry of the record, durable together, 1 to 4,096.", valueName: "n"))
        var atOnce = 1_000
        @OptionGroup var output: OutputOptions
        @OptionGroup var data: DataOptions

        func validate() throws {
            guard (1...4_096).contains(atOnce) else { throw ValidationError("--at-once lies between 1 and 4,096.") }
        }

        private struct JSONImport: Encodable {
            let gallery: String
            let imported: Int
            let already: Int
        }

        func run() async throws {
            let place = folder.trimmingSuffix("/")
            let keyFile = key ?? (FileManager.default.fileExists(atPath: place + ".key") ? place + ".key" : nil)
            let session = try await data.open()
            let importer = try GalleryImporter(
                place, as: name, key: keyFile.map(ExportKey.read), normalising: normalise,
                installation: session.store.installation())
            // Which of the faces are there already is told to those only who may enrol.
            _ = try await session.permit(.enrol, gallery: name)
            let there = try await session.store.descriptionIfThere(of: name)
            if let there, there.model != importer.gallery.model || there.dimension != importer.gallery.dimension {
                throw RecognitionError(
                    .modelMismatch,
                    "The gallery \(name) belongs to the model \(there.model) with \(there.dimension) components, \(place.printable) to \(importer.gallery.model.rawValue.printable) with \(importer.gallery.dimension); import it into another gallery."
                )
            }
            let bar = ProgressBar(total: importer.count, unit: "faces")
            defer { bar.finish() }
            var tally = (new: 0, already: 0)
            do {
                while case let lot = try importer.next(atOnce), !lot.isEmpty {
                    try Task.checkCancellation()
                    let new = try session.store.unknown(lot, in: name)
                    if !new.isEmpty || there == nil && tally == (0, 0) {
                        _ = try await session.keeper.enrol(
                            new, in: there ?? importer.gallery, permit: session.permit(.enrol, gallery: name))
                    }
                    tally.new += new.count
                    tally.already += lot.count - new.count
                    bar.advance(by: lot.count)
                }
                if tally.new == 0, there != nil {
                    let permit = try await session.permit(.enrol, gallery: name)
                    _ = try await session.keeper.maintain(
                        "nothing-new", operation: .enrol, gallery: name, permit: permit) {}
                }
            } catch {
                bar.finish()
                if tally.new > 0 { Console.note("\(tally.new.faces) were imported before this, and stay.") }
                throw error
            }
            bar.finish()
            if output.json {
                try Console.json(JSONImport(gallery: name.rawValue, imported: tally.new, already: tally.already))
            } else {
                print("Gallery \(name): \(tally.new) imported, \(tally.already) there before.")
            }
        }
    }
}

extension String {
    fileprivate func trimmingSuffix(_ character: Character) -> String {
        var text = self
        while text.count > 1, text.last == character { text.removeLast() }
        return text
    }
}
