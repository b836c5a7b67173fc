package import FaceRecognition
package import Foundation
import Synchronization

/// Galleries and the record in memory, with a switch to fail, so that every failure can be forced.
package final class InMemoryStore: GalleryStore, RecordLog {
    private struct Entry {
        var description: GalleryDescription
        var faces: [EnrolledFace] = []
        var tags: [String: String] = [:]
        /// Everybody who is there, in the order in which they were made.
        var people: [Person] = []
    }

    private struct Person {
        let name: String
        /// Ascending in the order in which people were made.
        let number: Int64
        /// Made by themselves, and so there without faces.
        var lasts: Bool
        var hadFaces: Bool
    }

    private struct State {
        var galleries: [GalleryName: Entry] = [:]
        /// Every face that ever was, in the order of enrolment: a face's row is its place here.
        var rows: [FaceID] = []
        /// Everybody who ever was; a person's number is their place here.
        var people: [String] = []
        var madePeople: Int64 = 0
        var records: [Record] = []
        /// Requests that were done, with the place of their entry.
        var tokens: [Data: (request: Data, entry: Int, expires: Date)] = [:]
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

    package func faces(
        in name: GalleryName, of person: String?, among: [FaceID]?, after row: Int64?, count: Int, now: Date
    ) async throws -> FacePage {
        try state.withLock { state in
            let entry = try Self.existing(name, in: state)
            let rest = entry.faces.map(\.description).map { face in
                (row: Int64(state.rows.firstIndex(of: face.id)!) + 1, face: face)
            }.filter {
                $0.row > row ?? 0 && (person == nil || $0.face.person == person) && among?.contains($0.face.id) != false
                    && !$0.face.hasExpired(at: now)
            }
            return FacePage(
                model: entry.description.model, faces: rest.prefix(count).map(\.face),
                next: rest.count > count ? rest[count - 1].row : nil)
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
        try await people(in: name, after: nil, count: .max).people.sorted { $0.name < $1.name }
    }

    package func people(in name: GalleryName, after row: Int64?, count: Int) async throws -> PersonPage {
        try state.withLock { state in
            let entry = try Self.existing(name, in: state)
            let rest = entry.people.map { person in
                (row: person.number, person: Self.described(person, in: entry))
            }.filter { $0.row > row ?? 0 }
            return PersonPage(
                people: rest.prefix(count).map(\.person), next: rest.count > count ? rest[count - 1].row : nil)
        }
    }

    package func person(_ person: String, in name: GalleryName) async throws -> PersonDescription? {
        try await people(in: name, after: nil, count: .max).people.first { $0.name == person }
    }

    package func tags(of name: GalleryName) async throws -> [String: String] {
        try state.withLock { try Self.existing(name, in: $0).tags }
    }

    package func entry(of token: RequestToken) async throws -> Record? {
        try state.withLock { state in try Self.entry(of: token, in: state).map { state.records[$0] } }
    }

    package func crop(of face: FaceID, in name: GalleryName) async throws -> FaceCrop? {
        state.withLock { $0.galleries[name]?.faces.first { $0.id == face }?.crop }
    }

    /// The bytes themselves: in a test they may be read, and two photographs are the same when these are.
    package func digest(of photograph: Data) -> PhotographDigest { PhotographDigest(bytes: photograph) }

    package func apply(
        _ change: GalleryChange, once token: RequestToken?, recordedAs record: Record
    ) async throws -> RecordReceipt {
        let interlude = state.withLock { state in
            defer { state.interlude = nil }
            return state.interlude
        }
        try await interlude?()
        return try state.withLock { state in
            var next = state
            if let token, try Self.entry(of: token, in: state) != nil {
                throw RecognitionError(.overtaken, "The same request was done meanwhile.")
            }
            try Self.apply(change, to: &next)
            let receipt = try Self.append(record, to: &next)
            if let token {
                next.tokens[token.name] = (
                    token.request, receipt.index, Date().addingTimeInterval(RequestToken.lifetime)
                )
            }
            state = next
            return receipt
        }
    }

    private static func apply(_ change: GalleryChange, to state: inout State) throws {
        switch change {
        case .create(let gallery, let tags):
            guard state.galleries[gallery.name] == nil else {
                throw RecognitionError(.galleryExists, "The gallery \(gallery.name) exists.")
            }
            state.galleries[gallery.name] = Entry(description: gallery, tags: tags)
        case .delete(let name):
            _ = try existing(name, in: state)
            state.galleries[name] = nil
        case .enrol(let faces, let gallery, let replaced, let beside, let mustExist):
            if mustExist, try existing(gallery.name, in: state).description.created != gallery.created {
                throw RecognitionError.replaced(gallery.name)
            }
            var entry = state.galleries[gallery.name] ?? Entry(description: gallery)
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
            for person in faces.compactMap(\.description.person) { add(person, to: &entry, &state) }
            try settle(&entry)
            state.galleries[gallery.name] = entry
        case .forget(let ids, let name, let person):
            var entry = try existing(name, in: state)
            entry.faces.removeAll { ids.contains($0.id) }
            entry.people.removeAll { one in
                one.name == person && !entry.faces.contains { $0.description.person == person }
            }
            try settle(&entry)
            state.galleries[name] = entry
        case .join(let ids, let person, let name, let mustExist):
            var entry = try existing(name, in: state)
            if mustExist, !entry.people.contains(where: { $0.name == person }) {
                throw RecognitionError.noSuchPerson(in: name)
            }
            guard !ids.isEmpty else { return }
            for id in ids {
                let i = try place(of: id, in: entry)
                guard [nil, person].contains(entry.faces[i].description.person) else {
                    throw RecognitionError(.faceTaken, "The face \(id) belongs to another person.")
                }
                entry.faces[i].description.person = person
            }
            add(person, to: &entry, &state)
            try settle(&entry)
            state.galleries[name] = entry
        case .leave(let ids, let name, let person):
            var entry = try existing(name, in: state)
            for id in ids {
                guard let i = try? place(of: id, in: entry),
                    person == nil || entry.faces[i].description.person == person
                else {
                    throw person == nil
                        ? RecognitionError.noFace(id, in: name) : RecognitionError(.overtaken, "The face \(id) left.")
                }
                entry.faces[i].description.person = nil
            }
            try settle(&entry)
            state.galleries[name] = entry
        case .createPerson(let person, let name):
            var entry = try existing(name, in: state)
            guard !entry.people.contains(where: { $0.name == person }) else {
                throw RecognitionError(.personExists, "The person exists.")
            }
            add(person, lasting: true, to: &entry, &state)
            state.galleries[name] = entry
        case .deletePerson(let person, let name):
            var entry = try existing(name, in: state)
            guard let i = entry.people.firstIndex(where: { $0.name == person }) else {
                throw RecognitionError.noSuchPerson(in: name)
            }
            entry.people.remove(at: i)
            for i in entry.faces.indices where entry.faces[i].description.person == person {
                entry.faces[i].description.person = nil
            }
            state.galleries[name] = entry
        case .tag(let name, let added, let removed):
            var entry = try existing(name, in: state)
            entry.tags = try GalleryTags.changed(entry.tags, adding: added, removing: removed)
            state.galleries[name] = entry
        case .nothing(let name): _ = try existing(name, in: state)
        case .restore: throw RecognitionError(.fault, "Nothing is backed up here.")
        }
    }

    /// Somebody who is new is there as long as they have a face, unless they last.
    private static func add(_ person: String, lasting: Bool = false, to entry: inout Entry, _ state: inout State) {
        if !state.people.contains(person) { state.people.append(person) }
        guard !entry.people.contains(where: { $0.name == person }) else { return }
        state.madePeople += 1
        entry.people.append(Person(name: person, number: state.madePeople, lasts: lasting, hadFaces: !lasting))
    }

    /// Takes out those who are there only as long as they have a face, and looks at how many the others have.
    private static func settle(_ entry: inout Entry) throws {
        let faces = Dictionary(grouping: entry.faces.compactMap(\.description.person)) { $0 }.mapValues(\.count)
        guard faces.values.allSatisfy({ $0 <= PersonDescription.maximumFaces }) else {
            throw RecognitionError(.personFull, "A person has at most \(PersonDescription.maximumFaces) faces.")
        }
        entry.people.removeAll { !$0.lasts && faces[$0.name] == nil }
        for i in entry.people.indices where faces[entry.people[i].name] != nil { entry.people[i].hadFaces = true }
    }

    private static func place(of face: FaceID, in entry: Entry) throws -> Int {
        guard let i = entry.faces.firstIndex(where: { $0.id == face }) else {
            throw RecognitionError.noFace(face, in: entry.description.name)
        }
        return i
    }

    private static func described(_ person: Person, in entry: Entry) -> PersonDescription {
        PersonDescription(
            name: person.name, faces: entry.faces.count { $0.description.person == person.name },
            status: person.hadFaces ? .active : .created)
    }

    private static func entry(of token: RequestToken, in state: State) throws -> Int? {
        guard let known = state.tokens[token.name], known.expires > Date() else { return nil }
        guard known.request == token.request else { throw RecognitionError.tokenMismatch() }
        return known.entry
    }

    private static func append(_ record: Record, to state: inout State) throws -> RecordReceipt {
        if let failure = state.failure { throw failure }
        state.records.append(record)
        return RecordReceipt(index: state.records.count - 1, entry: try record.encoded())
    }

    private static func existing(
        _ name: GalleryName, in state: State
    ) throws -> Entry {
        guard let entry = state.galleries[name] else {
            throw RecognitionError(.galleryNotFound, "There is no gallery \(name).")
        }
        return entry
    }

    private static func counted(_ entry: Entry) -> GalleryDescription {
        let it = entry.description
        return GalleryDescription(
            name: it.name, model: it.model, dimension: it.dimension, created: it.created, retention: it.retention,
            keepsCrops: it.keepsCrops, faces: entry.faces.count,
            people: entry.people.count)
    }
}
