import ArgumentParser
import FaceRecognition
import Foundation
import SQLiteStorage
import TransparencyLog

extension RecordCommand {
    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Compute the record's tree anew, and compare it with its hashes and with checkpoints.",
            discussion: """
                Needs hashes, entries and a public key, all of which an outsider can have: with --from-export no data \
                directory is looked at. Names the first entry that does not fit, and what is wrong with it.

                Whoever can write the data directory can make every hash in it anew. What nobody can do is to make \
                them fit a checkpoint that was taken away before: so give one with --checkpoint, and the key with \
                --public-key as you have had it before. Without --public-key the installation's own is taken, or the \
                one in the folder.

                Examples:
                  countenance record verify --checkpoint monday.checkpoint --checkpoint friday.checkpoint
                  countenance record verify --from-export /srv/record --public-key "$(cat key.txt)"

                Exit codes: 0 all of it fits; 3 something does not, or a bad value; 5 a fault of ours.
                """)
        @Option(
            help: .init(
                "Check this folder, which `record export` has made, and no data directory.", valueName: "folder"),
            completion: .directory)
        var fromExport: String?
        @Option(
            help: .init("A checkpoint that the record must agree with; may be given several times.", valueName: "file"),
            completion: .file())
        var checkpoint: [String] = []
        @Option(help: .init("The log's public key, as `record checkpoint --public-key` prints it.", valueName: "key"))
        var publicKey: String?
        @OptionGroup var output: OutputOptions
        @OptionGroup var data: DataOptions

        private struct JSONVerification: Encodable {
            let fits: Bool
            let log: String?
            let entries: Int?
            /// Hexadecimal.
            let root: String?
            /// Sizes of the checkpoints it was compared with.
            let checkpoints: [Int]
            let publicKey: String?
            /// Whether the entries were read, and not their hashes alone; nil where it did not come to that.
            let entriesRead: Bool?
            /// Why not: a word, the entry, and a sentence.
            let problem: String?
            let entry: Int?
            let message: String?
        }

        func run() async throws {
            var key: NoteKey?, size: Int?, expected: [LogVerifier.Expected] = []
            do {
                key = try publicKey.map { try NoteKey($0) }
                let (contents, found) =
                    if let fromExport { try export(TileFolder(fromExport), key, &expected) } else {
                        try own(await data.recordBesideOwner(), key, &expected)
                    }
                key = found
                size = contents.size
                for file in checkpoint { expected.append(try read(file, key)) }
                let bar = ProgressBar(total: contents.size, unit: "entries verified")
                defer { bar.finish() }
                let root = try LogVerifier.verify(contents, against: expected) { bar.reach($0) }
                bar.finish()
                report(contents.size, root, key, expected)
                if output.json {
                    try Console.json(
                        JSONVerification(
                            fits: true, log: key?.name, entries: size, root: root.description,
                            checkpoints: expected.map(\.checkpoint.size), publicKey: key?.description,
                            entriesRead: hasEntries, problem: nil, entry: nil, message: nil))
                }
            } catch {
                guard output.json else { throw error }
                let problem: (word: String, entry: Int?, message: String)
                switch error {
                case let error as LogError: problem = (error.code.rawValue, error.index, error.message)
                case let error as RecognitionError: problem = (error.code.rawValue, nil, error.message)
                default: throw error
                }
                try Console.json(
                    JSONVerification(
                        fits: false, log: key?.name, entries: size, root: nil,
                        checkpoints: expected.map(\.checkpoint.size), publicKey: key?.description, entriesRead: nil,
                        problem: problem.word, entry: problem.entry, message: problem.message))
                throw error is LogError ? Outcome.badInput as any Error : error
            }
        }

        private var hasEntries: Bool { fromExport.map { TileFolder($0).hasEntries } ?? true }

        private func report(_ size: Int, _ root: TreeHash, _ key: NoteKey?, _ expected: [LogVerifier.Expected]) {
            if !output.json {
                print("\(Console.green("Fits")): \(size) entries, root \(root).")
                for one in expected.sorted(by: { $0.checkpoint.size < $1.checkpoint.size }) {
                    print("Agrees with \(one.source.printable), over \(one.checkpoint.size).")
                }
            }
            if !hasEntries {
                Console.note("The folder holds hashes alone: of the entries themselves nothing was read.")
            }
            if checkpoint.isEmpty {
                Console.note(
                    "No checkpoint from elsewhere was given: whoever can write these files could have made them all anew."
                )
            }
            if publicKey == nil, fromExport != nil, let key {
                Console.note("The public key is the folder's own; compare it with the one you know: \(key)")
            }
        }

        private func export(
            _ folder: TileFolder, _ known: NoteKey?, _ expected: inout [LogVerifier.Expected]
        ) throws -> (LogContents, NoteKey) {
            guard let note = try folder.checkpoint() else {
                throw LogError(
                    .unusable,
                    "\(folder.path.printable) holds no checkpoint; name a folder that `countenance record export` has made."
                )
            }
            guard let key = try known ?? folder.publicKey() else {
                throw LogError(
                    .unusable, "\(folder.path.printable) holds no public key; give the one you know with --public-key.")
            }
            let latest = try Checkpoint(note: note, key: key)
            expected.append(.init(latest, from: "the folder's checkpoint"))
            return (folder.contents(size: latest.size), key)
        }

        private func own(
            _ store: SQLiteStore, _ known: NoteKey?, _ expected: inout [LogVerifier.Expected]
        ) throws -> (LogContents, NoteKey) {
            let own = Result { try store.recordKey() }
            let key = try known ?? own.get()
            if let known, let own = try? own.get(), own != known {
                throw LogError(
                    .otherKey, "This record's public key is another, \(own); compare it with the one that was given.")
            }
            if let note = try store.lastCheckpoint() {
                expected.append(
                    .init(try Checkpoint(note: note, key: key), from: "the last checkpoint that was signed here"))
            }
            return (try store.recordContents(), key)
        }

        private func read(_ file: String, _ key: NoteKey?) throws -> LogVerifier.Expected {
            guard let key else { throw LogError(.unusable, "No public key is known; give it with --public-key.") }
            return .init(try Checkpoint(file: file, key: key), from: "the checkpoint \(file.printable)")
        }
    }
}

extension Checkpoint {
    /// Reads a signed checkpoint from a file.
    /// - Throws: `LogError`, `RecognitionError`; the messages name the file.
    init(file: String, key: NoteKey) throws {
        let text = try String.noteFile(file)
        do { try self.init(note: text, key: key) } catch let error as LogError {
            throw LogError(error.code, "\(file.printable): \(error.message)")
        }
    }
}

extension String {
    /// A small text file.
    static func noteFile(_ file: String) throws -> String {
        do {
            let bytes = try RegularFile.contents(file, limit: SignedNote.limit, remedy: "a checkpoint is a short text")
            return String(decoding: bytes, as: UTF8.self)
        } catch let error as RecognitionError {
            throw RecognitionError(error.code, "\(file.printable): \(error.message)", detail: error.detail)
        }
    }
}
