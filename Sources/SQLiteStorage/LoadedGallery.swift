import FaceRecognition
import Foundation
import GRDB

/// A gallery's codes in memory, with what it takes to keep them true.
struct LoadedGallery: Sendable {
    /// Below this, reading the templates takes less time than is worth a file.
    static let leastFacesOfSnapshot = 16_384

    let number: Int64
    let key: UUID
    /// The gallery's count of changes that the codes have followed.
    var changes: Int
    var index: GalleryIndex
    /// The mean templates of people, once somebody has searched for people.
    var means: PersonMeans?
    /// People whose mean is to be made anew.
    var changedPeople: Set<Int32> = []
    /// Rows by the beginning of their external id, as they were asked for since the last change.
    var prefixes: [String: Set<Int64>] = [:]
    /// Faces that the snapshot on disk does not have; nil when there is none.
    var missingInSnapshot: Int?

    /// Does to the codes what was done to the gallery.
    /// - Throws: when they cannot take it; they are to be loaded anew then.
    mutating func follow(_ rows: RowChanges, changes: Int) throws {
        try index.append(rows.added)
        index.remove(rows: rows.removed)
        for (person, some) in rows.assigned { try index.assign(person: person, rows: some) }
        changedPeople.formUnion(rows.people)
        if !(rows.added.isEmpty && rows.removed.isEmpty) { prefixes.removeAll() }
        missingInSnapshot = rows.removed.isEmpty ? missingInSnapshot.map { $0 + rows.added.count } : nil
        self.changes = changes
    }

    /// Whether a new snapshot would save the next opening time: there is none, or a tenth of the faces is not in it.
    var wantsSnapshot: Bool {
        index.count >= Self.leastFacesOfSnapshot && (missingInSnapshot.map { $0 > index.count / 10 } ?? true)
    }
}

extension GalleryTables {
    /// A gallery's codes: from its snapshot and what was enrolled since, or from its templates.
    /// - Parameter progress: told how many of how many faces are there, now and then.
    func load(
        _ gallery: GalleryRow, from snapshots: SnapshotFolder, progress: (Int, Int) -> Void
    ) throws -> LoadedGallery {
        let total = gallery.description.faces
        let key = try key(of: gallery)
        if let content = snapshots.read(of: gallery.description, key: key, advance: { progress($0, total) }) {
            var loaded = LoadedGallery(
                number: gallery.number, key: gallery.key, changes: gallery.changes, index: content.index,
                missingInSnapshot: 0)
            if content.changes == gallery.changes { return loaded }
            // Nothing was forgotten since, or the snapshot would have been destroyed.
            loaded.missingInSnapshot = total - content.index.count
            try append(to: &loaded.index, of: gallery, total, progress)
            try assignPeople(in: &loaded.index, of: gallery)
            if loaded.index.count == total { return loaded }
        }
        var index = try GalleryIndex(model: gallery.description.model, dimension: gallery.description.dimension)
        try append(to: &index, of: gallery, total, progress)
        return LoadedGallery(number: gallery.number, key: gallery.key, changes: gallery.changes, index: index)
    }

    /// The mean templates of all people, or of those who have changed.
    func update(_ means: inout PersonMeans?, of gallery: GalleryRow, changed: Set<Int32>, now: Date) throws {
        var people = changed
        if means == nil {
            means = try PersonMeans(model: gallery.description.model, dimension: gallery.description.dimension)
            people = Set(
                try Int32.fetchAll(
                    db, sql: "SELECT number FROM person WHERE gallery = ? AND live", arguments: [gallery.number]))
        } else {
            people.formUnion(means!.outdated(at: now))
        }
        for person in people {
            try means!.update(person, faces: faces(ofPerson: Int64(person), in: gallery), now: now)
        }
    }

    /// Adds the faces that come after those that are there.
    private func append(
        to index: inout GalleryIndex, of gallery: GalleryRow, _ total: Int, _ progress: (Int, Int) -> Void
    ) throws {
        let reader = FaceReader(gallery: gallery, key: try key(of: gallery), people: self)
        let rows = try Row.fetchCursor(
            db,
            sql:
                "SELECT \(FaceReader.columns) WHERE face.gallery = ? AND live AND face.number > ? ORDER BY face.number",
            arguments: [gallery.number, index.lastRow ?? 0])
        var entries: [GalleryIndex.Entry] = []
        // In lots, so that the templates of a large gallery are not all in memory at once.
        func appendLot() throws {
            try index.append(entries)
            entries.removeAll(keepingCapacity: true)
            progress(index.count, total)
        }
        while let row = try rows.next() {
            let (number, face) = try reader.face(row, named: false)
            entries.append(face.entry(row: number, person: row.value(5)))
            if entries.count == 4_096 { try appendLot() }
        }
        try appendLot()
    }

    private func assignPeople(in index: inout GalleryIndex, of gallery: GalleryRow) throws {
        try index.assign(person: nil, rows: index.rows)
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT person.number, membership.face FROM person JOIN membership ON membership.person = person.number
                WHERE gallery = ? AND live
                """, arguments: [gallery.number])
        while let row = try rows.next() {
            guard let person: Int64 = row.value(0), let face: Int64 = row.value(1) else { continue }
            try index.assign(person: Int32(clamping: person), rows: CollectionOfOne(face))
        }
    }
}
