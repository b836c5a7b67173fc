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

    func gallery(_ name: GalleryName) throws -> Gallery {
        let (key, description) = try found(name, counting: true)
        let rows = try Row.fetchCursor(
            self, sql: "SELECT \(faceColumns) FROM face WHERE gallery = ? ORDER BY number", arguments: [key])
        var faces: [EnrolledFace] = []
        faces.reserveCapacity(description.faces)
        while let row = try rows.next() { faces.append(try row.face(in: description)) }
        return try Gallery(description, faces: faces)
    }

    func faces(from photograph: PhotographDigest, in name: GalleryName) throws -> [EnrolledFace] {
        guard let (key, description) = try galleryRow(name) else { return [] }
        return try Row.fetchAll(
            self, sql: "SELECT \(faceColumns) FROM face WHERE gallery = ? AND photograph = ? ORDER BY number",
            arguments: [key, photograph.bytes]
        ).map { try $0.face(in: description) }
    }

    /// To be called in a transaction.
    func apply(_ change: GalleryChange) throws {
        switch change {
        case .create(let description):
            guard try galleryRow(description.name) == nil else {
                throw RecognitionError(
                    .galleryExists, "The gallery \(description.name) is there already; choose another name.")
            }
            try insert(description)
        case .delete(let name):
            try execute(sql: "DELETE FROM gallery WHERE id = ?", arguments: [try found(name).key])
            try noteRemains()
        case .enrol(let faces, in: let description):
            let (key, gallery) = try galleryRow(description.name) ?? (try insert(description), description)
            for face in faces {
                try gallery.mustMatch(face.template)
                try insert(face, in: gallery, key: key)
            }
        case .forget(let ids, in: let name):
            let key = try found(name).key
            for id in ids {
                try execute(sql: "DELETE FROM face WHERE gallery = ? AND id = ?", arguments: [key, id.rawValue])
            }
            try noteRemains()
        }
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

    private func insert(_ face: EnrolledFace, in gallery: GalleryDescription, key: Int64) throws {
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
                INSERT INTO face (gallery, id, person, external_id, photograph, x, y, width, height, confidence, enrolled,
                    template)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                key, it.id.rawValue, it.person, it.externalID, it.photograph.bytes, it.box.x, it.box.y, it.box.width,
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
    "id, person, external_id, photograph, x, y, width, height, confidence, enrolled, template"

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
