import FaceRecognition
import Foundation
import GRDB

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
