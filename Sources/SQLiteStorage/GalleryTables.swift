import FaceRecognition
import Foundation
import GRDB

/// A gallery's row.
struct GalleryRow {
    let number: Int64
    let description: GalleryDescription
    let key: UUID
    /// Counts changes.
    let changes: Int
    let checked: Date?
    /// Of the sealed faces, names and crops.
    let bytes: Int
}

/// Galleries, faces and people as rows, sealed with their gallery's key.
struct GalleryTables {
    let db: Database
    let keys: Keys

    // MARK: Galleries

    func galleries() throws -> [GalleryRow] {
        try Row.fetchAll(db.cachedStatement(sql: "SELECT \(GalleryRow.columns) FROM gallery ORDER BY name"))
            .map { try GalleryRow($0) }
    }

    func galleryIfThere(_ name: GalleryName) throws -> GalleryRow? {
        try Row.fetchOne(
            db.cachedStatement(sql: "SELECT \(GalleryRow.columns) FROM gallery WHERE name = ?"),
            arguments: [name.rawValue]
        ).map { try GalleryRow($0) }
    }

    func gallery(_ name: GalleryName) throws -> GalleryRow {
        guard let row = try galleryIfThere(name) else {
            throw RecognitionError(
                .galleryNotFound, "There is no gallery \(name); list the galleries to see their names.")
        }
        return row
    }

    /// The gallery that was seen earlier, and no other that has its name by now.
    func gallery(as seen: GalleryDescription) throws -> GalleryRow {
        let row = try gallery(seen.name)
        guard row.description.created == seen.created else { throw RecognitionError.replaced(seen.name) }
        return row
    }

    func key(of gallery: GalleryRow) throws -> GalleryKey { try keys.key(gallery.key, of: gallery.description.name) }

    /// Adds up the bytes of what is sealed of the gallery `:gallery`. Cost: a passage over its rows.
    static let bytesOfRows = """
        SELECT coalesce((SELECT sum(length(sealed)) FROM face WHERE gallery = :gallery AND live), 0)
            + coalesce((SELECT sum(length(sealed)) FROM person WHERE gallery = :gallery AND live), 0)
            + coalesce((SELECT sum(length(crop.sealed)) FROM crop JOIN face ON face.number = crop.face
                WHERE face.gallery = :gallery AND face.live), 0)
        """

    // MARK: Reading faces

    /// Faces that fulfil a condition, in the order of their enrolment.
    /// - Parameter each: a face and its row; returns whether to go on.
    func faces(
        in gallery: GalleryRow, where condition: String = "", _ arguments: StatementArguments = [],
        each: (Int64, EnrolledFace) throws -> Bool
    ) throws {
        let reader = FaceReader(gallery: gallery, key: try key(of: gallery), people: self)
        let rows = try Row.fetchCursor(
            db, sql: "SELECT \(FaceReader.columns) WHERE face.gallery = ? AND live \(condition) ORDER BY face.number",
            arguments: [gallery.number] + arguments)
        while let row = try rows.next() {
            let (number, face) = try reader.face(row)
            guard try each(number, face) else { return }
        }
    }

    func faces(
        in gallery: GalleryRow, where condition: String = "", _ arguments: StatementArguments = []
    ) throws -> [EnrolledFace] {
        var all: [EnrolledFace] = []
        try faces(in: gallery, where: condition, arguments) {
            all.append($1)
            return true
        }
        return all
    }

    func faces(in gallery: GalleryRow, _ which: FaceSelection?) throws -> [EnrolledFace] {
        switch which {
        case nil: return try faces(in: gallery)
        case .face(let id): return try faces(in: gallery, where: "AND id = ?", [id.bytes])
        case .person(let name):
            guard let person = try person(name, in: gallery) else { return [] }
            return try faces(ofPerson: person, in: gallery)
        }
    }

    /// At most `count` faces after a row.
    func faces(
        in gallery: GalleryRow, of name: String?, among: [FaceID]?, after row: Int64, count: Int, now: Date
    ) throws -> FacePage {
        var conditions = ["AND face.number > ? AND (expires IS NULL OR expires > ?)"]
        var arguments: StatementArguments = [row, now.milliseconds]
        if let name {
            guard let person = try person(name, in: gallery) else {
                return FacePage(model: gallery.description.model, faces: [], next: nil)
            }
            conditions.append("AND face.number IN (SELECT face FROM membership WHERE person = ?)")
            arguments += [person]
        }
        if let among {
            let numbers = try numbers(of: among, in: gallery).compactMap { $0 }
            conditions.append("AND face.number IN (\(numbers.map(String.init).joined(separator: ", ")))")
        }
        var faces: [EnrolledFaceDescription] = [], next: Int64?, last: Int64?
        try self.faces(in: gallery, where: conditions.joined(separator: " "), arguments) {
            if faces.count == count {
                next = last
                return false
            }
            faces.append($1.description)
            last = $0
            return true
        }
        return FacePage(model: gallery.description.model, faces: faces, next: next)
    }

    func faces(ofPerson number: Int64, in gallery: GalleryRow) throws -> [EnrolledFace] {
        // So that SQLite looks the few faces up, rather than going through the gallery.
        try faces(
            in: gallery, where: "AND face.number IN (SELECT face FROM membership WHERE person = ?)", [number])
    }

    /// The faces of these rows, in their order; nil for one that is gone.
    func faces(rows: [Int64], in gallery: GalleryRow) throws -> [EnrolledFace?] {
        let reader = FaceReader(gallery: gallery, key: try key(of: gallery), people: self)
        let statement = try db.cachedStatement(
            sql: "SELECT \(FaceReader.columns) WHERE face.number = ? AND face.gallery = ? AND live")
        return try rows.map {
            try Row.fetchOne(statement, arguments: [$0, gallery.number]).map { try reader.face($0).face }
        }
    }

    /// The numbers of these faces' rows, in their order; nil for one that is not there.
    func numbers(of ids: [FaceID], in gallery: GalleryRow) throws -> [Int64?] {
        let statement = try db.cachedStatement(sql: "SELECT number FROM face WHERE id = ? AND gallery = ? AND live")
        return try ids.map { try Int64.fetchOne(statement, arguments: [$0.bytes, gallery.number]) }
    }

    func crop(of id: FaceID, in gallery: GalleryRow) throws -> FaceCrop? {
        guard
            let sealed = try Data.fetchOne(
                db,
                sql:
                    "SELECT crop.sealed FROM crop JOIN face ON face.number = crop.face WHERE id = ? AND gallery = ? AND live",
                arguments: [id.bytes, gallery.number])
        else { return nil }
        guard let crop = try key(of: gallery).open(sealed, .crop, of: id.bytes).flatMap(FaceCrop.init(encoded:)) else {
            throw damaged(gallery, "the crop of the face \(id)")
        }
        return crop
    }

    func damaged(_ gallery: GalleryRow, _ what: String) -> RecognitionError {
        RecognitionError(
            .storageCorrupt, "The gallery \(gallery.description.name) has a damaged row, \(what); restore a backup.")
    }
}

extension GalleryRow {
    static let columns =
        "id, name, model, dimension, created, key, retention, keeps_crops, changes, faces, people, checked, bytes"

    init(_ row: Row) throws {
        guard let number: Int64 = row.value(0), let text: String = row.value(1), let name = try? GalleryName(text),
            let model: String = row.value(2), let dimension: Int = row.value(3), let created: Double = row.value(4),
            let key = (row.value(5) as Data?).flatMap(UUID.init(bytes:)), let changes: Int = row.value(8),
            let faces: Int = row.value(9), let people: Int = row.value(10)
        else {
            throw RecognitionError(.storageCorrupt, "The list of galleries has a damaged row; restore a backup.")
        }
        self.number = number
        description = GalleryDescription(
            name: name, model: TemplateModelID(rawValue: model), dimension: dimension,
            created: Date(timeIntervalSinceReferenceDate: created), retention: row.value(6),
            keepsCrops: row.value(7) == true, faces: faces, people: people)
        self.key = key
        self.changes = changes
        checked = (row.value(11) as Double?).map(Date.init(timeIntervalSinceReferenceDate:))
        bytes = row.value(12) ?? 0
    }
}

extension Row {
    /// The column's value; nil when it is of another type, where GRDB's subscript would end the process. Only a damaged
    /// file has such values: the tables are strict.
    func value<Value: DatabaseValueConvertible>(_ column: Int) -> Value? {
        Value.fromDatabaseValue(self[column] as DatabaseValue)
    }
}

extension EnrolledFace {
    /// What the index of its gallery is told of it.
    func entry(row: Int64, person: Int64?) -> GalleryIndex.Entry {
        GalleryIndex.Entry(
            row: row, template: template, person: person.map(Int32.init(clamping:)),
            enrolled: description.enrolled.milliseconds, expires: description.expires?.milliseconds)
    }
}
