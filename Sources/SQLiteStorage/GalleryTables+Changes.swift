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
        case .create(let description):
            guard try galleryIfThere(description.name) == nil else {
                throw RecognitionError(
                    .galleryExists, "The gallery \(description.name) is there already; choose another name.")
            }
            try create(description)
            return RowChanges()
        case .delete(let name):
            try delete(gallery(name))
            return RowChanges()
        case .enrol(let faces, in: let description, replacing: let replaced):
            let gallery = try galleryIfThere(description.name) ?? create(description)
            var changes = RowChanges()
            try forget(replaced, in: gallery, &changes)
            try enrol(faces, in: gallery, &changes)
            return changes
        case .forget(let ids, in: let name):
            var changes = RowChanges()
            try forget(ids, in: gallery(name), &changes)
            return changes
        case .join(let ids, person: let name, in: let galleryName):
            return try join(ids, person: name, in: gallery(galleryName))
        case .leave(let ids, in: let name):
            return try leave(ids, in: gallery(name))
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
    private func enrol(
        _ faces: [EnrolledFace], in gallery: GalleryRow, _ changes: inout RowChanges, limitingPeople: Bool = true
    ) throws {
        let key = try key(of: gallery)
        var number = try take(faces.count, "next_face")
        var people: [String: Int64] = [:]
        var tally = Tally()
        let insertion = try db.cachedStatement(
            sql:
                "INSERT INTO face (number, gallery, live, id, photograph, expires, sealed) VALUES (?, ?, 1, ?, ?, ?, ?)"
        )
        for face in faces {
            try gallery.description.mustMatch(face.template)
            try refuseKnown(face, in: gallery)
            let expiry = gallery.description.expiry(
                asked: face.description.expires, enrolled: face.description.enrolled)
            let face = face.expiring(expiry)
            let sealed = try SealedFace.seal(face, with: key)
            tally.add(sealed)
            try insertion.execute(arguments: [
                number, gallery.number, face.id.bytes, face.description.photograph?.bytes,
                face.description.expires?.milliseconds, sealed,
            ])
            if gallery.description.keepsCrops, let crop = face.crop {
                try db.execute(
                    sql: "INSERT INTO crop (face, sealed) VALUES (?, ?)",
                    arguments: [number, try key.seal(crop.encoded, .crop, of: face.id.bytes)])
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
        if limitingPeople { for person in people.values { try refuseTooMany(person) } }
        try count(faces: faces.count, tally, in: gallery)
    }

    /// A photograph that is enrolled, or a face that is there, is not enrolled again.
    private func refuseKnown(_ face: EnrolledFace, in gallery: GalleryRow) throws {
        if let photograph = face.description.photograph,
            let earlier = try Data.fetchOne(
                db.cachedStatement(sql: "SELECT id FROM face WHERE photograph = ? AND gallery = ? AND live"),
                arguments: [photograph.bytes, gallery.number])
        {
            throw RecognitionError(
                .overtaken,
                "The photograph was enrolled in the gallery \(gallery.description.name) meanwhile, as the face \(FaceID(bytes: earlier)?.rawValue ?? "of unreadable id"); nothing was changed by this request, run it again."
            )
        }
        if try Int64.fetchOne(
            db.cachedStatement(sql: "SELECT number FROM face WHERE id = ? AND live"), arguments: [face.id.bytes]) != nil
        {
            throw RecognitionError(.overtaken, "The face \(face.id) is enrolled already; nothing was changed.")
        }
    }

    func forget(_ ids: [FaceID], in gallery: GalleryRow, _ changes: inout RowChanges) throws {
        let numbers = try numbers(of: ids, in: gallery).compactMap { $0 }
        guard !numbers.isEmpty else { return }
        var tally = Tally()
        var people: Set<Int64> = []
        for number in numbers {
            if let sealed = try Data.fetchOne(
                db.cachedStatement(sql: "SELECT sealed FROM face WHERE number = ?"), arguments: [number])
            {
                tally.add(sealed)
            }
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
        try forgetEmpty(people)
        changes.removed += numbers
        changes.people.formUnion(people.map(Int32.init(clamping:)))
        try count(faces: -numbers.count, tally, in: gallery)
        try db.execute(sql: "UPDATE installation SET holes = holes + ?", arguments: [numbers.count])
        try db.execute(sql: "UPDATE gallery SET snapshot_remains = 1 WHERE id = ?", arguments: [gallery.number])
        try db.note(.log)
    }

    // MARK: People

    private func join(_ ids: [FaceID], person name: String, in gallery: GalleryRow) throws -> RowChanges {
        let key = try key(of: gallery)
        let person = try self.person(name, in: gallery) ?? makePerson(name, in: gallery, key)
        var changes = RowChanges()
        var rows: [Int64] = []
        for (id, number) in zip(ids, try numbers(of: ids, in: gallery)) {
            guard let number else { throw RecognitionError.noFace(id, in: gallery.description.name) }
            switch try Int64.fetchOne(
                db, sql: "SELECT person FROM membership WHERE face = ?", arguments: [number])
            {
            case nil: try addMember(number, to: person)
            case person: continue
            default:
                throw RecognitionError(
                    .faceTaken,
                    "The face \(id) belongs to another person of the gallery \(gallery.description.name); let it leave that person first. Nothing was changed."
                )
            }
            rows.append(number)
        }
        try refuseTooMany(person)
        changes.assigned = [(Int32(clamping: person), rows)]
        changes.people = [Int32(clamping: person)]
        try count(faces: 0, Tally(), in: gallery)
        return changes
    }

    private func leave(_ ids: [FaceID], in gallery: GalleryRow) throws -> RowChanges {
        var changes = RowChanges()
        var rows: [Int64] = []
        var people: Set<Int64> = []
        for (id, number) in zip(ids, try numbers(of: ids, in: gallery)) {
            guard let number else { throw RecognitionError.noFace(id, in: gallery.description.name) }
            guard
                let person = try Int64.fetchOne(
                    db, sql: "DELETE FROM membership WHERE face = ? RETURNING person", arguments: [number])
            else { continue }
            people.insert(person)
            rows.append(number)
        }
        try forgetEmpty(people)
        changes.assigned = [(nil, rows)]
        changes.people = Set(people.map(Int32.init(clamping:)))
        try count(faces: 0, Tally(), in: gallery)
        try db.note(.log)
        return changes
    }

    private func makePerson(_ name: String, in gallery: GalleryRow, _ key: GalleryKey) throws -> Int64 {
        let number = try take(1, "next_person")
        let token = key.token(of: name)
        try db.cachedStatement(sql: "INSERT INTO person (number, gallery, live, token, sealed) VALUES (?, ?, 1, ?, ?)")
            .execute(arguments: [number, gallery.number, token, try key.seal(Data(name.utf8), .person, of: token)])
        try db.cachedStatement(sql: "UPDATE gallery SET people = people + 1 WHERE id = ?").execute(arguments: [
            gallery.number
        ])
        return number
    }

    private func addMember(_ face: Int64, to person: Int64) throws {
        try db.cachedStatement(sql: "INSERT INTO membership (face, person) VALUES (?, ?)").execute(arguments: [
            face, person,
        ])
    }

    /// Takes out those who have no face any more.
    private func forgetEmpty(_ people: Set<Int64>) throws {
        for person in people {
            try db.cachedStatement(
                sql: """
                    UPDATE gallery SET people = people - 1 WHERE id = (SELECT gallery FROM person WHERE number = :person)
                        AND NOT EXISTS (SELECT 1 FROM membership WHERE person = :person)
                    """
            ).execute(arguments: ["person": person])
            try db.cachedStatement(
                sql: """
                    UPDATE person SET live = 0, token = zeroblob(16), sealed = zeroblob(length(sealed))
                    WHERE number = :person AND NOT EXISTS (SELECT 1 FROM membership WHERE person = :person)
                    """
            ).execute(arguments: ["person": person])
        }
    }

    private func refuseTooMany(_ person: Int64) throws {
        let faces =
            try Int.fetchOne(
                db.cachedStatement(sql: "SELECT count(*) FROM membership WHERE person = ?"), arguments: [person]) ?? 0
        guard faces <= PersonDescription.maximumFaces else {
            throw RecognitionError(
                .personFull,
                "A person has at most \(PersonDescription.maximumFaces) faces in a gallery, and this one would have \(faces); nothing was changed. Forget some of them, or enrol without a person."
            )
        }
    }

    // MARK: Counting

    /// Numbers that no row has had: a search that began before a face was forgotten must not come upon another one under
    /// its number.
    /// - Returns: the first of them.
    private func take(_ count: Int, _ column: String) throws -> Int64 {
        guard let first = try Int64.fetchOne(db.cachedStatement(sql: "SELECT \(column) FROM installation")) else {
            throw RecognitionError(
                .storageCorrupt, "The count of faces is missing from the database; restore a backup.")
        }
        try db.cachedStatement(sql: "UPDATE installation SET \(column) = ?").execute(arguments: [first + Int64(count)])
        return first
    }

    private func count(faces: Int, _ tally: Tally, in gallery: GalleryRow) throws {
        let before = try Data.fetchOne(
            db.cachedStatement(sql: "SELECT tally FROM gallery WHERE id = ?"), arguments: [gallery.number])
        try db.cachedStatement(
            sql: "UPDATE gallery SET changes = changes + 1, faces = faces + ?, tally = ? WHERE id = ?"
        )
        .execute(arguments: [faces, tally.added(to: before ?? Data()), gallery.number])
    }
}

/// The tags of sealed faces, added without carry: each tag is in it or out of it, whatever the order.
struct Tally: Equatable {
    private(set) var bytes = [UInt8](repeating: 0, count: 16)

    mutating func add(_ sealed: Data) {
        for (i, byte) in sealed.suffix(16).enumerated() { bytes[i] ^= byte }
    }

    func added(to other: Data) -> Data { Data(zip(bytes, other + Data(count: 16)).map { $0 ^ $1 }) }
}

extension EnrolledFace {
    func with(_ id: FaceID) -> EnrolledFace {
        let it = description
        return EnrolledFace(
            description: EnrolledFaceDescription(
                id: id, person: it.person, externalID: it.externalID, photograph: it.photograph, box: it.box,
                confidence: it.confidence, enrolled: it.enrolled, expires: it.expires),
            template: template, crop: crop)
    }

    func expiring(_ expiry: Date?) -> EnrolledFace {
        let it = description
        guard it.expires != expiry else { return self }
        return EnrolledFace(
            description: EnrolledFaceDescription(
                id: it.id, person: it.person, externalID: it.externalID, photograph: it.photograph, box: it.box,
                confidence: it.confidence, enrolled: it.enrolled, expires: expiry),
            template: template, crop: crop)
    }
}

// MARK: From before there were keys

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
