/// An exact index over templates that one already holds: compact codes, searched under a bound that is proved.
///
/// It gives exactly the candidates, and in exactly the order, of a scan that compares the probe with every template in
/// double precision (Documentation/ExactSearch.md has the proof). It holds no template: the few whose codes cannot rule
/// them out are asked of the caller, who keeps them.
///
/// A value: a search sees one state of it, whatever is appended or removed meanwhile. Copies share their memory until
/// one is changed.
///
/// Memory: 160 bytes a face at 128 components, dimension + 32 in general (8 more in segments with a face that expires).
public struct GalleryIndex: Sendable {
    /// One face to be indexed.
    public struct Entry: Sendable {
        /// The caller's own number for the face. In an index they ascend, and none comes twice, removed ones included.
        public let row: Int64
        public let template: Template
        /// The caller's own number for the person, not negative.
        public let person: Int32?
        /// In milliseconds since 1970.
        public let enrolled: Int64
        /// In milliseconds since 1970; from then on the face is never found. nil for never.
        public let expires: Int64?

        public init(row: Int64, template: Template, person: Int32? = nil, enrolled: Int64, expires: Int64? = nil) {
            self.row = row
            self.template = template
            self.person = person
            self.enrolled = enrolled
            self.expires = expires
        }
    }

    public let model: TemplateModelID
    /// Components of a template, 1...1,024.
    public let dimension: Int
    /// Faces in the index.
    public private(set) var count = 0
    /// In the order of their rows; none is empty.
    private(set) var segments: [IndexSegment] = []

    /// An empty index.
    /// - Throws: `.invalidValue` for the dimension.
    public init(model: TemplateModelID, dimension: Int) throws {
        guard (1...Template.maximumDimension).contains(dimension) else {
            throw RecognitionError(
                .invalidValue, "A template has 1 to \(Template.maximumDimension) components, not \(dimension).")
        }
        self.model = model
        self.dimension = dimension
    }

    init(model: TemplateModelID, dimension: Int, segments: [IndexSegment]) throws {
        try self.init(model: model, dimension: dimension)
        self.segments = segments.filter { $0.live > 0 }
        count = segments.reduce(0) { $0 + $1.live }
    }

    /// The highest row ever appended that the index still knows of. The next one must be higher.
    public var lastRow: Int64? { segments.last.map { $0.rows[$0.count - 1] } }

    /// Bytes of memory that the faces take.
    public var residentBytes: Int { segments.reduce(0) { $0 + $1.layout.byteCount } }

    /// Whether the index holds this row.
    /// - Complexity: O(log count).
    public func contains(row: Int64) -> Bool { place(of: row) != nil }

    /// Every row that the index holds, ascending.
    public var rows: [Int64] { segments.flatMap(\.liveRows) }

    /// Adds faces, all or none.
    ///
    /// Cost: about a microsecond a face at 128 components; when the index was copied, a copy of its last segment (at
    /// most 8,192 faces) as well.
    /// - Throws: `.modelMismatch` for a template of another model or length; `.invalidValue` for a row that is not
    ///   higher than those before, or a negative person number.
    public mutating func append(_ entries: some Collection<Entry>) throws {
        var last = lastRow
        for entry in entries {
            guard entry.template.model == model, entry.template.components.count == dimension else {
                throw RecognitionError(
                    .modelMismatch,
                    "The index belongs to the model \(model) with \(dimension) components, the template to \(entry.template.model) with \(entry.template.components.count); use the index's own model."
                )
            }
            guard last.map({ $0 < entry.row }) ?? true else {
                throw RecognitionError(
                    .invalidValue, "Row \(entry.row) does not come after row \(last ?? 0); append rows in their order.")
            }
            guard entry.person ?? 0 >= 0 else {
                throw RecognitionError(.invalidValue, "A person's number is not negative; \(entry.person ?? 0) is.")
            }
            last = entry.row
        }
        var rest = entries[...]
        while !rest.isEmpty {
            if segments.last.map({ $0.count == IndexSegment.maximumCount }) ?? true {
                segments.append(IndexSegment(dimension: dimension))
            }
            let i = segments.count - 1
            let part = rest.prefix(IndexSegment.maximumCount - segments[i].count)
            makeUnique(i, room: part.count, expiry: part.contains { $0.expires != nil })
            for entry in part { segments[i].append(entry) }
            count += part.count
            rest = rest.dropFirst(part.count)
        }
    }

    /// Removes faces; their codes are overwritten. Rows that the index does not hold are ignored.
    ///
    /// Cost: at most a copy of each segment concerned.
    /// - Returns: how many were removed.
    @discardableResult
    public mutating func remove(rows: some Sequence<Int64>) -> Int {
        let before = count
        var touched: Set<Int> = []
        for row in rows {
            guard let place = place(of: row) else { continue }
            makeUnique(place.segment)
            segments[place.segment].erase(place.position)
            touched.insert(place.segment)
            count -= 1
        }
        // A segment that is mostly holes is written anew without them, an empty one goes.
        for i in touched where segments[i].live > 0 && segments[i].live <= segments[i].count / 2 {
            segments[i] = segments[i].compacted()
        }
        if !touched.isEmpty { segments.removeAll { $0.live == 0 } }
        return before - count
    }

    /// Says whose faces these are; nil for nobody's. Rows that the index does not hold are ignored.
    /// - Throws: `.invalidValue` for a negative number.
    public mutating func assign(person: Int32?, rows: some Sequence<Int64>) throws {
        guard person ?? 0 >= 0 else {
            throw RecognitionError(.invalidValue, "A person's number is not negative; \(person ?? 0) is.")
        }
        for row in rows {
            guard let place = place(of: row) else { continue }
            makeUnique(place.segment)
            segments[place.segment].assign(person: person, at: place.position)
        }
    }

    private func place(of row: Int64) -> (segment: Int, position: Int)? {
        // The last segment that does not begin after the row.
        var low = 0, high = segments.count
        while low < high {
            let middle = (low + high) / 2
            if segments[middle].rows[0] <= row { low = middle + 1 } else { high = middle }
        }
        guard low > 0, let position = segments[low - 1].position(of: row) else { return nil }
        return (low - 1, position)
    }

    /// Sees to it that the segment is nobody else's and has room, before it is written.
    private mutating func makeUnique(_ i: Int, room: Int = 0, expiry: Bool = false) {
        let layout = segments[i].layout.grown(toHold: segments[i].count + room, expiry: expiry)
        if layout != segments[i].layout || !isKnownUniquelyReferenced(&segments[i]) {
            segments[i] = segments[i].copy(layout)
        }
    }
}
