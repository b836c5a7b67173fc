import Crypto
import FaceRecognition
import Foundation

/// Every key of an installation but the master key, which seals them: the file `gallery.keys` of the data directory.
///
/// It is kept apart from the galleries, and no backup has it: a gallery's key that is taken out of it is gone, and with
/// it all that was ever sealed with it.
///
/// The form: "CNT-KEYS", a version byte, a count, and as many boxes, each the ring sealed under one master key: its length
/// in four bytes, little-endian, then AES-256-GCM's nonce, ciphertext and tag. There are two boxes only while a master
/// key is rotated: a crash at any moment leaves a box for the key that is there.
struct Keyring: Sendable {
    static let fileName = "gallery.keys"

    /// The installation's name: its galleries and its backups have the same.
    let installation: UUID
    /// Of photographs' digests.
    let digestKey: SymmetricKey
    private(set) var galleries: [UUID: GalleryKey]

    init(installation: UUID = .random(), digestKey: Data? = nil) {
        self.installation = installation
        self.digestKey = digestKey.map { SymmetricKey(data: $0) } ?? SymmetricKey(size: .bits256)
        galleries = [:]
    }

    func adding(_ key: GalleryKey) -> Keyring {
        var ring = self
        ring.galleries[key.id] = key
        return ring
    }

    func removing(_ keys: some Sequence<UUID>) -> Keyring {
        var ring = self
        for key in keys { ring.galleries[key] = nil }
        return ring
    }

    // MARK: The file

    private static let magic = Data("CNT-KEYS".utf8) + [1]

    private struct Form: Codable {
        let installation: UUID
        let digestKey: Data
        let galleries: [String: Data]
    }

    /// Durable when it returns.
    /// - Parameter masters: usually one.
    func save(in directory: DataDirectory, under masters: [MasterKey]) throws {
        let plain = try JSONEncoder().encode(
            Form(
                installation: installation, digestKey: digestKey.withUnsafeBytes { Data($0) },
                galleries: Dictionary(uniqueKeysWithValues: galleries.values.map { ($0.id.uuidString, $0.bytes) })))
        var file = Self.magic + [UInt8(masters.count)]
        for master in masters {
            let box = try AES.GCM.seal(plain, using: master.sealing, authenticating: Self.magic).combined!
            withUnsafeBytes(of: UInt32(box.count).littleEndian) { file.append(contentsOf: $0) }
            file.append(box)
        }
        try PrivateFile.write(file, to: directory.file(Self.fileName))
    }

    /// - Returns: the ring and the count of its boxes; nil when there is no file.
    /// - Throws: `.keyMissing`.
    static func load(in directory: DataDirectory, master: MasterKey?) throws -> (ring: Keyring, boxes: Int)? {
        let path = directory.file(fileName)
        guard let file = try PrivateFile.read(path) else { return nil }
        guard let boxes = boxes(in: file) else {
            throw RecognitionError(.keyMissing, "\(path) is damaged; put it back from your copy.")
        }
        guard let master else {
            throw RecognitionError(
                .keyMissing,
                "The master key is missing: neither \(directory.file(MasterKey.fileName)) nor the environment variable \(MasterKey.variable) is there; put it back from your copy. Without it no gallery can be read."
            )
        }
        for box in boxes {
            guard let sealed = try? AES.GCM.SealedBox(combined: box),
                let plain = try? AES.GCM.open(sealed, using: master.sealing, authenticating: magic),
                let form = try? JSONDecoder().decode(Form.self, from: plain), form.digestKey.count == 32
            else { continue }
            var ring = Keyring(installation: form.installation, digestKey: form.digestKey)
            for (name, bytes) in form.galleries {
                guard let id = UUID(uuidString: name), bytes.count == 32 else { continue }
                ring.galleries[id] = GalleryKey(id: id, bytes: bytes)
            }
            return (ring, boxes.count)
        }
        throw RecognitionError(
            .keyMissing,
            "The master key \(master.name) does not open \(path): one of the two is from elsewhere, or damaged; put both back from your copy."
        )
    }

    private static func boxes(in file: Data) -> [Data]? {
        guard file.count > magic.count, file.prefix(magic.count) == magic else { return nil }
        var rest = file.dropFirst(magic.count)
        let count = rest.removeFirst()
        var boxes: [Data] = []
        for _ in 0..<count {
            guard rest.count >= 4 else { return nil }
            let length = Int(UInt32(littleEndian: rest.prefix(4).withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) }))
            rest = rest.dropFirst(4)
            guard rest.count >= length else { return nil }
            boxes.append(Data(rest.prefix(length)))
            rest = rest.dropFirst(length)
        }
        return rest.isEmpty && !boxes.isEmpty ? boxes : nil
    }
}
