import FaceRecognition
import Foundation
import GRDB

// From before there were keys.
extension GalleryTables {
    /// Seals what version 2 of the file kept plainly.
    func sealVersion2() throws {
        for old in try Row.fetchAll(db, sql: "SELECT id, name, model, dimension, created FROM gallery_v2 ORDER BY id") {
            guard let key: Int64 = old.value(0), let name = try (old.value(1) as String?).map(GalleryName.init),
                let model: String = old.value(2), let dimension: Int = old.value(3), let created: Double = old.value(4)
            else {
                throw RecognitionError(.storageCorrupt, "The list of galleries has a damaged row; restore a backup.")
            }
            let gallery = try create(
                GalleryDescription(
                    name: name, model: TemplateModelID(rawValue: model), dimension: dimension,
                    created: Date(timeIntervalSinceReferenceDate: created)))
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT id, person, external_id, photograph, x, y, width, height, confidence, enrolled, template
                    FROM face_v2 WHERE gallery = ? ORDER BY number
                    """, arguments: [key])
            // A person may have had more faces than one may have now: they keep them.
            var faces: [EnrolledFace] = []
            func enrolSome() throws {
                var changes = RowChanges()
                try enrol(faces, in: gallery, &changes, limitingPeople: false)
                faces.removeAll(keepingCapacity: true)
            }
            while let row = try rows.next() {
                faces.append(try version2(row, in: gallery.description))
                if faces.count == 1_024 { try enrolSome() }
            }
            try enrolSome()
        }
    }

    private func version2(_ row: Row, in gallery: GalleryDescription) throws -> EnrolledFace {
        let stored: String? = row.value(0)
        guard let id = stored.flatMap(FaceID.init), let photograph: Data = row.value(3), let x: Double = row.value(4),
            let y: Double = row.value(5), let width: Double = row.value(6), let height: Double = row.value(7),
            let confidence: Double = row.value(8), let enrolled: Double = row.value(9), let blob: Data = row.value(10),
            let components = [Float](littleEndian: blob), components.count == gallery.dimension,
            let template = try? Template(model: gallery.model, unitLength: components)
        else {
            throw RecognitionError(
                .storageCorrupt,
                "The gallery \(gallery.name) has a damaged row, the face \(stored.flatMap(FaceID.init)?.rawValue ?? "of unreadable id"); restore a backup."
            )
        }
        return EnrolledFace(
            description: EnrolledFaceDescription(
                id: id, person: row.value(1), externalID: row.value(2), photograph: PhotographDigest(bytes: photograph),
                box: BoundingBox(x: x, y: y, width: width, height: height), confidence: confidence,
                enrolled: Date(timeIntervalSinceReferenceDate: enrolled)),
            template: template)
    }
}
