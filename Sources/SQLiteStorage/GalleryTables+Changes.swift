import FaceRecognition
import Foundation
import GRDB

/// What a change did to a gallery's rows, for the codes in memory to follow.
struct RowChanges {
    var added: [GalleryIndex.Entry] = []
    var removed: [Int64] = []
    /// Rows that are another person's now; nil for nobody's.
    var assigned: [(person: Int32?, rows: [Int64])] = []
    /// People whose faces are others now.
    var people: Set<Int32> = []
}

extension GalleryTables {
    /// To be called in a transaction.
    func apply(_ change: GalleryChange) throws -> RowChanges {
        switch change {
        case .create(let description, let tags):
            guard try galleryIfThere(description.name) == nil else {
                throw RecognitionError(
                    .galleryExists, "The gallery \(description.name) is there already; choose another name.")
            }
            let gallery = try create(description)
            if !tags.isEmpty { try set(tags, of: gallery) }
            return RowChanges()
        case .delete(let name):
            try delete(gallery(name))
            return RowChanges()
        case .enrol(let faces, in: let description, replacing: let replaced, beside: let beside, let mustExist):
            let gallery =
                try mustExist ? gallery(as: description) : galleryIfThere(description.name) ?? create(description)
            var changes = RowChanges()
            try forget(replaced, in: gallery, &changes)
            if let beside { try refuseOthers(of: faces, than: beside, in: gallery) }
            try enrol(faces, in: gallery, &changes)
            return changes
        case .forget(let ids, in: let name, let person):
            var changes = RowChanges()
            let gallery = try gallery(name)
            try forget(ids, in: gallery, &changes)
            if let number = try person.flatMap({ try self.person($0, in: gallery) }) {
                // Only who was made by themselves is still there without a face.
                try forgetEmpty([number], evenLasting: true)
                try db.note(.log)
            }
            return changes
        case .join(let ids, person: let person, in: let name, let mustExist):
            return try join(ids, person: person, mustExist: mustExist, in: gallery(name))
        case .leave(let ids, in: let name, let person):
            return try leave(ids, of: person, in: gallery(name))
        case .createPerson(let person, in: let name):
            try createPerson(person, in: gallery(name))
            return RowChanges()
        case .deletePerson(let person, in: let name):
            return try deletePerson(person, in: gallery(name))
        case .tag(let name, let added, let removed):
            let gallery = try gallery(name)
            try set(GalleryTags.changed(tags(of: gallery), adding: added, removing: removed), of: gallery)
            return RowChanges()
        case .nothing(in: let name):
            _ = try gallery(name)
            return RowChanges()
        case .restore: preconditionFailure("A restoration is no change to rows of ours")
        }
    }

    // MARK: Galleries

    /// Its key is made durable first: rows that nobody could open must not be there after a crash. A key without a gallery,
    /// which a crash may leave, opens nothing.
    @discardableResult
    func create(_ gallery: GalleryDescription) throws -> GalleryRow {
        let key = GalleryKey()
        try keys.change { $0.adding(key) }
        try db.execute(
            sql: """
                INSERT INTO gallery (name, model, dimension, created, key, retention, keeps_crops)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                gallery.name.rawValue, gallery.model.rawValue, gallery.dimension,
                gallery.created.timeIntervalSinceReferenceDate, key.id.bytes, gallery.retention, gallery.keepsCrops,
            ])
        return try self.gallery(gallery.name)
    }

    func delete(_ gallery: GalleryRow, discardingKey: Bool = true) throws {
        for table in ["face", "person"] {
            try db.execute(sql: "DELETE FROM \(table) WHERE gallery = ?", arguments: [gallery.number])
        }
        try db.execute(sql: "DELETE FROM gallery WHERE id = ?", arguments: [gallery.number])
        if discardingKey {
            try db.execute(sql: "INSERT INTO discarded_key VALUES (?)", arguments: [gallery.key.bytes])
        }
        try db.note(.pages)
    }

    // MARK: Faces

    /// - Parameter limitingPeople: whether a person with too many faces is refused.
    func enrol(
        _ faces: [EnrolledFace], in gallery: GalleryRow, _ changes: inout RowChanges, limitingPeople: Bool = true
    ) throws {
        let key = try key(of: gallery)
        var number = try take(faces.count, "next_face")
        var people: [String: Int64] = [:]
        var tally = Tally(), bytes = 0
        let insertion = try db.cachedStatement(
            sql:
                "INSERT INTO face (number, gallery, live, id, photograph, expires, sealed) VALUES (?, ?, 1, ?, ?, ?, ?)"
        )
        for face in faces {
            try gallery.description.mustMatch(face.template)
            try refuseKnown(face)
            var face = face
            face.description.expires = gallery.description.expiry(
                asked: face.description.expires, enrolled: face.description.enrolled)
            let sealed = try SealedFace.seal(face, with: key)
            tally.add(sealed)
            bytes += sealed.count
            try insertion.execute(arguments: [
                number, gallery.number, face.id.bytes, face.description.photograph?.bytes,
                face.description.expires?.milliseconds, sealed,
            ])
            if gallery.description.keepsCrops, let crop = face.crop {
                let sealed = try key.seal(crop.encoded, .crop, of: face.id.bytes)
                bytes += sealed.count
                try db.execute(
                    sql: "INSERT INTO crop (face, sealed) VALUES (?, ?)", arguments: [number, sealed])
            }
            var person: Int64?
            if let name = face.description.person {
                person = try people[name] ?? self.person(name, in: gallery) ?? makePerson(name, in: gallery, key)
                people[name] = person
                try addMember(number, to: person!)
                changes.people.insert(Int32(clamping: person!))
            }
            changes.added.append(face.entry(row: number, person: person))
            number += 1
        }
        for person in people.values { try noteMembers(of: person, limiting: limitingPeople) }
        try count(faces: faces.count, bytes: bytes, tally, in: gallery)
    }

    /// Faces of the photographs that the request did not see: somebody else enrolled them meanwhile.
    private func refuseOthers(of faces: [EnrolledFace], than known: [FaceID], in gallery: GalleryRow) throws {
        for photograph in Set(faces.compactMap(\.description.photograph)) {
            let there = try Data.fetchAll(
                db.cachedStatement(sql: "SELECT id FROM face WHERE photograph = ? AND gallery = ? AND live"),
                arguments: [photograph.bytes, gallery.number]
            ).map(FaceID.init(bytes:))
            guard let other = there.first(where: { $0.map { !known.contains($0) } ?? true }) else { continue }
            throw RecognitionError(
                .overtaken,
                "The photograph was enrolled in the gallery \(gallery.description.name) meanwhile, as the face \(other?.rawValue ?? "of unreadable id"); nothing was changed by this request, run it again."
            )
        }
    }

    /// A face that is there is not enrolled again.
    private func refuseKnown(_ face: EnrolledFace) throws {
        if try Int64.fetchOne(
            db.cachedStatement(sql: "SELECT number FROM face WHERE id = ? AND live"), arguments: [face.id.bytes]) != nil
        {
            throw RecognitionError(.overtaken, "The face \(face.id) is enrolled already; nothing was changed.")
        }
    }

    /// - Parameter evenLasting: whether those go as well who were made by themselves, when their last face goes.
    func forget(
        _ ids: [FaceID], in gallery: GalleryRow, _ changes: inout RowChanges, evenLasting: Bool = false
    ) throws {
        let numbers = try numbers(of: ids, in: gallery).compactMap { $0 }
        guard !numbers.isEmpty else { return }
        var tally = Tally(), bytes = 0
        var people: Set<Int64> = []
        for number in numbers {
            if let sealed = try Data.fetchOne(
                db.cachedStatement(sql: "SELECT sealed FROM face WHERE number = ?"), arguments: [number])
            {
                tally.add(sealed)
                bytes += sealed.count
            }
            bytes +=
                try Int.fetchOne(
                    db.cachedStatement(sql: "SELECT length(sealed) FROM crop WHERE face = ?"), arguments: [number]) ?? 0
            // In its place: the new row has exactly the old one's length.
            try db.cachedStatement(
                sql: """
                    UPDATE face SET live = 0, id = zeroblob(16), sealed = zeroblob(length(sealed)),
                        photograph = CASE WHEN photograph IS NULL THEN NULL ELSE zeroblob(32) END
                    WHERE number = ?
                    """
            ).execute(arguments: [number])
            try db.cachedStatement(sql: "UPDATE crop SET sealed = zeroblob(length(sealed)) WHERE face = ?")
                .execute(arguments: [number])
            if let person = try Int64.fetchOne(
                db.cachedStatement(sql: "DELETE FROM membership WHERE face = ? RETURNING person"), arguments: [number])
            {
                people.insert(person)
            }
        }
        try forgetEmpty(people, evenLasting: evenLasting)
        changes.removed += numbers
        changes.people.formUnion(people.map(Int32.init(clamping:)))
        try count(faces: -numbers.count, bytes: -bytes, tally, in: gallery)
        try db.execute(sql: "UPDATE installation SET holes = holes + ?", arguments: [numbers.count])
        try db.execute(sql: "UPDATE gallery SET snapshot_remains = 1 WHERE id = ?", arguments: [gallery.number])
        try db.note(.log)
    }

    // MARK: Counting

    /// Numbers that no row has had: a search that began before a face was forgotten must not come upon another one under
    /// its number.
    /// - Returns: the first of them.
    func take(_ count: Int, _ column: String) throws -> Int64 {
        guard let first = try Int64.fetchOne(db.cachedStatement(sql: "SELECT \(column) FROM installation")) else {
            throw RecognitionError(
                .storageCorrupt, "The count of faces is missing from the database; restore a backup.")
        }
        try db.cachedStatement(sql: "UPDATE installation SET \(column) = ?").execute(arguments: [first + Int64(count)])
        return first
    }

    /// Notes a change of the gallery, and what it did to the sums.
    func count(faces: Int = 0, bytes: Int = 0, _ tally: Tally = Tally(), in gallery: GalleryRow) throws {
        let before = try Data.fetchOne(
            db.cachedStatement(sql: "SELECT tally FROM gallery WHERE id = ?"), arguments: [gallery.number])
        try db.cachedStatement(
            sql:
                "UPDATE gallery SET changes = changes + 1, faces = faces + ?, bytes = bytes + ?, tally = ? WHERE id = ?"
        )
        .execute(arguments: [faces, bytes, tally.added(to: before ?? Data()), gallery.number])
    }
}
