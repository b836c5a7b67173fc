import Foundation

extension Data {
    /// Single-precision numbers as they are kept: four bytes each, little-endian, bit by bit what they were.
    init(littleEndian numbers: [Float]) {
        // A closure, since a key path is read at run time: a third of an import's time went there.
        self = numbers.map { $0.bitPattern.littleEndian }.withUnsafeBytes { Data($0) }
    }
}

extension [Float] {
    /// - Returns: nil when the bytes are no whole number of numbers.
    init?(littleEndian data: Data) {
        guard data.count.isMultiple(of: 4) else { return nil }
        self = data.withUnsafeBytes { bytes in
            stride(from: 0, to: bytes.count, by: 4).map {
                Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: UInt32.self)))
            }
        }
    }
}
