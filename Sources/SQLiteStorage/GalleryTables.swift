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
}

/// Galleries, faces and people as rows, sealed with their gallery's key.
struct GalleryTables {
    let db: Database
    let keys: Keys

    // MARK: Galleries

    func galleries() throws -> [GalleryRow] {
        try Row.fetchAll(db, sql: "SELECT \(GalleryRow.columns) FROM gallery ORDER BY name").map { try GalleryRow($0) }
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

    func key(of gallery: GalleryRow) throws -> GalleryKey { try keys.key(gallery.key, of: gallery.description.name) }

    /// Bytes of what is sealed. Cost: a passage over the gallery's rows.
    func bytes(of gallery: GalleryRow) throws -> Int {
        try Int.fetchOne(
            db,
            sql: """
                SELECT coalesce((SELECT sum(length(sealed)) FROM face WHERE gallery = :gallery AND live), 0)
                    + coalesce((SELECT sum(length(sealed)) FROM person WHERE gallery = :gallery AND live), 0)
                    + coalesce((SELECT sum(length(crop.sealed)) FROM crop JOIN face ON face.number = crop.face
                        WHERE face.gallery = :gallery AND face.live), 0)
                """, arguments: ["gallery": gallery.number]) ?? 0
    }

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

    // MARK: Reading people

    /// A person's number; nil for somebody who is not there.
    func person(_ name: String, in gallery: GalleryRow) throws -> Int64? {
        try Int64.fetchOne(
            db.cachedStatement(sql: "SELECT number FROM person WHERE gallery = ? AND token = ? AND live"),
            arguments: [gallery.number, key(of: gallery).token(of: name)])
    }

    /// By name.
    func people(in gallery: GalleryRow) throws -> [PersonDescription] {
        let key = try key(of: gallery)
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT token, sealed, (SELECT count(*) FROM membership WHERE person = person.number)
                FROM person WHERE gallery = ? AND live
                """, arguments: [gallery.number])
        var people: [PersonDescription] = []
        while let row = try rows.next() {
            people.append(
                PersonDescription(name: try name(row.value(0), row.value(1), key, gallery), faces: row.value(2) ?? 0))
        }
        return people.sorted { $0.name < $1.name }
    }

    func name(ofPerson number: Int64, in gallery: GalleryRow, _ key: GalleryKey) throws -> String {
        let row = try Row.fetchOne(
            db.cachedStatement(sql: "SELECT token, sealed FROM person WHERE number = ? AND live"), arguments: [number])
        return try name(row?.value(0), row?.value(1), key, gallery)
    }

    private func name(_ token: Data?, _ sealed: Data?, _ key: GalleryKey, _ gallery: GalleryRow) throws -> String {
        guard let token, let sealed, let plain = key.open(sealed, .person, of: token) else {
            throw damaged(gallery, "a person")
        }
        return String(decoding: plain, as: UTF8.self)
    }

    func damaged(_ gallery: GalleryRow, _ what: String) -> RecognitionError {
        RecognitionError(
            .storageCorrupt, "The gallery \(gallery.description.name) has a damaged row, \(what); restore a backup.")
    }
}

extension GalleryRow {
    static let columns =
        "id, name, model, dimension, created, key, retention, keeps_crops, changes, faces, people, checked"

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
    }
}

/// Opens faces' rows. Names are opened once for a person.
final class FaceReader {
    static let columns = """
        face.number, id, photograph, expires, face.sealed, person FROM face LEFT JOIN membership ON membership.face = face.number
        """

    private let gallery: GalleryRow
    private let key: GalleryKey
    private let people: GalleryTables
    private var names: [Int64: String] = [:]

    init(gallery: GalleryRow, key: GalleryKey, people: GalleryTables) {
        self.gallery = gallery
        self.key = key
        self.people = people
    }

    /// A row of `columns`.
    /// - Parameter named: whether the person's name is wanted.
    func face(_ row: Row, named: Bool = true) throws -> (row: Int64, face: EnrolledFace) {
        guard let number: Int64 = row.value(0), let id = (row.value(1) as Data?).flatMap(FaceID.init(bytes:)) else {
            throw people.damaged(gallery, "a face of unreadable id")
        }
        let person = named ? try (row.value(5) as Int64?).map(name) : nil
        guard let sealed: Data = row.value(4),
            let face = SealedFace.open(
                sealed, with: key, id: id, photograph: (row.value(2) as Data?).map(PhotographDigest.init(bytes:)),
                person: person, expires: row.value(3), of: gallery.description)
        else { throw people.damaged(gallery, "the face \(id)") }
        return (number, face)
    }

    private func name(_ number: Int64) throws -> String {
        if let name = names[number] { return name }
        let name = try people.name(ofPerson: number, in: gallery, key)
        names[number] = name
        return name
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
