package import Foundation

/// Looks after galleries: no photograph is needed for it, and so no network is loaded.
public struct GalleryKeeper: Sendable {
    private let galleries: any GalleryStore
    private let recorder: Recorder
    private let now: @Sendable () -> Date

    package init(
        galleries: any GalleryStore, records: any RecordLog, now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.galleries = galleries
        self.recorder = Recorder(galleries: galleries, records: records)
        self.now = now
    }

    /// All galleries, by name.
    public func list(permit: Permit) async throws -> Recorded<[GalleryDescription]> {
        try await recorder.record(permit, operation: .manage) { record, _ in
            let all = try await galleries.galleries()
            record.outcome = "listed"
            return all
        }
    }

    /// One gallery with its faces; not their templates, since whoever may look after a gallery may not search it.
    /// - Throws: `.galleryNotFound`.
    public func show(_ name: GalleryName, permit: Permit) async throws -> Recorded<GalleryContents> {
        try await recorder.record(permit, operation: .manage, gallery: name) { record, _ in
            let contents = GalleryContents(
                gallery: try await galleries.description(of: name), faces: try await galleries.faces(in: name, nil))
            record.outcome = "shown"
            return contents
        }
    }

    /// Makes an empty gallery, which belongs to `model` for life.
    /// - Throws: `.galleryExists`.
    public func create(
        _ name: GalleryName, for model: TemplateModel, permit: Permit
    ) async throws -> Recorded<GalleryDescription> {
        try await recorder.record(permit, operation: .manage, gallery: name) { record, change in
            let gallery = GalleryDescription(name: name, model: model.id, dimension: model.dimension, created: now())
            record.model = model.id
            record.outcome = "gallery-created"
            change = .create(gallery)
            return gallery
        }
    }

    /// Deletes a gallery with all its faces.
    /// - Throws: `.galleryNotFound`.
    public func delete(_ name: GalleryName, permit: Permit) async throws -> Recorded<GalleryDescription> {
        try await recorder.record(permit, operation: .manage, gallery: name) { record, change in
            let gallery = try await galleries.description(of: name)
            record.outcome = "gallery-deleted"
            record.forgotten = try await galleries.faces(in: name, nil).map(\.id)
            change = .delete(name)
            return gallery
        }
    }

    /// Removes faces from a gallery, for good.
    /// - Returns: the faces that were there and are gone; none is an answer.
    /// - Throws: `.galleryNotFound`.
    public func forget(_ which: FaceSelection, in name: GalleryName, permit: Permit) async throws -> Recorded<[FaceID]>
    {
        try await recorder.record(permit, operation: .forget, gallery: name) { record, change in
            let ids = try await galleries.faces(in: name, which).map(\.id)
            record.outcome = ids.isEmpty ? "not-found" : "forgotten"
            record.forgotten = ids
            if !ids.isEmpty { change = .forget(ids, in: name) }
            return ids
        }
    }
}

/// Which of a gallery's faces are meant.
public enum FaceSelection: Sendable, Hashable {
    case face(FaceID)
    case person(String)

    package func includes(_ face: EnrolledFaceDescription) -> Bool {
        switch self {
        case .face(let id): face.id == id
        case .person(let person): face.person == person
        }
    }
}
