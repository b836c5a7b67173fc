import Crypto
import FaceRecognition
import Foundation

/// The key that seals the other keys: 32 bytes, in base64, in the file `master.key` of the data directory or in the
/// environment variable `COUNTENANCE_MASTER_KEY`, which goes first.
struct MasterKey: Sendable {
    static let fileName = "master.key"
    static let variable = "COUNTENANCE_MASTER_KEY"

    /// Where a key came from, and where a new one goes.
    enum Source: Sendable, Hashable {
        case file(String)
        case environment
    }

    let source: Source
    private let bytes: SymmetricKey

    private init(_ bytes: SymmetricKey, from source: Source) {
        self.bytes = bytes
        self.source = source
    }

    /// Names the key without giving it away: the first eight bytes of a hash, in hexadecimal digits.
    var name: String {
        SHA256.hash(data: derived("countenance master key name").withUnsafeBytes { Data($0) }).prefix(8)
            .hexadecimal
    }

    /// What seals the ring of keys.
    var sealing: SymmetricKey { derived("countenance keyring") }

    private func derived(_ use: String) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(inputKeyMaterial: bytes, info: Data(use.utf8), outputByteCount: 32)
    }

    /// - Returns: nil when there is none yet.
    /// - Throws: `.keyMissing` when it cannot be used, with the reason.
    static func load(
        in directory: DataDirectory, environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws -> MasterKey? {
        if let text = environment[variable], !text.isEmpty {
            return MasterKey(try parsed(text, "The environment variable \(variable)"), from: .environment)
        }
        let path = directory.file(fileName)
        guard let data = try PrivateFile.read(path, limit: 1_024) else { return nil }
        return MasterKey(try parsed(String(decoding: data, as: UTF8.self), path), from: .file(path))
    }

    /// A new key that is not kept yet.
    static func unsaved(for directory: DataDirectory) -> MasterKey {
        MasterKey(SymmetricKey(size: .bits256), from: .file(directory.file(fileName)))
    }

    /// Keeps the key in its file.
    func save() throws {
        guard case .file(let path) = source else { return }
        try PrivateFile.write(Data((bytes.withUnsafeBytes { Data($0) }.base64EncodedString() + "\n").utf8), to: path)
    }

    /// The key of another environment variable: the one to rotate to.
    static func named(
        _ variable: String, environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws -> MasterKey? {
        guard let text = environment[variable], !text.isEmpty else { return nil }
        return MasterKey(try parsed(text, "The environment variable \(variable)"), from: .environment)
    }

    private static func parsed(_ text: String, _ place: String) throws -> SymmetricKey {
        guard let data = Data(base64Encoded: text.trimmingCharacters(in: .whitespacesAndNewlines)), data.count == 32
        else {
            throw RecognitionError(
                .keyMissing,
                "\(place) holds no master key: that is 32 bytes in base64; put the key back from your copy.")
        }
        return SymmetricKey(data: data)
    }
}
