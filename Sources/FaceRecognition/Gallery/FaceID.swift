import Crypto
package import Foundation

/// An enrolled face's id: a UUID of version 7 (RFC 9562), in lower case where it is written.
///
/// It begins with the time at which it was made, so that ids made one after another lie side by side in an index on
/// disk: a million faces are enrolled at the speed of the first thousand. The other 74 bits are random.
public struct FaceID: Sendable, Hashable, Codable, Comparable, CustomStringConvertible {
    package let uuid: UUID

    /// A new one, from the clock and the system's random numbers.
    public init() {
        var random = SystemRandomNumberGenerator()
        let time = UInt64(max(0, Date().timeIntervalSince1970 * 1_000))
        let high = time << 16 | 0x7000 | random.next() & 0x0FFF
        let low = 0b10 << 62 | random.next() >> 2
        uuid = withUnsafeTemporaryAllocation(byteCount: 16, alignment: 8) { bytes in
            bytes.storeBytes(of: high.bigEndian, as: UInt64.self)
            bytes.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
            return UUID(uuid: bytes.load(as: uuid_t.self))
        }
    }

    package init(_ uuid: UUID) { self.uuid = uuid }

    /// - Returns: nil when it is no UUID.
    public init?(_ text: String) {
        guard let uuid = UUID(uuidString: text) else { return nil }
        self.uuid = uuid
    }
    public init(from decoder: any Decoder) throws {
        guard let id = FaceID(try String(from: decoder)) else {
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "no face id"))
        }
        self = id
    }
    public func encode(to encoder: any Encoder) throws { try rawValue.encode(to: encoder) }

    public var rawValue: String { uuid.uuidString.lowercased() }
    public var description: String { rawValue }

    /// The order of the bytes, which is that of the digits.
    public static func < (a: FaceID, b: FaceID) -> Bool { a.words < b.words }

    private var words: (UInt64, UInt64) {
        withUnsafeBytes(of: uuid.uuid) {
            (
                UInt64(bigEndian: $0.loadUnaligned(as: UInt64.self)),
                UInt64(bigEndian: $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            )
        }
    }
}

extension FaceID {
    /// An id that is always the same for the same words: a UUID of version 8 (RFC 9562) from SHA-256.
    package init(derivedFrom bytes: Data, _ words: String) {
        var hash = SHA256()
        hash.update(data: bytes)
        hash.update(data: Data(words.utf8))
        self.init(version8: Array(hash.finalize().prefix(16)))
    }

    /// An id that is always the same for the same row of the same thing; the rows' ids ascend, and so lie side by side in
    /// an index on disk.
    /// - Parameter digest: SHA-256 of the thing.
    package init(ofRow row: Int, in digest: Data) {
        var bytes = Array(digest.prefix(16))
        withUnsafeBytes(of: UInt64(row).bigEndian) { bytes.replaceSubrange(9..<16, with: $0.dropFirst()) }
        self.init(version8: bytes)
    }

    private init(version8 bytes: [UInt8]) {
        var bytes = bytes
        bytes[6] = bytes[6] & 0x0F | 0x80
        bytes[8] = bytes[8] & 0x3F | 0x80
        self.init(bytes.withUnsafeBytes { UUID(uuid: $0.loadUnaligned(as: uuid_t.self)) })
    }
}
