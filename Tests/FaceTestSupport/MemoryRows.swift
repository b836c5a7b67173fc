package import FaceRecognition
package import Foundation

/// Faces that are held in memory, by row.
package struct MemoryRows: GalleryRows {
    package let held: [Int64: EnrolledFace]
    package let people: [String]

    package init(held: [Int64: EnrolledFace], people: [String]) {
        self.held = held
        self.people = people
    }

    package func faces(_ rows: [Int64]) -> [EnrolledFace?] { rows.map { held[$0] } }
    package func number(ofPerson name: String) -> Int32? { people.firstIndex(of: name).map(Int32.init) }
    package func faces(ofPerson number: Int32) -> [EnrolledFace] {
        held.sorted { $0.key < $1.key }.map(\.value).filter { $0.description.person == people[Int(number)] }
    }
    package func rows(externalIDPrefix prefix: String) -> Set<Int64> {
        Set(held.filter { $0.value.description.externalID?.hasPrefix(prefix) ?? false }.keys)
    }
}

extension Gallery {
    /// A gallery of faces in memory.
    package static func holding(
        _ rows: MemoryRows, of description: GalleryDescription, people: Bool = false, now: Date = Date()
    ) throws -> Gallery {
        var index = try GalleryIndex(model: description.model, dimension: description.dimension)
        try index.append(
            rows.held.sorted { $0.key < $1.key }.map { row, face in
                GalleryIndex.Entry(
                    row: row, template: face.template, person: face.description.person.flatMap(rows.number(ofPerson:)),
                    enrolled: face.description.enrolled.milliseconds, expires: face.description.expires?.milliseconds)
            })
        var means = people ? try PersonMeans(model: description.model, dimension: description.dimension) : nil
        for person in 0..<(people ? Int32(rows.people.count) : 0) {
            try means?.update(person, faces: rows.faces(ofPerson: person), now: now)
        }
        return Gallery(description.name, index: index, means: means, rows: rows)
    }

    /// A gallery of just these faces.
    package static func holding(
        _ held: [EnrolledFace], of description: GalleryDescription, people: Bool = false, now: Date = Date()
    ) throws -> Gallery {
        let rows = MemoryRows(
            held: Dictionary(uniqueKeysWithValues: held.enumerated().map { (Int64($0), $1) }),
            people: Set(held.compactMap(\.description.person)).sorted())
        return try holding(rows, of: description, people: people, now: now)
    }
}
