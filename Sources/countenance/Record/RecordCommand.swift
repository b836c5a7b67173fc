import ArgumentParser
import FaceRecognition
import Foundation
import SQLiteStorage
import TransparencyLog

struct RecordCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "record", abstract: "Look into the record, publish it, and check that nobody has changed it.",
        discussion: """
            Every request leaves an entry, permitted or refused. The entries are the leaves of a Merkle tree (RFC \
            6962), and checkpoints are signed (C2SP signed notes): who keeps one of them elsewhere finds every later \
            change of what it covers. Keep one outside this machine every day.

            `list`, `show`, `about` and `export` show what was asked, so they pass the gate as the operation `inspect` \
            and leave entries themselves. The others give away hashes only. All of them work while the service runs.

            Examples:
              countenance record checkpoint > /mnt/elsewhere/$(date +%F).checkpoint
              countenance record verify --checkpoint /mnt/elsewhere/2026-11-26.checkpoint
              countenance record list --of-purpose missing-child --from 2026-11-01
              countenance record export /srv/record

            Exit codes: 0 done; 1 nothing of that kind; 3 the record does not fit, or a bad value; 4 refused; 5 a \
            fault of ours.
            """,
        subcommands: [
            List.self, Show.self, About.self, Verify.self, Sign.self, Prove.self, Consistency.self, Export.self,
        ])
}

extension DataOptions {
    /// The store, beside a service that may own it, for what touches hashes and signatures only: no gate is passed. A
    /// directory that is not there is not made.
    func recordBesideOwner() async throws -> SQLiteStore {
        guard FileManager.default.fileExists(atPath: folder.appendingPathComponent("lock").path) else {
            throw RecognitionError(
                .unreadableFile,
                "There is no data directory of Countenance at \(folder.path.printable); name one with --data.")
        }
        return try await SQLiteStore.open(in: DataDirectory.openBesideOwner(at: folder.path))
    }
}

extension Session {
    var auditor: Auditor { Auditor(galleries: store, records: store) }
}

/// An entry as `record list --json` and its like print it.
struct JSONRecordEntry: Encodable {
    let index: Int
    /// 64 hexadecimal digits.
    let leafHash: String?
    let entry: Record
    /// The bytes that are hashed, in base64.
    let bytes: String?

    init(index: Int, entry: Record, leafHash: Data? = nil, bytes: Data? = nil) {
        self.index = index
        self.entry = entry
        self.leafHash = leafHash?.hexadecimal
        self.bytes = bytes?.base64EncodedString()
    }
}

extension Record {
    /// For people: one line.
    var line: String {
        let what = "\(operation.rawValue)\(gallery.map { " \($0)" } ?? "")"
        let came = decision == .refused ? "refused (\(rule.printable))" : outcome.printable
        let part = part.map { ", part \($0) of \(parts ?? $0)" } ?? ""
        return
            "\(time.formatted(.iso8601))  \(organisation.printable)  \(purpose?.printable ?? "-")  \(what)  \(came)\(part)"
    }
}
