package import FaceRecognition
import Foundation
import GRDB

// Looking for damage.
extension SQLiteStore {
    /// SQLite's own check of the file, references, and the record's positions and leaf hashes.
    ///
    /// The hashes find accidents. Somebody who can write the file can write hashes too. Blocks; cost: reads everything.
    /// - Throws: `.storageCorrupt` for the first damage found.
    package func check() throws { try onConnection { try $0.check(path) } }

    /// Goes through a gallery: its key, every sealed face, name and crop, the counts, the tally of tags, and the snapshot.
    /// When nothing is wrong, the gallery remembers when that was.
    ///
    /// Blocks; cost: reads the gallery.
    /// - Parameter progress: told how many of how many faces are checked, now and then.
    /// - Returns: what is wrong, in sentences; none when all is well.
    /// - Throws: `.galleryNotFound`; what keeps the check from going on.
    package func check(_ name: GalleryName, progress: (Int, Int) -> Void = { _, _ in }) throws -> [String] {
        try onConnection { db in
            let tables = tables(db), gallery = try tables.gallery(name)
            let key: GalleryKey
            do { key = try tables.key(of: gallery) } catch let error as RecognitionError { return [error.message] }
            var problems = try tables.problems(of: gallery, key, progress)
            problems += snapshotProblems(of: gallery, key, try tables.numbers(of: gallery))
            if problems.isEmpty {
                try db.execute(
                    sql: "UPDATE gallery SET checked = ? WHERE id = ?",
                    arguments: [Date().timeIntervalSinceReferenceDate, gallery.number])
            }
            return problems
        }
    }

    private func snapshotProblems(of gallery: GalleryRow, _ key: GalleryKey, _ numbers: [Int64]) -> [String] {
        guard snapshots.size(gallery.key) != nil else { return [] }
        guard let content = snapshots.read(of: gallery.description, key: key, advance: { _ in }) else {
            return [
                "The snapshot of the gallery's codes cannot be used, it is torn, damaged or another gallery's; the next search makes a new one."
            ]
        }
        let known = Set(numbers), rows = content.index.rows
        guard rows.allSatisfy(known.contains), content.changes <= gallery.changes else {
            return ["The snapshot of the gallery's codes has faces that the gallery has not; delete \(snapshots.path)."]
        }
        return []
    }
}

extension GalleryTables {
    func numbers(of gallery: GalleryRow) throws -> [Int64] {
        try Int64.fetchAll(
            db, sql: "SELECT number FROM face WHERE gallery = ? AND live ORDER BY number", arguments: [gallery.number])
    }

    fileprivate func problems(
        of gallery: GalleryRow, _ key: GalleryKey, _ progress: (Int, Int) -> Void
    ) throws -> [String] {
        var problems: [String] = []
        let reader = FaceReader(gallery: gallery, key: key, people: self)
        var count = 0, unreadable = 0, tally = Tally()
        // A damaged row must not hide the others, so each is opened by itself.
        let rows = try Row.fetchCursor(
            db, sql: "SELECT \(FaceReader.columns) WHERE face.gallery = ? AND live ORDER BY face.number",
            arguments: [gallery.number])
        while let row = try rows.next() {
            count += 1
            if let sealed: Data = row.value(4) { tally.add(sealed) }
            do { _ = try reader.face(row) } catch let error as RecognitionError where error.code == .storageCorrupt {
                unreadable += 1
                if unreadable <= 10 { problems.append(error.message) }
            }
            if count.isMultiple(of: 1_024) { progress(count, gallery.description.faces) }
        }
        if unreadable > 10 { problems.append("\(unreadable - 10) more faces cannot be opened; restore a backup.") }
        if count != gallery.description.faces {
            problems.append(
                "The gallery should have \(gallery.description.faces) faces and has \(count): rows are lost; restore a backup."
            )
        } else if unreadable == 0,
            try Data.fetchOne(db, sql: "SELECT tally FROM gallery WHERE id = ?", arguments: [gallery.number])
                != Data(tally.bytes)
        {
            problems.append("The gallery's faces are not those that were enrolled; restore a backup.")
        }
        do {
            let people = try people(in: gallery)
            if people.count != gallery.description.people {
                problems.append(
                    "The gallery should have \(gallery.description.people) people and has \(people.count); restore a backup."
                )
            }
        } catch let error as RecognitionError where error.code == .storageCorrupt { problems.append(error.message) }
        if problems.isEmpty,
            try Int.fetchOne(db, sql: Self.bytesOfRows, arguments: ["gallery": gallery.number]) != gallery.bytes
        {
            problems.append("The gallery should have \(gallery.bytes) sealed bytes and has others; restore a backup.")
        }
        do { _ = try tags(of: gallery) } catch let error as RecognitionError where error.code == .storageCorrupt {
            problems.append(error.message)
        }
        let crops = try Row.fetchCursor(
            db,
            sql: "SELECT id, crop.sealed FROM crop JOIN face ON face.number = crop.face WHERE gallery = ? AND live",
            arguments: [gallery.number])
        while let row = try crops.next() {
            guard let id: Data = row.value(0), let sealed: Data = row.value(1), key.open(sealed, .crop, of: id) != nil
            else {
                problems.append(damaged(gallery, "a crop").message)
                break
            }
        }
        return problems
    }
}
