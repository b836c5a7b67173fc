import FaceRecognition
import Foundation
import GRDB

// Reading people.
extension GalleryTables {
    /// A person's number; nil for somebody who is not there.
    func person(_ name: String, in gallery: GalleryRow) throws -> Int64? {
        try Int64.fetchOne(
            db.cachedStatement(sql: "SELECT number FROM person WHERE gallery = ? AND token = ? AND live"),
            arguments: [gallery.number, key(of: gallery).token(of: name)])
    }

    /// In the order in which they were made.
    func people(
        in gallery: GalleryRow, where condition: String = "", _ arguments: StatementArguments = [], count: Int = .max
    ) throws -> [(number: Int64, person: PersonDescription)] {
        let key = try key(of: gallery)
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT number, token, sealed, (SELECT count(*) FROM membership WHERE person = person.number),
                    (SELECT NOT had_faces FROM lasting_person WHERE person = person.number)
                FROM person WHERE gallery = ? AND live \(condition) ORDER BY number LIMIT ?
                """, arguments: [gallery.number] + arguments + [count])
        var people: [(Int64, PersonDescription)] = []
        while let row = try rows.next() {
            people.append(
                (
                    row.value(0) ?? 0,
                    PersonDescription(
                        name: try name(row.value(1), row.value(2), key, gallery), faces: row.value(3) ?? 0,
                        status: row.value(4) == true ? .created : .active)
                ))
        }
        return people
    }

    func people(in gallery: GalleryRow, after row: Int64?, count: Int) throws -> PersonPage {
        let some = try people(in: gallery, where: "AND number > ?", [row ?? 0], count: count + 1)
        return PersonPage(
            people: some.prefix(count).map(\.person), next: some.count > count ? some[count - 1].number : nil)
    }

    func description(ofPerson name: String, in gallery: GalleryRow) throws -> PersonDescription? {
        guard let number = try person(name, in: gallery) else { return nil }
        return try people(in: gallery, where: "AND number = ?", [number]).first?.person
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
}

// People gather faces and let them go.
extension GalleryTables {
    func join(
        _ ids: [FaceID], person name: String, mustExist: Bool, in gallery: GalleryRow
    ) throws -> RowChanges {
        let known = try self.person(name, in: gallery)
        if mustExist, known == nil { throw RecognitionError.noSuchPerson(in: gallery.description.name) }
        // Nobody is made by no face.
        guard !ids.isEmpty else { return RowChanges() }
        let person = try known ?? makePerson(name, in: gallery, key(of: gallery))
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
        try noteMembers(of: person)
        changes.assigned = [(Int32(clamping: person), rows)]
        changes.people = [Int32(clamping: person)]
        try count(in: gallery)
        return changes
    }

    /// - Parameter name: whose the faces are, when the request has seen that.
    func leave(_ ids: [FaceID], of name: String?, in gallery: GalleryRow) throws -> RowChanges {
        let owner = try name.map { try person($0, in: gallery) ?? -1 }
        var changes = RowChanges()
        var rows: [Int64] = []
        var people: Set<Int64> = []
        for (id, number) in zip(ids, try numbers(of: ids, in: gallery)) {
            guard let number else {
                throw owner == nil ? RecognitionError.noFace(id, in: gallery.description.name) : Self.overtaken(id)
            }
            let person = try Int64.fetchOne(
                db.cachedStatement(sql: "DELETE FROM membership WHERE face = ? RETURNING person"), arguments: [number])
            if let owner, person != owner, !rows.contains(number) { throw Self.overtaken(id) }
            guard let person else { continue }
            people.insert(person)
            rows.append(number)
        }
        try forgetEmpty(people)
        changes.assigned = [(nil, rows)]
        changes.people = Set(people.map(Int32.init(clamping:)))
        try count(in: gallery)
        try db.note(.log)
        return changes
    }

    private static func overtaken(_ face: FaceID) -> RecognitionError {
        RecognitionError(
            .overtaken,
            "The face \(face) was forgotten or became somebody else's meanwhile; nothing was changed, run it again.")
    }

    func addMember(_ face: Int64, to person: Int64) throws {
        try db.cachedStatement(sql: "INSERT INTO membership (face, person) VALUES (?, ?)").execute(arguments: [
            face, person,
        ])
    }

    /// To be called when a person has new faces.
    /// - Parameter limiting: whether a person with too many faces is refused.
    func noteMembers(of person: Int64, limiting: Bool = true) throws {
        try db.cachedStatement(sql: "UPDATE lasting_person SET had_faces = 1 WHERE person = ?").execute(arguments: [
            person
        ])
        let faces =
            try Int.fetchOne(
                db.cachedStatement(sql: "SELECT count(*) FROM membership WHERE person = ?"), arguments: [person]) ?? 0
        guard !limiting || faces <= PersonDescription.maximumFaces else {
            throw RecognitionError(
                .personFull,
                "A person has at most \(PersonDescription.maximumFaces) faces in a gallery, and this one would have \(faces); nothing was changed. Forget some of them, or enrol without a person."
            )
        }
    }
}

// People come and go.
extension GalleryTables {
    func createPerson(_ name: String, in gallery: GalleryRow) throws {
        guard try person(name, in: gallery) == nil else {
            throw RecognitionError(
                .personExists,
                "The gallery \(gallery.description.name) has a person of this name already; choose another name.")
        }
        let number = try makePerson(name, in: gallery, key(of: gallery))
        try db.execute(sql: "INSERT INTO lasting_person (person) VALUES (?)", arguments: [number])
    }

    func deletePerson(_ name: String, in gallery: GalleryRow) throws -> RowChanges {
        guard let number = try person(name, in: gallery) else {
            throw RecognitionError.noSuchPerson(in: gallery.description.name)
        }
        let rows = try Int64.fetchAll(
            db, sql: "DELETE FROM membership WHERE person = ? RETURNING face", arguments: [number])
        try forgetPerson(number)
        var changes = RowChanges()
        changes.assigned = [(nil, rows)]
        changes.people = [Int32(clamping: number)]
        try count(in: gallery)
        try db.note(.log)
        return changes
    }

    func makePerson(_ name: String, in gallery: GalleryRow, _ key: GalleryKey) throws -> Int64 {
        let number = try take(1, "next_person")
        let token = key.token(of: name)
        let sealed = try key.seal(Data(name.utf8), .person, of: token)
        try db.cachedStatement(sql: "INSERT INTO person (number, gallery, live, token, sealed) VALUES (?, ?, 1, ?, ?)")
            .execute(arguments: [number, gallery.number, token, sealed])
        try db.cachedStatement(sql: "UPDATE gallery SET people = people + 1, bytes = bytes + ? WHERE id = ?")
            .execute(arguments: [sealed.count, gallery.number])
        return number
    }

    /// Takes out those who have no face any more, unless they were made by themselves.
    func forgetEmpty(_ people: Set<Int64>, evenLasting: Bool = false) throws {
        for person in people {
            let stays = try Bool.fetchOne(
                db.cachedStatement(
                    sql: """
                        SELECT EXISTS (SELECT 1 FROM membership WHERE person = :person)
                            OR NOT :evenLasting AND EXISTS (SELECT 1 FROM lasting_person WHERE person = :person)
                        """), arguments: ["person": person, "evenLasting": evenLasting])
            if stays == false { try forgetPerson(person) }
        }
    }

    /// Overwrites the name in its place. The person must have no face any more.
    func forgetPerson(_ number: Int64) throws {
        try db.cachedStatement(
            sql: """
                UPDATE gallery SET people = people - 1,
                    bytes = bytes - (SELECT length(sealed) FROM person WHERE number = :person)
                WHERE id = (SELECT gallery FROM person WHERE number = :person AND live)
                """
        ).execute(arguments: ["person": number])
        try db.cachedStatement(
            sql: "UPDATE person SET live = 0, token = zeroblob(16), sealed = zeroblob(length(sealed)) WHERE number = ?"
        ).execute(arguments: [number])
        try db.cachedStatement(sql: "DELETE FROM lasting_person WHERE person = ?").execute(arguments: [number])
    }
}
