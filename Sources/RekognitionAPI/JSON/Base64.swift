import CBase64
import Foundation

extension Data {
    /// Decodes base64 (RFC 4648, section 4) with its padding and nothing else; nil for every other text. Cost: two passages,
    /// and room for the bytes.
    ///
    /// Why not Foundation's alone: of a search by a photograph of 12 megapixels, what is not the pipeline is to take at most
    /// a twentieth, and Foundation's decoder took a fifth of that. Whole vectors of letters go through ours, the rest
    /// through Foundation's: the end, and where there is no AVX2 all. (`benchmark.py --only service` times both.)
    init?(strictBase64 text: Data) {
        // Foundation's decoder also takes padding within a text, and too much of it. (`contains` looks at a `Data` byte by
        // byte: at 4 MB it took ten times as long as decoding.)
        let letters = text.count - text.suffix(2).count { $0 == UInt8(ascii: "=") }
        let isPaddedWithin = text.withUnsafeBytes { bytes in
            bytes.baseAddress.map { memchr($0, Int32(UInt8(ascii: "=")), letters) != nil } ?? false
        }
        guard text.count % 4 == 0, !isPaddedWithin else { return nil }
        let room = text.count / 4 * 3
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: room, alignment: 1)
        let decoded = text.withUnsafeBytes {
            base64_decode_letters($0.baseAddress, $0.count, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
        }
        let end = decoded / 4 * 3
        guard let start = bytes.baseAddress, let rest = Data(base64Encoded: text.dropFirst(decoded)) else {
            bytes.deallocate()
            return nil
        }
        bytes[end...].copyBytes(from: rest)
        self.init(bytesNoCopy: start, count: end + rest.count, deallocator: .custom { start, _ in start.deallocate() })
    }
}
