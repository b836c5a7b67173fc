import ArgumentParser
import FaceRecognition
import Foundation
import SQLiteStorage
import TransparencyLog

extension RecordCommand {
    struct Sign: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "checkpoint",
            abstract: "Sign and print what the record is now: how many entries, and the root over them.",
            discussion: """
                A short text in the form of C2SP's checkpoints. Give it to somebody, or keep it where nobody of this \
                machine can write: it finds every later change of what it covers.

                Nothing is signed for a record that was cut off or changed since the last checkpoint.

                Examples:
                  countenance record checkpoint
                  countenance record checkpoint --public-key
                """)
        @Flag(help: "Print the public key instead, which `record verify` and others' tools take.") var publicKey = false
        @OptionGroup var output: OutputOptions
        @OptionGroup var data: DataOptions

        private struct JSONCheckpoint: Encodable {
            let log: String
            let size: Int
            let root: String
            let publicKey: String
            let checkpoint: String
        }

        func run() async throws {
            let store = try await data.recordBesideOwner()
            let key = try store.recordKey()
            if publicKey, !output.json { return print(key) }
            let (checkpoint, note) = try store.signedCheckpoint()
            if output.json {
                try Console.json(
                    JSONCheckpoint(
                        log: checkpoint.origin, size: checkpoint.size, root: checkpoint.root.description,
                        publicKey: key.description, checkpoint: note))
            } else {
                print(note, terminator: "")
            }
        }
    }

    struct Prove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print a proof that an entry is in the record.",
            discussion: """
                In the form of C2SP's tlog-proof: the hashes from the entry to the root, and a signed checkpoint. With \
                the entry's bytes (`record show INDEX --bytes`) and the public key anybody can check it without the \
                record.

                Example:
                  countenance record prove 120 > 120.tlog-proof
                """)
        @Argument(help: "Counted from 0.") var index: Int
        @OptionGroup var data: DataOptions

        func run() async throws {
            let store = try await data.recordBesideOwner()
            let (checkpoint, note) = try store.signedCheckpoint()
            let path = try store.recordContents().tree.inclusionProof(of: index, inFirst: checkpoint.size)
            print(InclusionProof(index: index, path: path, checkpoint: note).text, terminator: "")
        }
    }

    struct Consistency: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print a proof that the record goes on from an earlier state of its own.",
            discussion: """
                In the form in which a witness is sent a checkpoint (C2SP's tlog-witness): the earlier size, the \
                hashes, and the later checkpoint, signed.

                Examples:
                  countenance record consistency 120
                  countenance record consistency monday.checkpoint friday.checkpoint
                """)
        @Argument(help: .init("The earlier state: a number of entries, or a file with a checkpoint.", valueName: "old"))
        var old: String
        @Argument(help: .init("The later one; now, when it is left out.", valueName: "new")) var new: String?
        @OptionGroup var data: DataOptions

        func run() async throws {
            let store = try await data.recordBesideOwner(), tree = try store.recordContents().tree
            let key = try store.recordKey()
            let from = try size(old, tree, key)
            // As the record was when it was read: a service may add to it meanwhile.
            let later = try new.map { try size($0, tree, key) } ?? tree.size
            let (checkpoint, note) = try store.signedCheckpoint(size: later)
            let path = try tree.consistencyProof(from: from, to: checkpoint.size)
            print(ConsistencyProof(old: from, path: path, checkpoint: note).text, terminator: "")
        }

        /// - Throws: `LogError` when a checkpoint does not agree with the record.
        private func size(_ text: String, _ tree: HashTree, _ key: NoteKey) throws -> Int {
            if let size = Int(text) { return size }
            let known = try Checkpoint(file: text, key: key)
            guard known.size <= tree.size else {
                throw LogError(
                    .cutOff, at: tree.size,
                    "The record has \(tree.size) entries, and \(text.printable) is over \(known.size): entries were cut off, or this is a copy from before."
                )
            }
            guard try tree.root(ofFirst: known.size) == known.root else {
                throw LogError(
                    .changed,
                    "The first \(known.size) entries are not those of \(text.printable): the record does not go on from there; run `countenance record verify`."
                )
            }
            return known.size
        }
    }

    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Write the record into a folder of static files, as others' tools read it; run again, what is new.",
            discussion: """
                Tiles of hashes, bundles of entries, `checkpoint` and `public-key`, in the form of C2SP's tlog-tiles: \
                any web server can publish the folder, and any tool for such logs can check it. Entries tell who \
                searched whom's gallery, when and why; --hashes-only leaves them out and keeps every proof possible.

                A folder of another log, or one that holds more or other entries than the record, is left as it is.

                Examples:
                  countenance record export /srv/record
                  countenance record export --hashes-only /srv/public
                """)
        @Argument(
            help: .init("The folder; it is made when it is not there.", valueName: "folder"), completion: .directory)
        var folder: String
        @Flag(help: "Leave the entries out: for the public.") var hashesOnly = false
        @OptionGroup var output: OutputOptions
        @OptionGroup var data: DataOptions

        private struct JSONExport: Encodable {
            let folder: String
            let entries: Int
            let new: Int
            let root: String
            let record: Int
        }

        func run() async throws {
            let session = try await data.openBesideOwner(), store = session.store
            let bar = ProgressBar(total: try store.entryCount() / 128, unit: "files written")
            defer { bar.finish() }
            // Its own entry comes with the next run.
            let done = try await session.auditor.look("exported", permit: session.permit(.inspect)) {
                let (checkpoint, note) = try store.signedCheckpoint()
                let all = try store.recordContents()
                let contents = LogContents(size: checkpoint.size, bundle: all.bundle, hashes: all.hashes)
                let before = try TileFolder(folder).export(
                    contents, checkpoint: note, key: try store.recordKey(), entries: !hashesOnly
                ) { done, _ in bar.reach(done) }
                return (checkpoint, before)
            }
            bar.finish()
            let (checkpoint, before) = done.outcome
            if output.json {
                try Console.json(
                    JSONExport(
                        folder: folder, entries: checkpoint.size, new: checkpoint.size - before,
                        root: checkpoint.root.description, record: done.receipt.index))
            } else {
                print("\(folder.printable) holds \(checkpoint.size) entries, \(checkpoint.size - before) of them new.")
            }
        }
    }
}
