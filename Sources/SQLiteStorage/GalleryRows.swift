import FaceRecognition
import Foundation
import GRDB

// Galleries and faces as rows.
extension Database {
    func galleries() throws -> [GalleryDescription] {
        try Row.fetchAll(self, sql: "SELECT \(galleryColumns) FROM gallery ORDER BY name").map {
            try $0.gallery().description
        }
    }

    /// What a gallery is; counted through.
    func description(of name: GalleryName) throws -> GalleryDescription { try found(name, counting: true).description }

    /// A gallery's faces in codes, every template read and checked.
    func index(of name: GalleryName) throws -> GalleryIndex {
        let (key, description) = try found(name)
        var index = try GalleryIndex(model: description.model, dimension: description.dimension)
        let rows = try Row.fetchCursor(
            self, sql: "SELECT \(faceColumns) FROM face WHERE gallery = ? ORDER BY number", arguments: [key])
        var entries: [GalleryIndex.Entry] = []
        while let row = try rows.next() {
            let face = try row.face(in: description)
            entries.append(face.entry(row: row[Row.numberColumn]))
            // In lots, so that the templates of a large gallery are not all in memory at once.
            if entries.count == 4_096 {
                try index.append(entries)
                entries.removeAll(keepingCapacity: true)
            }
        }
        try index.append(entries)
        return index
    }

    /// The faces of these rows, in their order; nil for one that is gone.
    func faces(rows: [Int64], in name: GalleryName) throws -> [EnrolledFace?] {
        guard let (key, description) = try galleryRow(name) else { return rows.map { _ in nil } }
        let statement = try cachedStatement(
            sql: "SELECT \(faceColumns) FROM face WHERE number = ? AND gallery = ?")
        return try rows.map { try Row.fetchOne(statement, arguments: [$0, key])?.face(in: description) }
    }

    func faces(in name: GalleryName, _ which: FaceSelection?) throws -> [EnrolledFaceDescription] {
        let (key, description) = try found(name)
        let (condition, value): (String, (any DatabaseValueConvertible)?) =
            switch which {
            case nil: ("", nil)
            case .face(let id): ("AND id = ?", id.rawValue)
            case .person(let person): ("AND person = ?", person)
            }
        let rows = try Row.fetchCursor(
            self, sql: "SELECT \(faceColumns) FROM face WHERE gallery = ? \(condition) ORDER BY number",
            arguments: [key] + StatementArguments([value].compactMap { $0 }))
        var faces: [EnrolledFaceDescription] = []
        while let row = try rows.next() { faces.append(try row.face(in: description).description) }
        return faces
    }

    func faces(from photograph: PhotographDigest, in name: GalleryName) throws -> [EnrolledFace] {
        guard let (key, description) = try galleryRow(name) else { return [] }
        return try Row.fetchAll(
            self, sql: "SELECT \(faceColumns) FROM face WHERE gallery = ? AND photograph = ? ORDER BY number",
            arguments: [key, photograph.bytes]
        ).map { try $0.face(in: description) }
    }

    /// To be called in a transaction.
    /// - Returns: the rows of the faces that were added or removed, where it is about some.
    func apply(_ change: GalleryChange) throws -> [Int64] {
        switch change {
        case .create(let description):
            guard try galleryRow(description.name) == nil else {
                throw RecognitionError(
                    .galleryExists, "The gallery \(description.name) is there already; choose another name.")
            }
            try insert(description)
            return []
        case .delete(let name):
            try execute(sql: "DELETE FROM gallery WHERE id = ?", arguments: [try found(name).key])
            try noteRemains()
            return []
        case .enrol(let faces, in: let description):
            let (key, gallery) = try galleryRow(description.name) ?? (try insert(description), description)
            for face in faces { try gallery.mustMatch(face.template) }
            let first = try takeNumbers(faces.count)
            let numbers = Array(first..<(first + Int64(faces.count)))
            for (face, number) in zip(faces, numbers) { try insert(face, number: number, in: gallery, key: key) }
            return numbers
        case .forget(let ids, in: let name):
            let key = try found(name).key
            var numbers: [Int64] = []
            for id in ids {
                numbers += try Int64.fetchAll(
                    self, sql: "DELETE FROM face WHERE gallery = ? AND id = ? RETURNING number",
                    arguments: [key, id.rawValue])
            }
            try noteRemains()
            return numbers
        }
    }

    /// Numbers that no face has had: a search that began before a face was forgotten must not come upon another one under
    /// its number.
    /// - Returns: the first of them.
    private func takeNumbers(_ count: Int) throws -> Int64 {
        guard let first = try Int64.fetchOne(self, sql: "SELECT next_face FROM installation") else {
            throw RecognitionError(
                .storageCorrupt, "The count of faces is missing from the database; restore a backup.")
        }
        try execute(sql: "UPDATE installation SET next_face = ?", arguments: [first + Int64(count)])
        return first
    }

    /// - Parameter counting: whether the description says how many faces and people there are, which costs a passage over
    ///   all of them: an enrolment must not pay for that.
    private func galleryRow(
        _ name: GalleryName, counting: Bool = false
    ) throws -> (key: Int64, description: GalleryDescription)? {
        let columns = counting ? galleryColumns : uncountedGalleryColumns
        return try Row.fetchOne(
            self, sql: "SELECT \(columns) FROM gallery WHERE name = ?", arguments: [name.rawValue])?.gallery()
    }

    private func found(
        _ name: GalleryName, counting: Bool = false
    ) throws -> (key: Int64, description: GalleryDescription) {
        guard let row = try galleryRow(name, counting: counting) else {
            throw RecognitionError(
                .galleryNotFound, "There is no gallery \(name); list the galleries to see their names.")
        }
        return row
    }

    @discardableResult
    private func insert(_ gallery: GalleryDescription) throws -> Int64 {
        try execute(
            sql: "INSERT INTO gallery (name, model, dimension, created) VALUES (?, ?, ?, ?)",
            arguments: [
                gallery.name.rawValue, gallery.model.rawValue, gallery.dimension,
                gallery.created.timeIntervalSinceReferenceDate,
            ])
        return lastInsertedRowID
    }

    private func insert(_ face: EnrolledFace, number: Int64, in gallery: GalleryDescription, key: Int64) throws {
        let it = face.description
        // The unique index would refuse it as well, but could not say which face it is.
        if let earlier = try String.fetchOne(
            self, sql: "SELECT id FROM face WHERE gallery = ? AND photograph = ?",
            arguments: [key, it.photograph.bytes])
        {
            throw RecognitionError(
                .overtaken,
                "The photograph was enrolled in the gallery \(gallery.name) meanwhile, as the face \(earlier); nothing was changed by this request, run it again."
            )
        }
        try execute(
            sql: """
                INSERT INTO face (number, gallery, id, person, external_id, photograph, x, y, width, height, confidence, enrolled,
                    template)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                number, key, it.id.rawValue, it.person, it.externalID, it.photograph.bytes, it.box.x, it.box.y,
                it.box.width,
                it.box.height, it.confidence, it.enrolled.timeIntervalSinceReferenceDate,
                Data(littleEndian: face.template.components),
            ])
    }
}

private let galleryColumns = """
    id, name, model, dimension, created, (SELECT count(*) FROM face WHERE gallery = gallery.id),
    (SELECT count(DISTINCT person) FROM face WHERE gallery = gallery.id)
    """

private let uncountedGalleryColumns = "id, name, model, dimension, created, 0, 0"

private let faceColumns =
    "id, person, external_id, photograph, x, y, width, height, confidence, enrolled, template, number"

extension Row {
    /// A row of `galleryColumns`.
    fileprivate func gallery() throws -> (key: Int64, description: GalleryDescription) {
        guard let key: Int64 = value(0), let text: String = value(1), let name = try? GalleryName(text),
            let model: String = value(2), let dimension: Int = value(3), let created: Double = value(4),
            let faces: Int = value(5), let people: Int = value(6)
        else {
            throw RecognitionError(.storageCorrupt, "The list of galleries has a damaged row; restore a backup.")
        }
        let description = GalleryDescription(
            name: name, model: TemplateModelID(rawValue: model), dimension: dimension,
            created: Date(timeIntervalSinceReferenceDate: created), faces: faces, people: people)
        return (key, description)
    }

    fileprivate static let numberColumn = 11

    /// A row of `faceColumns`.
    fileprivate func face(in gallery: GalleryDescription) throws -> EnrolledFace {
        let stored: String? = value(0)
        func damaged(_ detail: String) -> RecognitionError {
            let which = stored.flatMap(FaceID.init)?.rawValue ?? "of unreadable id"
            return RecognitionError(
                .storageCorrupt, "The gallery \(gallery.name) has a damaged row, the face \(which); restore a backup.",
                detail: detail)
        }
        guard let id = stored.flatMap(FaceID.init), let photograph: Data = value(3), let x: Double = value(4),
            let y: Double = value(5), let width: Double = value(6), let height: Double = value(7),
            let confidence: Double = value(8), let enrolled: Double = value(9), let blob: Data = value(10)
        else { throw damaged("a column is missing or of another type") }
        guard let components = [Float](littleEndian: blob), components.count == gallery.dimension else {
            throw damaged("the template has \(blob.count) bytes, not \(4 * gallery.dimension)")
        }
        let template: Template
        do { template = try Template(model: gallery.model, unitLength: components) } catch let error as RecognitionError
        {
            throw damaged(error.message)
        }
        let description = EnrolledFaceDescription(
            id: id, person: value(1), externalID: value(2), photograph: PhotographDigest(bytes: photograph),
            box: BoundingBox(x: x, y: y, width: width, height: height), confidence: confidence,
            enrolled: Date(timeIntervalSinceReferenceDate: enrolled))
        return EnrolledFace(description: description, template: template)
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
    func entry(row: Int64) -> GalleryIndex.Entry {
        GalleryIndex.Entry(
            row: row, template: template, enrolled: Int64(description.enrolled.timeIntervalSince1970 * 1_000))
    }
}
