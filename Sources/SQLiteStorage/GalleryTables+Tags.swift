import FaceRecognition
import Foundation
import GRDB

// A gallery's tags, sealed all in one.
extension GalleryTables {
    func tags(of gallery: GalleryRow) throws -> [String: String] {
        guard
            let sealed = try Data.fetchOne(
                db, sql: "SELECT sealed FROM tags WHERE gallery = ?", arguments: [gallery.number])
        else { return [:] }
        guard let plain = try key(of: gallery).open(sealed, .tags, of: gallery.key.bytes),
            let tags = try? JSONDecoder().decode([String: String].self, from: plain)
        else { throw damaged(gallery, "its tags") }
        return tags
    }

    func set(_ tags: [String: String], of gallery: GalleryRow) throws {
        let sealed = try key(of: gallery).seal(JSONEncoder().encode(tags), .tags, of: gallery.key.bytes)
        try db.execute(
            sql: "INSERT OR REPLACE INTO tags (gallery, sealed) VALUES (?, ?)", arguments: [gallery.number, sealed])
    }
}
