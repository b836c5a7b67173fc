package import FaceRecognition
package import Foundation
import GRDB

// GRDB has a `Record` of its own.
package import struct FaceRecognition.Record

extension SQLiteStore: GalleryStore {
    package func galleries() async throws -> [GalleryDescription] {
        try await inTurn { [self] in try tables($0).galleries().map(\.description) }
    }

    /// Cost: the first time all codes are read from the snapshot, or made of all templates; then a look-up.
    /// - Throws: `.galleryNotFound`; `.keyMissing`; `.storageCorrupt` for a row that cannot be, with the gallery and the
    ///   face id.
    package func gallery(_ name: GalleryName, people: Bool = false) async throws -> Gallery {
        try await inTurn { [self] db in
            let (row, loaded) = try loaded(name, people: people, db)
            return Gallery(
                name, index: loaded.index, means: people ? loaded.means : nil,
                rows: StoredRows(store: self, gallery: row))
        }
    }

    package func description(of name: GalleryName) async throws -> GalleryDescription {
        try await inTurn { [self] in try tables($0).gallery(name).description }
    }

    /// Cost: a look-up.
    package func upkeep(of name: GalleryName) async throws -> GalleryUpkeep {
        try await inTurn { [self] db in
            let row = try tables(db).gallery(name)
            return GalleryUpkeep(
                key: row.key.uuidString.lowercased(),
                bytes: row.bytes + (snapshots.size(row.key) ?? 0),
                checked: row.checked)
        }
    }

    package func faces(in name: GalleryName, _ which: FaceSelection?) async throws -> [EnrolledFaceDescription] {
        try await inTurn { [self] db in
            let tables = tables(db)
            return try tables.faces(in: tables.gallery(name), which).map(\.description)
        }
    }

    package func faces(
        in name: GalleryName, of person: String?, among: [FaceID]?, after row: Int64?, count: Int, now: Date
    ) async throws -> FacePage {
        try await inTurn { [self] db in
            let tables = tables(db)
            return try tables.faces(
                in: tables.gallery(name), of: person, among: among, after: row ?? 0, count: count, now: now)
        }
    }

    package func templates(
        in name: GalleryName, from row: Int64, count: Int
    ) async throws -> (faces: [EnrolledFace], next: Int64?) {
        try await inTurn { [self] db in
            let tables = tables(db)
            var faces: [EnrolledFace] = []
            var last: Int64?
            try tables.faces(in: tables.gallery(name), where: "AND face.number >= ?", [row]) {
                faces.append($1)
                last = $0
                return faces.count < count
            }
            return (faces, faces.count < count ? nil : last.map { $0 + 1 })
        }
    }

    package func enrolled(_ faces: [FaceID], in name: GalleryName) async throws -> [EnrolledFace] {
        try await inTurn { [self] db in
            let tables = tables(db), gallery = try tables.gallery(name)
            let rows = try tables.numbers(of: faces, in: gallery).compactMap { $0 }
            return try tables.faces(rows: rows, in: gallery).compactMap { $0 }
        }
    }

    package func enrolled(ofPerson person: String, in name: GalleryName) async throws -> [EnrolledFace] {
        try await inTurn { [self] db in
            let tables = tables(db), gallery = try tables.gallery(name)
            guard let number = try tables.person(person, in: gallery) else {
                throw RecognitionError.noSuchPerson(in: name)
            }
            return try tables.faces(ofPerson: number, in: gallery)
        }
    }

    package func faces(from photograph: PhotographDigest, in name: GalleryName) async throws
        -> [EnrolledFaceDescription]
    {
        try await inTurn { [self] db in
            let tables = tables(db)
            guard let gallery = try tables.galleryIfThere(name) else { return [] }
            return try tables.faces(in: gallery, where: "AND photograph = ?", [photograph.bytes]).map(\.description)
        }
    }

    package func expired(at now: Date, count: Int) async throws -> [GalleryName: [FaceID]] {
        try await inTurn { db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT gallery.name, face.id FROM face JOIN gallery ON gallery.id = face.gallery
                    WHERE live AND expires IS NOT NULL AND expires <= ? ORDER BY expires LIMIT ?
                    """, arguments: [now.milliseconds, count])
            return rows.reduce(into: [:]) { expired, row in
                guard let name = try? (row.value(0) as String?).map(GalleryName.init),
                    let id = (row.value(1) as Data?).flatMap(FaceID.init(bytes:))
                else { return }
                expired[name, default: []].append(id)
            }
        }
    }

    package func people(in name: GalleryName) async throws -> [PersonDescription] {
        try await inTurn { [self] db in
            let tables = tables(db)
            return try tables.people(in: tables.gallery(name)).map(\.person).sorted { $0.name < $1.name }
        }
    }

    package func people(in name: GalleryName, after row: Int64?, count: Int) async throws -> PersonPage {
        try await inTurn { [self] db in
            let tables = tables(db)
            return try tables.people(in: tables.gallery(name), after: row, count: count)
        }
    }

    package func person(_ person: String, in name: GalleryName) async throws -> PersonDescription? {
        try await inTurn { [self] db in
            let tables = tables(db)
            return try tables.description(ofPerson: person, in: tables.gallery(name))
        }
    }

    package func tags(of name: GalleryName) async throws -> [String: String] {
        try await inTurn { [self] db in
            let tables = tables(db)
            return try tables.tags(of: tables.gallery(name))
        }
    }

    package func entry(of token: RequestToken) async throws -> Record? {
        try await inTurn { [self] db in
            guard let index = try tokens(db).entry(of: token) else { return nil }
            return try db.records(from: index, count: 1).first?.record
        }
    }

    private func tokens(_ db: Database) throws -> RequestTokens {
        RequestTokens(db: db, key: try keys.ring().digestKey)
    }

    package func crop(of face: FaceID, in name: GalleryName) async throws -> FaceCrop? {
        try await inTurn { [self] db in
            let tables = tables(db)
            return try tables.crop(of: face, in: tables.gallery(name))
        }
    }

    package func digest(of photograph: Data) throws -> PhotographDigest {
        PhotographDigest(of: photograph, key: try keys.ring().digestKey)
    }

    /// Durable when it returns. Cost: one transaction with its syncs; a `forget` or `leave` two syncs more, and a `delete`
    /// or `restore` rewrites the file besides, so that nothing of the faces is left in it (see `eraseRemains`).
    package func apply(
        _ change: GalleryChange, once token: RequestToken?, recordedAs record: Record
    ) async throws -> RecordReceipt {
        try await inTurn { [self] db in
            let receipt: RecordReceipt
            if !directory.isOwned {
                guard case .restore = change else { throw directory.inUseError }
            }
            if case .restore(from: let backup) = change {
                receipt = try restore(from: backup, recordedAs: record, db)
                follow(change, RowChanges(), db)
            } else {
                let known = try? keys.ring().galleries.keys
                do {
                    let rows: RowChanges
                    (rows, receipt) = try db.inOneTransaction {
                        try token.map { try refuseRepeated($0, db) }
                        let rows = try tables(db).apply(change), receipt = try db.append(record)
                        try token.map { try tokens(db).keep($0, entry: receipt.index) }
                        return (rows, receipt)
                    }
                    follow(change, rows, db)
                } catch {
                    // The key of a gallery that was not made after all; should this fail, it opens nothing.
                    if let known, let now = try? keys.ring().galleries.keys, now.count > known.count {
                        try? keys.change { $0.removing(Set(now).subtracting(known)) }
                    }
                    throw error
                }
            }
            // After the commit, so a failure must not be told as one of the change: it is tried again later. The owner of
            // the directory alone does it, and alone changes the ring of keys.
            if directory.isOwned { db.eraseRemains(keys, snapshots) }
            return receipt
        }
    }
}

extension SQLiteStore {
    /// The same request may have been done since this one looked.
    private func refuseRepeated(_ token: RequestToken, _ db: Database) throws {
        guard try tokens(db).entry(of: token) != nil else { return }
        throw RecognitionError(
            .overtaken, "The same request was done meanwhile; nothing was changed by this one, run it again.")
    }
}

// What an import asks.
extension SQLiteStore {
    /// This installation's name. Blocks.
    /// - Throws: `.keyMissing`.
    package func installation() throws -> UUID { try keys.ring().installation }

    /// Those of these faces that the gallery has not. One whose id is taken in another gallery has another id here, the
    /// same each time. Blocks.
    package func unknown(_ faces: [EnrolledFace], in name: GalleryName) throws -> [EnrolledFace] {
        try reading { db in
            func gallery(of id: FaceID) throws -> String? {
                try String.fetchOne(
                    db.cachedStatement(
                        sql:
                            "SELECT name FROM gallery JOIN face ON face.gallery = gallery.id WHERE face.id = ? AND live"
                    ),
                    arguments: [id.bytes])
            }
            return try faces.compactMap { face in
                guard let elsewhere = try gallery(of: face.id) else { return face }
                guard elsewhere != name.rawValue else { return nil }
                var face = face
                face.description.id = FaceID(derivedFrom: face.id.bytes, name.rawValue)
                return try gallery(of: face.id) == nil ? face : nil
            }
        }
    }
}
