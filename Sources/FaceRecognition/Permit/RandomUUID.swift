package import Foundation

extension UUID {
    /// A UUID of version 4 (RFC 9562) from the system's random numbers. Foundation's own opens a file for them, and is the
    /// same each time where a process has no file left to open.
    package static func random() -> UUID {
        var random = SystemRandomNumberGenerator()
        let words = (random.next() & 0xFFFF_FFFF_FFFF_0FFF | 0x4000, random.next() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000)
        return withUnsafeBytes(of: (words.0.bigEndian, words.1.bigEndian)) {
            UUID(uuid: $0.loadUnaligned(as: uuid_t.self))
        }
    }
}
