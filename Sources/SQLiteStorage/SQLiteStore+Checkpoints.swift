import Crypto
import FaceRecognition
import Foundation
import GRDB
package import TransparencyLog

// The record as a transparency log: hashes and signatures, no look at what the entries say.
extension SQLiteStore {
    /// The log's public key, whose name is the log's: `countenance/record/` and the installation's name. Blocks.
    /// - Throws: `.keyMissing`.
    package func recordKey() throws -> NoteKey { try recordSigner().key }

    /// The key that signs checkpoints: derived from the installation's own, which lies in `gallery.keys` under the
    /// master key. So no copy of it can be forgotten, and no rotation changes the log's identity.
    private func recordSigner() throws -> NoteSigner {
        let name = "countenance/record/\(try keys.ring().installation.uuidString.lowercased())"
        return try NoteSigner(name: name, seed: key(for: "record checkpoint key"))
    }

    /// The record as it is now, to be checked or published. Each bundle is read by itself, so that nobody waits; what
    /// is added meanwhile is not seen. Blocks.
    package func recordContents() throws -> LogContents {
        LogContents(size: try reading { try $0.recordCount() }) { [self] number in
            try reading { try $0.bundle(number) }
        } hashes: { [self] level, range in
            try reading { try $0.treeHashes(level: level, range) }
        }
    }

    /// Signs what the record is now, or was at an earlier size. Blocks; cost: reads at most 256 hashes a level.
    ///
    /// The last that was signed is kept: a record that does not go on from it is not signed for.
    /// - Throws: `LogError`: `.outOfRange` for a size the record does not have; `.cutOff` and `.changed` when it was
    ///   set back or changed since the last checkpoint. `.keyMissing`; as every change.
    package func signedCheckpoint(size: Int? = nil) throws -> (checkpoint: Checkpoint, note: String) {
        let signer = try recordSigner()
        return try onConnection { db in
            try db.inOneTransaction {
                let tree = try db.recordContents().tree
                if let last = try Row.fetchOne(db, sql: "SELECT size, root FROM record_checkpoint") {
                    try Self.mustGoOn(
                        tree, size: last.value(0) ?? 0, root: (last.value(1) as Data?).flatMap(TreeHash.init))
                }
                let checkpoint = Checkpoint(
                    origin: signer.key.name, size: size ?? tree.size, root: try tree.root(ofFirst: size))
                let note = try signer.sign(checkpoint.text)
                try db.execute(
                    sql: """
                        INSERT INTO record_checkpoint (id, size, root, note) VALUES (0, :size, :root, :note)
                        ON CONFLICT (id) DO UPDATE SET size = :size, root = :root, note = :note WHERE size < :size
                        """, arguments: ["size": checkpoint.size, "root": checkpoint.root.bytes, "note": note])
                return (checkpoint, note)
            }
        }
    }

    private static func mustGoOn(_ tree: HashTree, size: Int, root: TreeHash?) throws {
        guard size <= tree.size else {
            throw LogError(
                .cutOff, at: tree.size,
                "The record has \(tree.size) entries, and a checkpoint over \(size) was signed: entries were cut off, so no other checkpoint is signed."
            )
        }
        guard try tree.root(ofFirst: size) == root else {
            throw LogError(
                .changed,
                "The first \(size) entries of the record are not those of the checkpoint that was signed over them, so no other is signed; run `countenance record verify`."
            )
        }
    }

    /// The last checkpoint that was signed here; nil when there was none. Blocks.
    package func lastCheckpoint() throws -> String? {
        try onConnection { try String.fetchOne($0, sql: "SELECT note FROM record_checkpoint") }
    }
}
