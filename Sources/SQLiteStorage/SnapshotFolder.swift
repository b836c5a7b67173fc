import Crypto
import FaceRecognition
import Foundation

/// Snapshots of the galleries' codes, so that a large gallery opens without its templates being read: one file for each
/// gallery in the folder `codes` of the data directory, called after the gallery's key.
///
/// It may be deleted at any time. It is sealed with a key that is derived from the gallery's and from a salt in the file:
/// overwriting the salt destroys it. A snapshot is destroyed when a face of it is forgotten.
///
/// The form: "CNT-SNAP", a version byte, 32 bytes of salt; then pieces, each its length in four bytes, little-endian, and
/// AES-256-GCM's ciphertext and tag. The nonce of each is its number, and it is bound to the header. The first piece is
/// JSON: what follows.
struct SnapshotFolder: Sendable {
    private static let magic = Data("CNT-SNAP".utf8) + [1]
    private static let saltLength = 32

    private struct Heading: Codable {
        let gallery: String
        let changes: Int
        let faces: Int
        let model: String
        let dimension: Int
        let pieces: Int
    }

    let path: String

    init(in directory: DataDirectory) { path = directory.file("codes") }

    private func file(_ key: UUID) -> String { "\(path)/\(key.uuidString.lowercased()).snapshot" }

    /// Bytes on the disk; nil when there is none.
    func size(_ key: UUID) -> Int? {
        var status = stat()
        return stat(file(key), &status) == 0 ? Int(status.st_size) : nil
    }

    /// - Parameter changes: the gallery's count of changes, in the state that the index has.
    /// - Throws: `POSIXError`; the earlier snapshot is as it was then.
    func write(_ index: GalleryIndex, of key: GalleryKey, changes: Int) throws {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
        let new = file(key.id) + ".new"
        unlink(new)
        let descriptor = Foundation.open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
        defer { close(descriptor) }
        do {
            let salt = SymmetricKey(size: .bits256).withUnsafeBytes { Data($0) }
            let header = Self.magic + salt
            let sealing = key.snapshotKey(salt: salt)
            try DurableFile.write(header, to: descriptor)
            let heading = Heading(
                gallery: key.id.uuidString, changes: changes, faces: index.count, model: index.model.rawValue,
                dimension: index.dimension, pieces: index.pieceCount)
            for i in 0...index.pieceCount {
                let plain = i == 0 ? try JSONEncoder().encode(heading) : index.piece(i - 1)
                let box = try AES.GCM.seal(plain, using: sealing, nonce: Self.nonce(i), authenticating: header)
                var piece = Data()
                withUnsafeBytes(of: UInt32(box.ciphertext.count + 16).littleEndian) { piece.append(contentsOf: $0) }
                try DurableFile.write(piece + box.ciphertext + box.tag, to: descriptor)
            }
            guard fsync(descriptor) == 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
            try? destroy(key.id)
            guard rename(new, file(key.id)) == 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
            DurableFile.syncFolder(of: file(key.id))
        } catch {
            unlink(new)
            throw error
        }
    }

    /// What a snapshot held, and of which state of the gallery.
    struct Content {
        let index: GalleryIndex
        let changes: Int
    }

    /// Reads a snapshot piece by piece.
    /// - Parameter advance: told how many faces were read, now and then.
    /// - Returns: nil when there is none that is whole, ours and of this gallery.
    func read(of gallery: GalleryDescription, key: GalleryKey, advance: (Int) -> Void) -> Content? {
        let descriptor = Foundation.open(file(key.id), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return nil }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        func bytes(_ count: Int) -> Data? {
            guard let data = try? handle.read(upToCount: count), data.count == count else { return nil }
            return data
        }
        guard let header = bytes(Self.magic.count + Self.saltLength), header.prefix(Self.magic.count) == Self.magic
        else { return nil }
        let sealing = key.snapshotKey(salt: Data(header.suffix(Self.saltLength)))
        func next(_ i: Int) -> Data? {
            guard
                let length = bytes(4).map({
                    Int(UInt32(littleEndian: $0.withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) }))
                }),
                (16...Self.largestPiece).contains(length), let sealed = bytes(length),
                let nonce = try? Self.nonce(i),
                let box = try? AES.GCM.SealedBox(
                    nonce: nonce, ciphertext: sealed.dropLast(16), tag: sealed.suffix(16))
            else { return nil }
            return try? AES.GCM.open(box, using: sealing, authenticating: header)
        }
        guard let first = next(0), let heading = try? JSONDecoder().decode(Heading.self, from: first),
            heading.gallery == key.id.uuidString, heading.model == gallery.model.rawValue,
            heading.dimension == gallery.dimension
        else { return nil }
        let index = withoutActuallyEscaping(advance) { advance in
            // One piece at a time is in memory beside the index.
            let pieces = sequence(state: 0) { (i: inout Int) -> Data? in
                guard i < heading.pieces else { return nil }
                i += 1
                advance(i * heading.faces / heading.pieces)
                return next(i)
            }
            return try? GalleryIndex(model: gallery.model, dimension: gallery.dimension, pieces: pieces)
        }
        guard let index, index.count == heading.faces, index.pieceCount == heading.pieces, bytes(1) == nil else {
            return nil
        }
        return Content(index: index, changes: heading.changes)
    }

    /// A piece has at most 8,192 faces of 1,064 bytes.
    private static let largestPiece = 16 << 20

    /// Overwrites the salt, without which nobody can read the rest, and removes the file.
    func destroy(_ key: UUID) throws {
        let file = file(key)
        let descriptor = Foundation.open(file, O_WRONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            if errno == ENOENT { return }
            throw POSIXError(.init(rawValue: errno) ?? .EIO)
        }
        defer { close(descriptor) }
        try DurableFile.write(Data(count: Self.magic.count + Self.saltLength), to: descriptor)
        guard fsync(descriptor) == 0, unlink(file) == 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
        DurableFile.syncFolder(of: file)
    }

    /// Never the same twice under one key: each snapshot has a salt, and so a key, of its own.
    private static func nonce(_ piece: Int) throws -> AES.GCM.Nonce {
        try AES.GCM.Nonce(data: withUnsafeBytes(of: UInt64(piece).littleEndian) { Data($0) } + Data(count: 4))
    }
}
