package import FaceRecognition
package import Foundation
import Synchronization

/// Galleries and the record in memory, with a switch to fail, so that every failure can be forced.
package final class InMemoryStore: GalleryStore, RecordLog {
    private struct State {
        var galleries: [GalleryName: (description: GalleryDescription, faces: [EnrolledFace])] = [:]
        /// Every face that ever was, in the order of enrolment: a face's row is its place here.
        var rows: [FaceID] = []
        /// Everybody who ever was; a person's number is their place here.
        var people: [String] = []
        var records: [Record] = []
        var failure: RecognitionError?
        var interlude: (@Sendable () async throws -> Void)?
    }

    // All state behind one lock: whatever is read or changed is read or changed whole.
    private let state = Mutex(State())

    /// By which faces have expired; where it is not the clock of the search, people whose faces expire cannot be found.
    private let now: @Sendable () -> Date

    package init(now: @escaping @Sendable () -> Date = { Date() }) { self.now = now }

    /// What the record holds, oldest first.
    package var records: [Record] { state.withLock { $0.records } }

    /// Every append and every change throws this, until it is nil again.
    package func fail(with error: RecognitionError?) { state.withLock { $0.failure = error } }

    /// Runs `body` once, when the next change is about to be applied: what somebody else does at the same moment.
    package func beforeNextChange(_ body: @escaping @Sendable () async throws -> some Sendable) {
        state.withLock { $0.interlude = { _ = try await body() } }
    }

    package func append(_ record: Record) async throws -> RecordReceipt {
        try state.withLock { try Self.append(record, to: &$0) }
    }

    package func galleries() async throws -> [GalleryDescription] {
        state.withLock { $0.galleries.values.map { Self.counted($0) }.sorted { $0.name < $1.name } }
    }

    package func gallery(_ name: GalleryName, people: Bool = false) async throws -> Gallery {
        try state.withLock { state in
            let entry = try Self.existing(name, in: state)
            let rows = MemoryRows(
                held: Dictionary(
                    uniqueKeysWithValues: entry.faces.map { face in (Int64(state.rows.firstIndex(of: face.id)!), face) }),
                people: state.people)
            return try Gallery.holding(rows, of: entry.description, people: people, now: now())
        }
    }

    package func description(of name: GalleryName) async throws -> GalleryDescription {
        try state.withLock { Self.counted(try Self.existing(name, in: $0)) }
    }

    package func upkeep(of name: GalleryName) async throws -> GalleryUpkeep {
        try state.withLock {
            GalleryUpkeep(key: "none", bytes: try Self.existing(name, in: $0).faces.count, checked: nil)
        }
    }

    package func faces(in name: GalleryName, _ which: FaceSelection?) async throws -> [EnrolledFaceDescription] {
        try state.withLock {
            try Self.existing(name, in: $0).faces.map(\.description).filter { which?.includes($0) ?? true }
        }
    }

    package func templates(
        in name: GalleryName, from row: Int64, count: Int
    ) async throws -> (faces: [EnrolledFace], next: Int64?) {
        try state.withLock {
            let rest = try Self.existing(name, in: $0).faces.dropFirst(Int(row))
            return (Array(rest.prefix(count)), rest.count > count ? row + Int64(count) : nil)
        }
    }

    package func enrolled(_ faces: [FaceID], in name: GalleryName) async throws -> [EnrolledFace] {
        try state.withLock { state in
            let held = try Self.existing(name, in: state).faces
            return faces.compactMap { id in held.first { $0.id == id } }
        }
    }

    package func enrolled(ofPerson person: String, in name: GalleryName) async throws -> [EnrolledFace] {
        try state.withLock { state in
            let theirs = try Self.existing(name, in: state).faces.filter { $0.description.person == person }
            guard !theirs.isEmpty else { throw RecognitionError.noSuchPerson(in: name) }
            return theirs
        }
    }

    package func faces(
        from photograph: PhotographDigest, in name: GalleryName
    ) async throws -> [EnrolledFaceDescription] {
        state.withLock {
            ($0.galleries[name]?.faces ?? []).map(\.description).filter { $0.photograph == photograph }
        }
    }

    package func expired(at now: Date, count: Int) async throws -> [GalleryName: [FaceID]] {
        state.withLock {
            $0.galleries.mapValues { $0.faces.filter { $0.description.hasExpired(at: now) }.prefix(count).map(\.id) }
                .filter { !$0.value.isEmpty }
        }
    }

    package func people(in name: GalleryName) async throws -> [PersonDescription] {
        try state.withLock {
            let names = try Self.existing(name, in: $0).faces.compactMap(\.description.person)
            return Dictionary(grouping: names) { $0 }.map { PersonDescription(name: $0, faces: $1.count) }
                .sorted { $0.name < $1.name }
        }
    }

    package func crop(of face: FaceID, in name: GalleryName) async throws -> FaceCrop? {
        state.withLock { $0.galleries[name]?.faces.first { $0.id == face }?.crop }
    }

    /// The bytes themselves: in a test they may be read, and two photographs are the same when these are.
    package func digest(of photograph: Data) -> PhotographDigest { PhotographDigest(bytes: photograph) }

    package func apply(_ change: GalleryChange, recordedAs record: Record) async throws -> RecordReceipt {
        let interlude = state.withLock { state in
            defer { state.interlude = nil }
            return state.interlude
        }
        try await interlude?()
        return try state.withLock { state in
            var next = state
            try Self.apply(change, to: &next)
            let receipt = try Self.append(record, to: &next)
            state = next
            return receipt
        }
    }

    private static func apply(_ change: GalleryChange, to state: inout State) throws {
        switch change {
        case .create(let gallery):
            guard state.galleries[gallery.name] == nil else {
                throw RecognitionError(.galleryExists, "The gallery \(gallery.name) exists.")
            }
            state.galleries[gallery.name] = (gallery, [])
        case .delete(let name):
            _ = try existing(name, in: state)
            state.galleries[name] = nil
        case .enrol(let faces, let gallery, let replaced, let beside):
            var entry = state.galleries[gallery.name] ?? (gallery, [])
            entry.faces.removeAll { replaced.contains($0.id) }
            for face in faces {
                try entry.description.mustMatch(face.template)
                guard let beside, let photograph = face.description.photograph else { continue }
                guard entry.faces.allSatisfy({ $0.description.photograph != photograph || beside.contains($0.id) }) else {
                    throw RecognitionError(.overtaken, "The photograph was enrolled meanwhile.")
                }
            }
            entry.faces += faces
            state.rows += faces.map(\.id)
            state.people += Set(faces.compactMap(\.description.person)).subtracting(state.people)
            state.galleries[gallery.name] = entry
        case .forget(let ids, let name):
            var entry = try existing(name, in: state)
            entry.faces.removeAll { ids.contains($0.id) }
            state.galleries[name] = entry
        case .join(let ids, let person, let name):
            state.people += Set([person]).subtracting(state.people)
            try assign(person, ids, name, &state)
        case .leave(let ids, let name): try assign(nil, ids, name, &state)
        case .restore: throw RecognitionError(.fault, "Nothing is backed up here.")
        }
    }

    private static func assign(_ person: String?, _ ids: [FaceID], _ name: GalleryName, _ state: inout State) throws {
        var entry = try existing(name, in: state)
        for id in ids {
            guard let i = entry.faces.firstIndex(where: { $0.id == id }) else {
                throw RecognitionError.noFace(id, in: name)
            }
            entry.faces[i].description.person = person
        }
        state.galleries[name] = entry
    }

    private static func append(_ record: Record, to state: inout State) throws -> RecordReceipt {
        if let failure = state.failure { throw failure }
        state.records.append(record)
        return RecordReceipt(index: state.records.count - 1, entry: try record.encoded())
    }

    private static func existing(
        _ name: GalleryName, in state: State
    ) throws -> (description: GalleryDescription, faces: [EnrolledFace]) {
        guard let entry = state.galleries[name] else {
            throw RecognitionError(.galleryNotFound, "There is no gallery \(name).")
        }
        return entry
    }

    private static func counted(
        _ entry: (description: GalleryDescription, faces: [EnrolledFace])
    ) -> GalleryDescription {
        let it = entry.description
        return GalleryDescription(
            name: it.name, model: it.model, dimension: it.dimension, created: it.created, retention: it.retention,
            keepsCrops: it.keepsCrops, faces: entry.faces.count,
            people: Set(entry.faces.compactMap(\.description.person)).count)
    }
}

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
