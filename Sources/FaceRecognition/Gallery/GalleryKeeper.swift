public import Foundation

/// Looks after galleries: no photograph is needed for it, and so no network is loaded.
public struct GalleryKeeper: Sendable {
    let galleries: any GalleryStore
    let recorder: Recorder
    let now: @Sendable () -> Date

    package init(
        galleries: any GalleryStore, records: any RecordLog, now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.galleries = galleries
        self.recorder = Recorder(galleries: galleries, records: records)
        self.now = now
    }

    /// The galleries that the permit's holder may look after or delete, by name.
    public func list(permit: Permit) async throws -> Recorded<[GalleryDescription]> {
        try await recorder.record(permit, operation: .manage) { record, _ in
            let all = try await galleries.galleries()
            record.outcome = "listed"
            return all.filter { permit.reaches($0.name) }
        }
    }

    /// The most that a page lists.
    public static let largestPage = 4_096

    /// - Throws: `.invalidValue`.
    static func checked(pageSize count: Int) throws -> Int {
        guard (1...largestPage).contains(count) else {
            throw RecognitionError(.invalidValue, "A page lists 1 to \(largestPage) of them, not \(count).")
        }
        return count
    }

    /// One gallery, and how it is kept.
    /// - Throws: `.galleryNotFound`.
    public func show(
        _ name: GalleryName, permit: Permit
    ) async throws -> Recorded<(gallery: GalleryDescription, upkeep: GalleryUpkeep)> {
        try await recorder.record(permit, operation: .manage, gallery: name) { record, _ in
            record.outcome = "shown"
            return (try await galleries.description(of: name), try await galleries.upkeep(of: name))
        }
    }

    /// Makes an empty gallery, which belongs to `model` for life.
    /// - Parameters:
    ///   - retention: how long a face stays, in seconds from its enrolment; nil for as long as the permit lets it.
    ///   - keepsCrops: whether the aligned crop of each face is kept, for people to look at.
    ///   - tags: what the operator says of it, at most 200.
    /// - Throws: `.galleryExists`; `.invalidValue` for a retention that is not positive, or for a tag; `.limitExceeded`.
    public func create(
        _ name: GalleryName, for model: TemplateModel, retention: TimeInterval? = nil, keepsCrops: Bool = false,
        tags: [String: String] = [:], permit: Permit
    ) async throws -> Recorded<GalleryDescription> {
        try await recorder.record(permit, operation: .manage, gallery: name) { record, change in
            if let retention, !(retention > 0 && retention.isFinite) {
                throw RecognitionError(
                    .invalidValue, "A gallery's retention is a positive number of seconds; \(retention) is not.")
            }
            try GalleryTags.check(tags)
            let gallery = GalleryDescription(
                name: name, model: model.id, dimension: model.dimension, created: now(),
                retention: retention ?? permit.terms.retention, keepsCrops: keepsCrops)
            record.model = model.id
            record.outcome = "gallery-created"
            change = .create(gallery, tags: tags)
            return gallery
        }
    }

    /// Deletes a gallery with all its faces, and destroys its key: to forget all of them.
    /// - Throws: `.galleryNotFound`.
    public func delete(_ name: GalleryName, permit: Permit) async throws -> Recorded<GalleryDescription> {
        try await recorder.record(permit, operation: .forget, gallery: name) { record, change in
            let gallery = try await galleries.description(of: name)
            record.outcome = "gallery-deleted"
            record.faces = gallery.faces
            change = .delete(name)
            return gallery
        }
    }

    /// A gallery's tags: what its operator says of it.
    /// - Throws: `.galleryNotFound`.
    public func tags(of name: GalleryName, permit: Permit) async throws -> Recorded<[String: String]> {
        try await recorder.record(permit, operation: .manage, gallery: name) { record, _ in
            record.outcome = "shown"
            return try await galleries.tags(of: name)
        }
    }

    /// Adds tags to a gallery, in the place of those of the same key, after removing some; a key that is not there is
    /// removed without an error.
    /// - Throws: `.galleryNotFound`; `.invalidValue`; `.limitExceeded` when there would be more than 200.
    public func setTags(
        _ tags: [String: String], removing keys: [String], of name: GalleryName, permit: Permit
    ) async throws -> Recorded<Void> {
        try await recorder.record(permit, operation: .manage, gallery: name) { record, change in
            record.outcome = "tagged"
            try GalleryTags.check(tags)
            change = .tag(name, adding: tags, removing: keys)
        }
    }

    /// Does other work on what is kept, a check for instance, and records it.
    package func maintain<Outcome: Sendable>(
        _ outcome: String, operation: GatedOperation = .manage, gallery: GalleryName? = nil, permit: Permit,
        _ work: () async throws -> Outcome
    ) async throws -> Recorded<Outcome> {
        try await recorder.record(permit, operation: operation, gallery: gallery) { record, _ in
            let result = try await work()
            record.outcome = outcome
            return result
        }
    }

    /// Does work that makes its own entry durable together with what it changes.
    /// - Parameters:
    ///   - fill: what the entry says of what was asked; its reason and keys stay in that of a failure.
    ///   - work: is given the entry and says where it lies.
    package func change<Outcome: Sendable>(
        _ outcome: String, operation: GatedOperation = .manage, permit: Permit,
        saying fill: (inout Record) -> Void = { _ in }, _ work: (Record) async throws -> (Outcome, RecordReceipt)
    ) async throws -> Recorded<Outcome> {
        try await recorder.record(permit, operation: operation, recordedBy: work, as: outcome, saying: fill)
    }

    /// Puts the galleries of a backup in the place of what is here under their names. See `GalleryChange.restore`.
    package func restore(from backup: String, permit: Permit) async throws -> Recorded<Void> {
        try await recorder.record(permit, operation: .manage) { record, change in
            record.outcome = "restored"
            change = .restore(from: backup)
        }
    }
}
