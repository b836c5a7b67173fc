import Crypto
import FaceRecognition
import Foundation
import Synchronization

/// An open installation's keys: read once, changed durably.
///
/// When they cannot be read, what needs none goes on: the list of galleries, the record.
final class Keys: Sendable {
    private struct State {
        var ring: Result<Keyring, RecognitionError>
        var master: MasterKey?
    }

    private let directory: DataDirectory
    private let state: Mutex<State>

    private init(_ directory: DataDirectory, _ ring: Result<Keyring, RecognitionError>, _ master: MasterKey?) {
        self.directory = directory
        state = Mutex(State(ring: ring, master: master))
    }

    /// Reads the keys; makes them in a new installation.
    /// - Parameters:
    ///   - mayMake: whether the installation is new, or from before there were keys.
    ///   - digestKey: the one that an installation from before there were keys has.
    static func open(in directory: DataDirectory, mayMake: Bool, digestKey: Data?) throws -> Keys {
        do {
            if let (ring, boxes, master) = try load(in: directory) {
                // A rotation that a crash cut short is finished, under the key that is there.
                if boxes > 1 { try ring.save(in: directory, under: [master]) }
                return Keys(directory, .success(ring), master)
            }
        } catch let error as RecognitionError where error.code == .keyMissing {
            return Keys(directory, .failure(error), nil)
        }
        guard mayMake else {
            let path = directory.file(Keyring.fileName)
            return Keys(
                directory,
                .failure(
                    RecognitionError(
                        .keyMissing,
                        "The keys of the galleries are missing: put \(path) back from your copy. Without it no gallery can be read."
                    )), nil)
        }
        let known = try MasterKey.load(in: directory)
        let master = known ?? .unsaved(for: directory)
        if known == nil { try master.save() }
        let ring = Keyring(digestKey: digestKey)
        try ring.save(in: directory, under: [master])
        return Keys(directory, .success(ring), master)
    }

    private static func load(in directory: DataDirectory) throws -> (Keyring, Int, MasterKey)? {
        let master = try MasterKey.load(in: directory)
        guard let (ring, boxes) = try Keyring.load(in: directory, master: master), let master else { return nil }
        return (ring, boxes, master)
    }

    /// - Throws: `.keyMissing`.
    func ring() throws -> Keyring { try state.withLock { try $0.ring.get() } }

    /// - Throws: `.keyMissing`.
    func key(_ id: UUID, of gallery: GalleryName) throws -> GalleryKey {
        guard let key = try ring().galleries[id] else {
            throw RecognitionError(
                .keyMissing,
                "The key of the gallery \(gallery) is not in \(directory.file(Keyring.fileName)); put that file back from your copy."
            )
        }
        return key
    }

    func master() throws -> MasterKey {
        try state.withLock { state in
            _ = try state.ring.get()
            return state.master!
        }
    }

    /// Durable when it returns.
    func change(_ body: (Keyring) -> Keyring) throws {
        try state.withLock { state in
            let next = body(try state.ring.get())
            try next.save(in: directory, under: [state.master!])
            state.ring = .success(next)
        }
    }

    /// Seals the ring under a new master key. The galleries are not touched.
    ///
    /// A crash at any moment leaves a master key that opens the ring.
    func rotate(to variable: String) throws {
        try state.withLock { state in
            let ring = try state.ring.get(), old = state.master!
            let new: MasterKey
            switch old.source {
            case .file:
                new = .unsaved(for: directory)
                try ring.save(in: directory, under: [old, new])
                try new.save()
            case .environment:
                guard let named = try MasterKey.named(variable) else {
                    throw RecognitionError(
                        .invalidValue,
                        "The master key comes from the environment variable \(MasterKey.variable), so the new one must come from \(variable); set it to 32 random bytes in base64 (`head -c 32 /dev/urandom | base64`)."
                    )
                }
                new = named
            }
            try ring.save(in: directory, under: [new])
            state.master = new
        }
    }
}
