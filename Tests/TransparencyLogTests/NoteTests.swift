import Foundation
import Testing

@testable import TransparencyLog

@Suite("Signed notes, checkpoints and proofs as text") struct NoteTests {
    /// The example of Go's golang.org/x/mod/sumdb/note, which c2sp.org/signed-note comes from.
    private enum Published {
        static let key = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
        static let text =
            "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
        static let note =
            "\(text)\n\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
        /// The same package's private key, without the algorithm's byte.
        static let seed = Data(base64Encoded: "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")!.dropFirst()
    }

    private let signer = try! NoteSigner(name: "example.org/log", seed: Data(repeating: 7, count: 32))

    @Test("Go's example is read and verified, and its private key has its public key") func published() throws {
        let key = try NoteKey(Published.key), note = try SignedNote(Published.note)
        try note.verify(with: key)
        #expect(note.text == Published.text)
        #expect(key.description == Published.key)
        let signer = try NoteSigner(name: "PeterNeumann", seed: Published.seed)
        #expect(signer.key == key)
        try SignedNote(signer.sign(Published.text)).verify(with: key)
    }

    @Test("A public key of which a piece is missing, or one character is another, is refused") func mangledKeys() throws
    {
        let key = Array(Published.key)
        for start in key.indices {
            for end in (start + 1)...key.count where (start, end) != (0, key.count) {
                #expect(throws: LogError.self) { try NoteKey(String(key[start..<end])) }
            }
        }
        for i in key.indices {
            var other = key
            other[i] = Character(UnicodeScalar(key[i].asciiValue! + 1))
            #expect(throws: LogError.self, "\(i)") { try NoteKey(String(other)) }
        }
        #expect(throws: LogError.self) { try NoteSigner(name: "with space", seed: Data(count: 32)) }
        #expect(throws: LogError.self) { try NoteSigner(name: "plus+", seed: Data(count: 32)) }
        #expect(throws: LogError.self) { try NoteSigner(name: "short", seed: Data(count: 31)) }
    }

    @Test("A note with any byte changed, or cut off anywhere, is trusted for no other text") func mangledNotes() throws
    {
        let key = try NoteKey(Published.key), note = Data(Published.note.utf8)
        func isTrusted(_ bytes: Data) -> Bool {
            guard let text = String(data: bytes, encoding: .utf8), let note = try? SignedNote(text),
                (try? note.verify(with: key)) != nil
            else { return false }
            // Signatures by others may stand beside it.
            return note.text != Published.text
        }
        for i in note.indices {
            for bit in 0..<8 {
                var other = note
                other[i] ^= 1 << bit
                #expect(!isTrusted(other), "byte \(i), bit \(bit)")
            }
            #expect(!isTrusted(note.prefix(i)))
        }
    }

    @Test(
        "A note's form is checked",
        arguments: [
            "", "\n", "text\n", "text\n\n", "text\n\n\u{2014} name\n", "text\n\n- name AAAAAAA=\n",
            "text\n\n\u{2014} name AAAA\n",
            "text\n\n\u{2014} na+me AAAAAAAA\n", "text\n\n\u{2014} name AAAAAAAA",
            "te\u{1}xt\n\n\u{2014} name AAAAAAAA\n",
            "text\r\n\r\n\u{2014} name AAAAAAAA\r\n", "text\n\n\u{2014} name AAAAAAAA\nmore\n",
            String(repeating: "x", count: 1 << 20) + "\n\n\u{2014} name AAAAAAAA\n",
        ]) func form(text: String)
    {
        #expect(throws: LogError.self) { try SignedNote(text) }
    }

    @Test("Signatures of others beside the log's are ignored; one in its name that is wrong is not") func several()
        throws
    {
        let checkpoint = Checkpoint(origin: "example.org/log", size: 3, root: .empty)
        let note = try signer.sign(checkpoint.text)
        let witness = try NoteSigner(name: "witness.example", seed: Data(repeating: 9, count: 32))
        let line = try #require(witness.sign(checkpoint.text).split(separator: "\n").last)
        #expect(try Checkpoint(note: "\(note)\(line)\n", key: signer.key) == checkpoint)
        let forged = Data(signer.key.id) + Data(repeating: 1, count: 64)
        #expect(throws: LogError.self) {
            try Checkpoint(note: note + "\u{2014} example.org/log \(forged.base64EncodedString())\n", key: signer.key)
        }
    }

    @Test("A checkpoint of another log, by another key, or changed is refused with what is wrong") func untrusted()
        throws
    {
        let checkpoint = Checkpoint(origin: "example.org/log", size: 42, root: .leaf(Data()))
        let note = try signer.sign(checkpoint.text)
        #expect(try Checkpoint(note: note, key: signer.key) == checkpoint)
        func code(_ note: String, _ key: NoteKey) -> LogError.Code? {
            do { _ = try Checkpoint(note: note, key: key) } catch { return (error as? LogError)?.code }
            return nil
        }
        let elsewhere = try NoteSigner(name: "example.org/other", seed: Data(repeating: 7, count: 32))
        let newKey = try NoteSigner(name: "example.org/log", seed: Data(repeating: 8, count: 32))
        #expect(code(note, elsewhere.key) == .otherLog)
        #expect(code(note, newKey.key) == .otherKey)
        #expect(code(note.replacingOccurrences(of: "\n42\n", with: "\n43\n"), signer.key) == .changed)
        // A log's key does not make another log's checkpoint its own.
        #expect(
            code(try signer.sign(Checkpoint(origin: "example.org/other", size: 1, root: .empty).text), signer.key)
                == .otherLog)
    }

    @Test(
        "A checkpoint's form is checked",
        arguments: [
            "o\n1\n", "o\n01\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
            "o\n-1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
            "o\n1\n47DEQpj8HBSa\n", "\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
            "o\n99999999999999999999\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
            "o\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
            "o\n+1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        ]) func checkpointForm(text: String)
    {
        #expect(throws: LogError.self) { try Checkpoint(text: text) }
    }

    @Test("A checkpoint with lines that extend it is read") func extended() throws {
        let text = Checkpoint(origin: "o", size: 0, root: .empty).text
        #expect(try Checkpoint(text: text + "extension\n") == Checkpoint(text: text))
    }

    @Test("Proofs come back from their text, and an inclusion proof is checked from it alone") func proofs() throws {
        let entries = MemoryLog.entries(300), log = MemoryLog(entries)
        let note = try signer.sign(log.checkpoint().text)
        let proof = InclusionProof(index: 257, path: try log.contents.tree.inclusionProof(of: 257), checkpoint: note)
        let read = try InclusionProof(proof.text)
        #expect(read == proof)
        #expect(try read.verify(entries[257], key: signer.key) == log.checkpoint())
        #expect(throws: LogError.self) { try read.verify(entries[256], key: signer.key) }
        let extra = proof.text.replacingOccurrences(of: "@v1\n", with: "@v1\nextra AAAA\n")
        #expect(try InclusionProof(extra) == proof)
        for bad in [
            "", proof.text.replacingOccurrences(of: "@v1", with: "@v2"),
            proof.text.replacingOccurrences(of: "index 257", with: "index 0257"),
            proof.text.replacingOccurrences(of: "index", with: "place"), String(proof.text.prefix(60)),
        ] { #expect(throws: LogError.self) { try InclusionProof(bad) } }
        let consistency = ConsistencyProof(
            old: 100, path: try log.contents.tree.consistencyProof(from: 100), checkpoint: note)
        #expect(try ConsistencyProof(consistency.text) == consistency)
        // None at all is a proof as well: of a log that has not grown.
        let same = ConsistencyProof(old: 300, path: [], checkpoint: note)
        #expect(try ConsistencyProof(same.text) == same)
    }
}
