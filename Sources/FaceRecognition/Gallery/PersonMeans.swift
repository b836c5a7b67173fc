package import Foundation

/// The mean templates of a gallery's people who have at least two faces, in codes: a search for people looks at them
/// beside the faces.
///
/// A person's mean is `Template.mean` of their faces that have not expired, in the order of their enrolment. One whose
/// faces cancel out has none.
package struct PersonMeans: Sendable {
    private(set) var index: GalleryIndex
    /// The index's rows cannot be used again, so each new mean of a person has a new one.
    private var rows: [Int32: Int64] = [:]
    private var people: [Int64: Int32] = [:]
    private var nextRow: Int64 = 0
    /// Which faces a person had when the mean was made: one with other faces by now is not searched with it.
    private var members: [Int32: Int] = [:]
    /// When the first of a person's faces expires.
    private var changes: [Int32: Date] = [:]

    package init(model: TemplateModelID, dimension: Int) throws {
        index = try GalleryIndex(model: model, dimension: dimension)
    }

    /// How many people have a mean.
    package var count: Int { index.count }

    func person(atRow row: Int64) -> Int32? { people[row] }

    /// The people whose mean is another one by now, because a face of theirs has expired.
    package func outdated(at now: Date) -> [Int32] { changes.filter { $0.value <= now }.map(\.key) }

    /// Makes the mean of these people anew.
    /// - Parameter faces: their faces; none takes the person out.
    package mutating func update(_ number: Int32, faces: [EnrolledFace], now: Date) throws {
        if let row = rows.removeValue(forKey: number) {
            people[row] = nil
            index.remove(rows: CollectionOfOne(row))
        }
        members[number] = faces.isEmpty ? nil : Self.fingerprint(of: faces, now: now)
        changes[number] = faces.compactMap(\.description.expires).filter { $0 > now }.min()
        guard let mean = Self.mean(of: faces, now: now) else { return }
        try index.append(CollectionOfOne(GalleryIndex.Entry(row: nextRow, template: mean, enrolled: 0)))
        rows[number] = nextRow
        people[nextRow] = number
        nextRow += 1
    }

    /// Whether these are the faces that the person had.
    func knows(_ faces: [EnrolledFace], of number: Int32, now: Date) -> Bool {
        members[number] == Self.fingerprint(of: faces, now: now)
    }

    private static func fingerprint(of faces: [EnrolledFace], now: Date) -> Int {
        faces.filter { !$0.description.hasExpired(at: now) }.map(\.id).hashValue
    }

    /// - Returns: nil for fewer than two faces: the mean of one is the face.
    static func mean(of faces: [EnrolledFace], now: Date) -> Template? {
        let templates = faces.filter { !$0.description.hasExpired(at: now) }.map(\.template)
        return templates.count < 2 ? nil : try? Template.mean(of: templates)
    }
}
