import FaceRecognition
import Foundation
import GRDB

/// What a search reads of one of the store's galleries.
struct StoredRows: GalleryRows {
    let store: SQLiteStore
    let gallery: GalleryRow

    func faces(_ rows: [Int64]) throws -> [EnrolledFace?] {
        try reading { tables, _ in try tables.faces(rows: rows, in: gallery) }
    }

    func number(ofPerson name: String) throws -> Int32? {
        try reading { tables, _ in try tables.person(name, in: gallery).map(Int32.init(clamping:)) }
    }

    func faces(ofPerson number: Int32) throws -> [EnrolledFace] {
        try reading { tables, _ in try tables.faces(ofPerson: Int64(number), in: gallery) }
    }

    func rows(externalIDPrefix prefix: String) throws -> Set<Int64> {
        if let known = store.knownRows(externalIDPrefix: prefix, of: gallery) { return known }
        return try reading { tables, now in
            var rows: Set<Int64> = []
            try tables.faces(in: gallery) { row, face in
                if face.description.externalID?.hasPrefix(prefix) ?? false { rows.insert(row) }
                return true
            }
            store.note(rows, externalIDPrefix: prefix, of: gallery, changes: now.changes)
            return rows
        }
    }

    /// - Parameter body: is given the gallery as it is now.
    /// - Throws: `.galleryNotFound` when the gallery was deleted since the search began: its key is gone then, and one
    ///   that has its name by now is another.
    private func reading<Result>(_ body: (GalleryTables, GalleryRow) throws -> Result) throws -> Result {
        try store.reading { db in
            let tables = store.tables(db), name = gallery.description.name
            guard let now = try tables.galleryIfThere(name), now.key == gallery.key else {
                throw RecognitionError(
                    .galleryNotFound, "The gallery \(name) was deleted meanwhile; list the galleries to see their names.")
            }
            return try body(tables, now)
        }
    }
}
