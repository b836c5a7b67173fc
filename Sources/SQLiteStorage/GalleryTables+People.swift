import FaceRecognition
import Foundation
import GRDB

// People gather faces and let them go.
extension GalleryTables {
    func join(_ ids: [FaceID], person name: String, in gallery: GalleryRow) throws -> RowChanges {
        // Nobody is there without a face.
        guard !ids.isEmpty else { return RowChanges() }
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

    func leave(_ ids: [FaceID], in gallery: GalleryRow) throws -> RowChanges {
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

    func makePerson(_ name: String, in gallery: GalleryRow, _ key: GalleryKey) throws -> Int64 {
        let number = try take(1, "next_person")
        let token = key.token(of: name)
        try db.cachedStatement(sql: "INSERT INTO person (number, gallery, live, token, sealed) VALUES (?, ?, 1, ?, ?)")
            .execute(arguments: [number, gallery.number, token, try key.seal(Data(name.utf8), .person, of: token)])
        try db.cachedStatement(sql: "UPDATE gallery SET people = people + 1 WHERE id = ?").execute(arguments: [
            gallery.number
        ])
        return number
    }

    func addMember(_ face: Int64, to person: Int64) throws {
        try db.cachedStatement(sql: "INSERT INTO membership (face, person) VALUES (?, ?)").execute(arguments: [
            face, person,
        ])
    }

    /// Takes out those who have no face any more.
    func forgetEmpty(_ people: Set<Int64>) throws {
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

    func refuseTooMany(_ person: Int64) throws {
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
}
