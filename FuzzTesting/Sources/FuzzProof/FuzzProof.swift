import Foundation
import FuzzSupport
import TransparencyLog

private let signer = try! NoteSigner(name: "example.org/log", seed: Data(repeating: 7, count: 32))

/// What an outsider hands in is read, or refused in a sentence; what was read is written as it was read.
private func readProof(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let data = Data(UnsafeBufferPointer(start: start, count: count)), text = String(decoding: data, as: UTF8.self)
    if let key: NoteKey = read({ try NoteKey(text) }) {
        precondition(key.description == text, "A key has one form")
    }
    if let note: SignedNote = read({ try SignedNote(text) }) {
        _ = read { try note.verify(with: signer.key) }
    }
    if let checkpoint: Checkpoint = read({ try Checkpoint(text: text) }) {
        precondition(read { try Checkpoint(text: checkpoint.text) } == checkpoint)
        if let signed: String = read({ try signer.sign(checkpoint.text) }),
            let again: Checkpoint = read({ try Checkpoint(note: signed, key: signer.key) })
        {
            precondition(again == checkpoint, "What is signed is what is read")
        }
    }
    if let proof: InclusionProof = read({ try InclusionProof(text) }) {
        precondition(read { try InclusionProof(proof.text) } == proof)
        _ = read { try proof.verify(data, key: signer.key) }
        let root = TreeHash.leaf(data)
        _ = MerkleProof.includes(.leaf(Data()), at: proof.index, in: root, size: .max, path: proof.path)
        precondition(
            !MerkleProof.includes(.leaf(Data()), at: proof.index, in: root, size: proof.index, path: proof.path),
            "Nothing lies behind the end")
    }
    if let proof: ConsistencyProof = read({ try ConsistencyProof(text) }) {
        precondition(read { try ConsistencyProof(proof.text) } == proof)
        let root = TreeHash.leaf(data)
        for size in [proof.old, proof.old &+ 1, Int.max] {
            _ = MerkleProof.goesOn(from: .empty, size: proof.old, to: root, size: size, path: proof.path)
        }
    }
    let (entries, isWhole) = EntryBundle.decoded(data)
    guard let written: Data = read({ try EntryBundle.encoded(entries) }) else { preconditionFailure("It was a bundle") }
    precondition(data.starts(with: written) && isWhole == (written.count == data.count))
    return 0
}

/// - Returns: nil for what is refused.
private func read<Result>(_ body: () throws -> Result) -> Result? {
    do { return try body() } catch let error as LogError {
        precondition(error.message.hasSuffix(".") && !error.message.isEmpty, "\(error)")
        return nil
    } catch { preconditionFailure("An error that is not ours: \(error)") }
}

@main enum FuzzProof {
    static func main() { fuzz(readProof) }
}
