import Crypto
import FaceRecognition
import Foundation

/// A sealed file: pieces of 1 MiB under AES-256-GCM, so that a file of any size is written and read with little memory,
/// and none can be cut short, put in another order or in another file's place: the nonce of each piece is its number and
/// whether it is the last one (STREAM: Hoang, Reyhanitabar, Rogaway and Vizár, CRYPTO 2015), and the key is this file's.
///
/// The form: "CNT-SEAL", a version byte, 32 bytes of salt; then each piece's ciphertext and 16 bytes of tag. All pieces but
/// the last have 1 MiB; the last may be empty.
enum SealedFile {
    static let magic = Data("CNT-SEAL".utf8) + [1]
    static let saltLength = 32
    static let pieceLength = 1 << 20
    static let tagLength = 16

    static func key(_ key: SymmetricKey, salt: Data, file: String) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(
            inputKeyMaterial: key, salt: salt, info: Data("countenance export \(file)".utf8), outputByteCount: 32)
    }

    static func nonce(_ piece: Int, isLast: Bool) throws -> AES.GCM.Nonce {
        try AES.GCM.Nonce(
            data: withUnsafeBytes(of: UInt64(piece).littleEndian) { Data($0) } + [isLast ? 1 : 0, 0, 0, 0])
    }
}

final class SealedSink: ByteSink {
    private let file: PlainSink
    private let header: Data
    private let key: SymmetricKey
    private var waiting = Data()
    private var piece = 0

    /// - Parameter name: what the file is called in the export; part of its key.
    init(_ path: String, key: SymmetricKey, name: String) throws {
        file = try PlainSink(path)
        let salt = SymmetricKey(size: .bits256).withUnsafeBytes { Data($0) }
        header = SealedFile.magic + salt
        self.key = SealedFile.key(key, salt: salt, file: name)
        try file.write(header)
    }

    func write(_ data: Data) throws {
        waiting.append(data)
        // What might be the last piece waits.
        while waiting.count > SealedFile.pieceLength {
            try seal(waiting.prefix(SealedFile.pieceLength), isLast: false)
            waiting = Data(waiting.dropFirst(SealedFile.pieceLength))
        }
    }

    func finish() throws -> String {
        try seal(waiting, isLast: true)
        return try file.finish()
    }

    private func seal(_ plain: Data, isLast: Bool) throws {
        let box = try AES.GCM.seal(
            plain, using: key, nonce: SealedFile.nonce(piece, isLast: isLast), authenticating: header)
        try file.write(box.ciphertext + box.tag)
        piece += 1
    }
}

final class SealedSource: ByteSource {
    private let file: PlainSource
    private let header: Data
    private let key: SymmetricKey
    private var open = Data()
    private var piece = 0
    private var left: Int

    init(_ path: String, key: SymmetricKey, name: String) throws {
        file = try PlainSource(path)
        let length = SealedFile.magic.count + SealedFile.saltLength
        header = try file.readAll(length)
        guard header.count == length, header.prefix(SealedFile.magic.count) == SealedFile.magic,
            file.size >= length + SealedFile.tagLength
        else {
            throw ExchangeError.bad(path, "This is no sealed file of an export; fetch the export again.")
        }
        self.key = SealedFile.key(key, salt: Data(header.suffix(SealedFile.saltLength)), file: name)
        left = file.size - length
    }

    func read(_ count: Int) throws -> Data {
        if open.isEmpty, left > 0 {
            let length = min(left, SealedFile.pieceLength + SealedFile.tagLength)
            let sealed = try file.readAll(length)
            left -= length
            guard sealed.count == length, length >= SealedFile.tagLength,
                let box = try? AES.GCM.SealedBox(
                    nonce: SealedFile.nonce(piece, isLast: left == 0),
                    ciphertext: sealed.dropLast(SealedFile.tagLength),
                    tag: sealed.suffix(SealedFile.tagLength)),
                let plain = try? AES.GCM.open(box, using: key, authenticating: header)
            else {
                throw ExchangeError.bad(
                    file.path,
                    "The file is damaged or cut short, or the key is another export's; fetch the export again.")
            }
            piece += 1
            open = plain
        }
        let some = open.prefix(count)
        open = Data(open.dropFirst(count))
        return Data(some)
    }
}

/// The key of an export: 32 bytes in base64, in a file of its own for its owner only.
public struct ExportKey: Sendable {
    let key: SymmetricKey

    /// A new key, in a new file.
    /// - Throws: `.placeTaken` when there is a file already.
    public static func make(at path: String) throws -> ExportKey {
        let key = SymmetricKey(size: .bits256)
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            throw errno == EEXIST
                ? RecognitionError(
                    .placeTaken,
                    "\(path) is there already, and a key is never written over another; name a new file with --key.")
                : ExchangeError.cannotWrite(path, errno)
        }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        do {
            try handle.write(contentsOf: Data((key.withUnsafeBytes { Data($0) }.base64EncodedString() + "\n").utf8))
            try handle.synchronize()
        } catch {
            unlink(path)
            throw ExchangeError.cannotWrite(path, errno)
        }
        return ExportKey(key: key)
    }

    /// - Throws: `.invalidValue` when it is not there, is none, or can be read by others.
    public static func read(_ path: String) throws -> ExportKey {
        var status = stat()
        guard stat(path, &status) == 0, status.st_size < 1_024, let data = FileManager.default.contents(atPath: path)
        else {
            throw RecognitionError(.invalidValue, "The export's key \(path) cannot be read; name its file with --key.")
        }
        guard status.st_mode & 0o077 == 0 else {
            throw RecognitionError(
                .invalidValue, "\(path) can be read by others than its owner, so it is not used; run `chmod 600` on it."
            )
        }
        let text = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        guard let bytes = Data(base64Encoded: text), bytes.count == 32 else {
            throw RecognitionError(.invalidValue, "\(path) holds no key of an export: that is 32 bytes in base64.")
        }
        return ExportKey(key: SymmetricKey(data: bytes))
    }
}
