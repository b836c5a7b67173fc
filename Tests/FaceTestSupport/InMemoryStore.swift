package import FaceRecognition
package import Foundation
import Synchronization

/// Galleries and the record in memory, with a switch to fail, so that every failure can be forced.
package final class InMemoryStore: GalleryStore, RecordLog {
    private struct State {
        var galleries: [GalleryName: (description: GalleryDescription, faces: [EnrolledFace])] = [:]
        /// Every face that ever was, in the order of enrolment: a face's row is its place here.
        var rows: [FaceID] = []
        var records: [Record] = []
        var failure: RecognitionError?
        var interlude: (@Sendable () async throws -> Void)?
    }

    // All state behind one lock: whatever is read or changed is read or changed whole.
    private let state = Mutex(State())

    package init() {}

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

    package func gallery(_ name: GalleryName) async throws -> Gallery {
        try state.withLock {
            let entry = try Self.existing(name, in: $0), rows = $0.rows
            return try Gallery.holding(entry.faces, of: entry.description) { id in
                rows.firstIndex(of: id).map(Int64.init) ?? 0
            } faces: { [self] wanted in
                state.withLock { state in
                    wanted.map { row in state.galleries[name]?.faces.first { $0.id == rows[Int(row)] } }
                }
            }
        }
    }

    package func description(of name: GalleryName) async throws -> GalleryDescription {
        try state.withLock { Self.counted(try Self.existing(name, in: $0)) }
    }

    package func faces(in name: GalleryName, _ which: FaceSelection?) async throws -> [EnrolledFaceDescription] {
        try state.withLock {
            try Self.existing(name, in: $0).faces.map(\.description).filter { which?.includes($0) ?? true }
        }
    }

    package func faces(from photograph: PhotographDigest, in name: GalleryName) async throws -> [EnrolledFace] {
        state.withLock { ($0.galleries[name]?.faces ?? []).filter { $0.description.photograph == photograph } }
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
            switch change {
            case .create(let gallery):
                guard next.galleries[gallery.name] == nil else {
                    throw RecognitionError(.galleryExists, "The gallery \(gallery.name) exists.")
                }
                next.galleries[gallery.name] = (gallery, [])
            case .delete(let name):
                _ = try Self.existing(name, in: next)
                next.galleries[name] = nil
            case .enrol(let faces, let gallery):
                var entry = next.galleries[gallery.name] ?? (gallery, [])
                for face in faces {
                    try entry.description.mustMatch(face.template)
                    guard !entry.faces.contains(where: { $0.description.photograph == face.description.photograph })
                    else {
                        throw RecognitionError(.overtaken, "The photograph was enrolled meanwhile.")
                    }
                }
                entry.faces += faces
                next.rows += faces.map(\.id)
                next.galleries[gallery.name] = entry
            case .forget(let ids, let name):
                var entry = try Self.existing(name, in: next)
                entry.faces.removeAll { ids.contains($0.id) }
                next.galleries[name] = entry
            }
            let receipt = try Self.append(record, to: &next)
            state = next
            return receipt
        }
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
        GalleryDescription(
            name: entry.description.name, model: entry.description.model, dimension: entry.description.dimension,
            created: entry.description.created, faces: entry.faces.count,
            people: Set(entry.faces.compactMap(\.description.person)).count)
    }
}

extension Gallery {
    /// A gallery of faces that somebody else holds.
    package static func holding(
        _ held: [EnrolledFace], of description: GalleryDescription, row: (FaceID) -> Int64,
        faces: @escaping @Sendable ([Int64]) throws -> [EnrolledFace?]
    ) throws -> Gallery {
        var index = try GalleryIndex(model: description.model, dimension: description.dimension)
        try index.append(held.map { GalleryIndex.Entry(row: row($0.id), template: $0.template, enrolled: 0) })
        return Gallery(description.name, index: index, faces: faces)
    }

    /// A gallery of just these faces.
    package static func holding(_ held: [EnrolledFace], of description: GalleryDescription) throws -> Gallery {
        let rows = Dictionary(uniqueKeysWithValues: held.enumerated().map { ($1.id, Int64($0)) })
        return try holding(held, of: description, row: { rows[$0]! }, faces: { $0.map { held[Int($0)] } })
    }
}
