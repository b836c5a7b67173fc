public import Foundation

extension GalleryIndex {
    /// Pieces that the index can be written in: of at most 8,192 faces each.
    public var pieceCount: Int { segments.count }

    /// One piece, 0..<pieceCount, for a file. It holds codes from which a face's template can be guessed closely:
    /// encrypt it, and destroy it with the templates.
    ///
    /// The form is this machine's: little-endian, and of this version. What cannot be read is to be rebuilt from the
    /// templates.
    public func piece(_ i: Int) -> Data { segments[i].encoded() }

    /// The index whose pieces were written, in their order.
    ///
    /// Every length, number and order is checked, so that no bytes whatever lead to a trap. That the codes belong to
    /// the templates cannot be seen from them: authenticate the bytes.
    ///
    /// - Throws: `.storageCorrupt`, `.invalidValue` for the dimension.
    public init(model: TemplateModelID, dimension: Int, pieces: some Sequence<Data>) throws {
        var last: Int64?
        let segments = try pieces.map { piece in
            let segment = try IndexSegment(encoded: piece, dimension: dimension)
            guard segment.count > 0, last.map({ segment.rows[0] > $0 }) ?? true else {
                throw IndexSegment.corrupt("its rows are not in order")
            }
            last = segment.rows[segment.count - 1]
            return segment
        }
        try self.init(model: model, dimension: dimension, segments: segments)
    }
}

extension IndexSegment {
    private static let magic: [UInt8] = Array("CNT-IX\u{0}\u{1}".utf8)
    private static let headerSize = 64

    func encoded() -> Data {
        let trimmed = copy(
            SegmentLayout(
                dimension: layout.dimension, capacity: SegmentLayout.padded(count), hasExpiry: layout.hasExpiry))
        var data = Data(Self.magic)
        for number in [layout.dimension, count, layout.hasExpiry ? 1 : 0] {
            withUnsafeBytes(of: UInt32(number).littleEndian) { data.append(contentsOf: $0) }
        }
        // Written as the machine has it: elsewhere this reads as another number, and is refused.
        withUnsafeBytes(of: UInt32(0x0102_0304)) { data.append(contentsOf: $0) }
        data.append(contentsOf: repeatElement(0, count: Self.headerSize - data.count))
        data.append(contentsOf: trimmed.bytes)
        return data
    }

    convenience init(encoded data: Data, dimension: Int) throws {
        func number(_ i: Int) -> UInt32 {
            data.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: Self.magic.count + 4 * i, as: UInt32.self) }
        }
        guard data.count >= Self.headerSize, data.prefix(Self.magic.count).elementsEqual(Self.magic),
            number(3) == 0x0102_0304
        else { throw Self.corrupt("it is none, or of another version") }
        guard number(0) == dimension else { throw Self.corrupt("it has \(number(0)) components, not \(dimension)") }
        let count = Int(number(1))
        guard count <= Self.maximumCount, number(2) <= 1 else { throw Self.corrupt("its header is not sound") }
        let layout = SegmentLayout(
            dimension: dimension, capacity: SegmentLayout.padded(count), hasExpiry: number(2) == 1)
        guard data.count == Self.headerSize + layout.byteCount else { throw Self.corrupt("its length is wrong") }
        self.init(layout)
        data.withUnsafeBytes { fill(from: UnsafeRawBufferPointer(rebasing: $0[Self.headerSize...]), count: count) }
        guard isSound else { throw Self.corrupt("its numbers are not sound") }
    }

    static func corrupt(_ what: String) -> RecognitionError {
        RecognitionError(.storageCorrupt, "A piece of the search index cannot be used, \(what); rebuild the index.")
    }
}
