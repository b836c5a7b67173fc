import FaceRecognition
import Foundation
import GRDB

/// What a search reads of one of the store's galleries.
struct StoredRows: GalleryRows {
    let store: SQLiteStore
    let gallery: GalleryRow

    func faces(_ rows: [Int64]) throws -> [EnrolledFace?] {
        try store.reading { try store.tables($0).faces(rows: rows, in: gallery) }
    }

    func number(ofPerson name: String) throws -> Int32? {
        try store.reading { try store.tables($0).person(name, in: gallery).map(Int32.init(clamping:)) }
    }

    func faces(ofPerson number: Int32) throws -> [EnrolledFace] {
        try store.reading { try store.tables($0).faces(ofPerson: Int64(number), in: gallery) }
    }

    func rows(externalIDPrefix prefix: String) throws -> Set<Int64> {
        if let known = store.knownRows(externalIDPrefix: prefix, of: gallery) { return known }
        return try store.reading { db in
            var rows: Set<Int64> = []
            try store.tables(db).faces(in: gallery) { row, face in
                if face.description.externalID?.hasPrefix(prefix) ?? false { rows.insert(row) }
                return true
            }
            store.note(
                rows, externalIDPrefix: prefix, of: gallery,
                changes: try store.tables(db).gallery(gallery.description.name).changes)
            return rows
        }
    }
}
