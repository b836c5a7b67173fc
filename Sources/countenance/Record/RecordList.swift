import ArgumentParser
import FaceRecognition
import Foundation
import SQLiteStorage

extension RecordCommand {
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Entries of the record, the oldest first; with --json one line for each.",
            discussion: """
                Without --all the last ones that fit, as many as --limit says.

                Exit codes: 0 done; 1 there is none.
                """)
        @OptionGroup var filter: Filter
        @Option(help: .init("At most so many: the last ones.", valueName: "n")) var limit = 50
        @Flag(help: "All of them.") var all = false
        @OptionGroup var output: OutputOptions
        @OptionGroup var data: DataOptions

        func validate() throws {
            guard limit > 0 else { throw ValidationError("--limit is above 0.") }
        }

        func run() async throws {
            let session = try await data.openBesideOwner()
            let found = try await session.auditor.look("listed", permit: session.permit(.inspect)) {
                try session.store.entries(where: filter.includes, last: all ? nil : limit)
            }.outcome
            for (index, record) in found {
                if output.json {
                    try Console.json(JSONRecordEntry(index: index, entry: record), pretty: false)
                } else {
                    print("\(index)  \(record.line)")
                }
            }
            if found.isEmpty, !output.json { Console.note("There is no such entry in the record.") }
            try (found.isEmpty ? Outcome.nothingFound : .done).end()
        }
    }

    /// Which entries are meant.
    struct Filter: ParsableArguments {
        @Option(help: .init("Only this organisation's.", valueName: "id")) var organisation: String?
        @Option(help: .init("Only for this purpose; --purpose says what you look for yourself.", valueName: "purpose"))
        var ofPurpose: String?
        @Option(help: .init("Only of this case.", valueName: "reference")) var ofCase: String?
        @Option(
            help: .init("Only of this operation: \(GatedOperation.names).", valueName: "operation"),
            transform: GatedOperation.argument)
        var operation: GatedOperation?
        @Option(
            help: .init("Only permitted or only refused ones.", valueName: "decision"),
            transform: Record.Decision.argument)
        var decision: Record.Decision?
        @Option(help: .init("Only from this time on (UTC).", valueName: "time"), transform: Date.argument) var from:
            Date?
        @Option(help: .init("Only before this time (UTC).", valueName: "time"), transform: Date.argument) var to: Date?

        func includes(_ record: Record) -> Bool {
            (organisation == nil || record.organisation == organisation)
                && (ofPurpose == nil || record.purpose == ofPurpose)
                && (ofCase == nil || record.caseReference == ofCase)
                && (operation == nil || record.operation == operation)
                && (decision == nil || record.decision == decision)
                && (from.map { record.time >= $0 } ?? true) && (to.map { record.time < $0 } ?? true)
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "One entry, with all that it says, and its hash.",
            discussion: """
                With --bytes its bytes, exactly as they are hashed, and nothing else: what a proof of `record prove` \
                is about.

                Examples:
                  countenance record show 120
                  countenance record show 120 --bytes > 120.entry
                """)
        @Argument(help: "Counted from 0.") var index: Int
        @Flag(help: "The entry's bytes as they are kept, without an end of line.") var bytes = false
        @OptionGroup var output: OutputOptions
        @OptionGroup var data: DataOptions

        func run() async throws {
            let session = try await data.openBesideOwner()
            let found = try await session.auditor.look("shown", permit: session.permit(.inspect)) {
                guard let kept = try session.store.entry(index) else {
                    throw RecognitionError(
                        .invalidValue,
                        "The record has no entry \(index); it has \(try session.store.entryCount()), counted from 0."
                    )
                }
                return kept
            }.outcome
            if bytes { return FileHandle.standardOutput.write(found.bytes) }
            guard let record = try? Record(encoded: found.bytes) else {
                throw RecognitionError(
                    .storageCorrupt,
                    "Entry \(index) cannot be read; run `countenance record verify`, and restore a backup.")
            }
            let entry = JSONRecordEntry(index: index, entry: record, leafHash: found.leafHash, bytes: found.bytes)
            if output.json { return try Console.json(entry) }
            print("Entry \(index)  \(record.line)")
            print("Leaf hash  \(entry.leafHash ?? "")")
            try Console.json(record)
        }
    }

    struct About: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Every entry in which a face was enrolled, found, joined with a person, or forgotten.",
            discussion: """
                Answers who asks: was I searched for? A candidate is somebody who resembled, which is not to say that \
                it was them. Faces that were searched and not found leave no trace in the record, so it can't be told \
                how often a gallery was searched in which the face lay; `record list --operation identify` tells the \
                gallery's searches.

                Exit codes: 0 done; 1 there is none.
                """)
        @Argument(help: .init("The face.", valueName: "face-id"), transform: FaceID.argument) var face: FaceID
        @OptionGroup var output: OutputOptions
        @OptionGroup var data: DataOptions

        private struct JSONMention: Encodable {
            let index: Int
            let role: [String]
            let similarity: Double?
            let entry: Record
        }

        func run() async throws {
            let session = try await data.openBesideOwner()
            let found = try await session.auditor.look("searched-for-a-face", permit: session.permit(.inspect)) {
                try session.store.records(naming: face)
            }.outcome.filter { !$0.record.roles(of: face).isEmpty }
            for (index, record) in found {
                let roles = record.roles(of: face)
                let similarity = record.candidates?.first { $0.face == face }?.similarity
                if output.json {
                    try Console.json(
                        JSONMention(index: index, role: roles, similarity: similarity?.value, entry: record),
                        pretty: false)
                } else {
                    let how =
                        roles.joined(separator: ", ")
                        + (similarity.map { ", similarity \($0)" } ?? "")
                    print("\(index)  \(how)  \(record.line)")
                }
            }
            try (found.isEmpty ? Outcome.nothingFound : .done).end()
        }
    }
}

extension Record {
    /// What a face is in this entry, in words.
    fileprivate func roles(of face: FaceID) -> [String] {
        var roles: [String] = []
        if candidates?.contains(where: { $0.face == face }) ?? false { roles.append("candidate") }
        for (name, faces) in [("enrolled", enrolled), ("forgotten", forgotten), ("joined", joined), ("left", left)]
        where faces?.contains(face) ?? false { roles.append(name) }
        return roles
    }
}

extension SQLiteStore {
    /// The entries that fit, in order.
    /// - Parameter count: only the last ones; nil for all.
    func entries(where fits: (Record) -> Bool, last count: Int?) throws -> [(index: Int, record: Record)] {
        let size = try entryCount(), bar = ProgressBar(total: size, unit: "entries read")
        defer { bar.finish() }
        var found: [(index: Int, record: Record)] = [], end = size
        // From the end, so that the last ones are found without reading everything.
        while end > 0, found.count < count ?? .max {
            let start = max(0, end - 1_024)
            found += try records(from: start, count: end - start).reversed().filter { fits($0.record) }
            bar.advance(by: end - start)
            end = start
        }
        return found.prefix(count ?? .max).reversed()
    }
}

extension GatedOperation {
    fileprivate static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }

    fileprivate static func argument(_ text: String) throws -> GatedOperation {
        guard let operation = GatedOperation(rawValue: text) else {
            throw ValidationError("'\(text.printable)' is no operation; they are \(names).")
        }
        return operation
    }
}

extension Record.Decision {
    fileprivate static func argument(_ text: String) throws -> Record.Decision {
        guard let decision = Record.Decision(rawValue: text) else {
            throw ValidationError("A decision is permitted or refused; '\(text.printable)' is neither.")
        }
        return decision
    }
}
