import CGalleryScan

/// Up to 8,192 rows of a gallery's index, in one piece of memory that never moves.
///
/// `@unchecked Sendable`: only `GalleryIndex` writes to a segment, and only while no one else has a reference to it
/// (`isKnownUniquelyReferenced`); a search holds a reference as long as it reads.
final class IndexSegment: @unchecked Sendable {
    static let maximumCount = 8_192
    /// No row's coarse code leaves more than this: half a step of at most 1.0001 / 8, over 1,024 components.
    static let largestError: Float = 2.01
    private static let nobody: Int32 = -1

    let layout: SegmentLayout
    /// Rows, removed ones included.
    private(set) var count = 0
    /// Rows that are not removed.
    private(set) var live = 0
    private let memory: UnsafeMutableRawPointer

    init(_ layout: SegmentLayout) {
        self.layout = layout
        memory = .allocate(byteCount: max(64, layout.byteCount), alignment: 64)
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: layout.byteCount)
        // Room that holds no row yet is compared too, and never survives.
        coarseErrors.update(repeating: -.infinity, count: layout.capacity)
    }

    convenience init(dimension: Int) {
        self.init(SegmentLayout(dimension: dimension, capacity: 0, hasExpiry: false))
    }

    deinit { memory.deallocate() }

    var high: UnsafeMutablePointer<UInt8> { part(layout.high, of: UInt8.self) }
    var low: UnsafeMutablePointer<UInt8> { part(layout.low, of: UInt8.self) }
    var steps: UnsafeMutablePointer<Float> { part(layout.steps, of: Float.self) }
    /// -infinity for a removed row: then the coarse bound drops it by itself, and a kernel that asks the middle bound
    /// alone looks at this as well.
    var coarseErrors: UnsafeMutablePointer<Float> { part(layout.coarseErrors, of: Float.self) }
    var fineErrors: UnsafeMutablePointer<Float> { part(layout.fineErrors, of: Float.self) }
    private var people: UnsafeMutablePointer<Int32> { part(layout.people, of: Int32.self) }
    private var enrolled: UnsafeMutablePointer<Int64> { part(layout.enrolled, of: Int64.self) }
    var rows: UnsafeMutablePointer<Int64> { part(layout.rows, of: Int64.self) }
    private var expiries: UnsafeMutablePointer<Int64>? {
        layout.hasExpiry ? part(layout.expiries, of: Int64.self) : nil
    }

    private func part<Value>(_ offset: Int, of type: Value.Type) -> UnsafeMutablePointer<Value> {
        // Whole numbers and floats only, whose every bit pattern is a value.
        (memory + offset).assumingMemoryBound(to: type)
    }

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: memory, count: layout.byteCount) }

    // MARK: Reading

    func isLive(_ position: Int) -> Bool { coarseErrors[position] >= 0 }
    var liveRows: [Int64] { (0..<count).filter(isLive).map { rows[$0] } }

    /// Where the row lies, if it is here and not removed.
    func position(of row: Int64) -> Int? {
        let i = (0..<count).partitioningIndex { rows[$0] >= row }
        return i < count && rows[i] == row && isLive(i) ? i : nil
    }

    /// Whether a search under this filter may find the row.
    func passes(_ filter: GalleryIndex.Filter, _ position: Int) -> Bool {
        guard isLive(position) else { return false }
        if let person = filter.person, people[position] != person { return false }
        if filter.isSomebodys, people[position] == Self.nobody { return false }
        if let span = filter.enrolled, !span.contains(enrolled[position]) { return false }
        if let expiries, expiries[position] <= filter.now { return false }
        if let allowed = filter.rows, !allowed.contains(rows[position]) { return false }
        return true
    }

    // MARK: Writing, by the only owner

    /// - Precondition: there is room.
    func append(_ entry: GalleryIndex.Entry) {
        precondition(count < layout.capacity, "A segment with room")
        let i = count
        entry.template.components.withUnsafeBufferPointer { components in
            gallery_encode(
                components.baseAddress!, Int32(layout.dimension), high + layout.highOffset(i),
                low + layout.lowOffset(i),
                steps + i, coarseErrors + i, fineErrors + i)
        }
        // Two lines of the proof.
        assert(
            (0...Self.largestError).contains(coarseErrors[i]), "A coarse code leaves at most half a step a component")
        assert((0...Self.largestError).contains(fineErrors[i]), "So does a fine code")
        people[i] = entry.person ?? Self.nobody
        enrolled[i] = entry.enrolled
        rows[i] = entry.row
        expiries?[i] = entry.expires ?? .max
        count += 1
        live += 1
    }

    /// Overwrites everything of the row but its number.
    func erase(_ position: Int) {
        gallery_erase(high + layout.highOffset(position), low + layout.lowOffset(position), Int32(layout.groups))
        steps[position] = 0
        coarseErrors[position] = -.infinity
        fineErrors[position] = 0
        people[position] = Self.nobody
        enrolled[position] = 0
        expiries?[position] = 0
        live -= 1
    }

    func assign(person: Int32?, at position: Int) { people[position] = person ?? Self.nobody }

    /// The same rows in a layout with at least their room.
    func copy(_ layout: SegmentLayout) -> IndexSegment {
        let copy = IndexSegment(layout)
        if layout == self.layout {
            copy.memory.copyMemory(from: memory, byteCount: layout.byteCount)
            (copy.count, copy.live) = (count, live)
        } else {
            copy.add(0..<count, of: self)
        }
        return copy
    }

    /// Without the removed rows, and without room for more than there are.
    func compacted() -> IndexSegment {
        let capacity = SegmentLayout.padded(live)
        let copy = IndexSegment(
            SegmentLayout(dimension: layout.dimension, capacity: capacity, hasExpiry: layout.hasExpiry))
        copy.add((0..<count).filter(isLive), of: self)
        return copy
    }

    /// Takes over memory of the same layout, whatever it holds; ask `isSound` before anything else.
    func fill(from bytes: UnsafeRawBufferPointer, count: Int) {
        precondition(bytes.count == layout.byteCount && count <= layout.capacity, "Memory of the same layout")
        UnsafeMutableRawBufferPointer(start: memory, count: layout.byteCount).copyMemory(from: bytes)
        self.count = count
        live = (0..<count).reduce(0) { $0 + (isLive($1) ? 1 : 0) }
    }

    /// Whether every number is one that this type could have written.
    var isSound: Bool {
        for i in 0..<layout.capacity {
            let isRemoved = coarseErrors[i] == -.infinity
            guard isRemoved || (i < count && (0...Self.largestError).contains(coarseErrors[i])),
                (0...Self.largestError).contains(fineErrors[i]), (0...0.126).contains(steps[i]),
                people[i] >= Self.nobody, i == 0 || i >= count || rows[i - 1] < rows[i]
            else { return false }
        }
        return true
    }

    private func add(_ positions: some Sequence<Int>, of other: IndexSegment) {
        let groups = Int32(layout.groups)
        for from in positions {
            let i = count
            gallery_copy(
                other.high + other.layout.highOffset(from), other.low + other.layout.lowOffset(from), groups,
                high + layout.highOffset(i), low + layout.lowOffset(i))
            steps[i] = other.steps[from]
            coarseErrors[i] = other.coarseErrors[from]
            fineErrors[i] = other.fineErrors[from]
            people[i] = other.people[from]
            enrolled[i] = other.enrolled[from]
            rows[i] = other.rows[from]
            expiries?[i] = other.expiries?[from] ?? .max
            count += 1
            live += other.isLive(from) ? 1 : 0
        }
    }
}
