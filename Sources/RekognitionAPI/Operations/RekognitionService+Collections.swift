import FaceRecognition
import Foundation

extension RekognitionService {
    private struct Created: Encodable {
        let statusCode = 200
        let collectionArn: String
        let faceModelVersion: String
    }

    func createCollection(_ members: Members, _ caller: Caller) async throws -> Answer {
        let name = try members.collection()
        let tags = try members.map("Tags", 0...200, keys: .tagKey, values: .tagValue) ?? [:]
        let permit = try await permit(.manage, name, for: caller)
        _ = try await keeper.create(name, for: recognizer.model, tags: tags, permit: permit)
        return Answer(
            body: Created(collectionArn: names.name(of: name), faceModelVersion: model.rawValue), permit: permit)
    }

    private struct Described: Encodable {
        let faceCount: Int
        let faceModelVersion: String
        let collectionARN: String
        let creationTimestamp: Date
        let userCount: Int
    }

    func describeCollection(_ members: Members, _ caller: Caller) async throws -> Answer {
        let name = try members.collection()
        let permit = try await permit(.manage, name, for: caller)
        let gallery = try await keeper.show(name, permit: permit).outcome.gallery
        return Answer(
            body: Described(
                faceCount: gallery.faces, faceModelVersion: gallery.model.rawValue, collectionARN: names.name(of: name),
                creationTimestamp: gallery.created, userCount: gallery.people),
            permit: permit)
    }

    private struct Listed: Encodable {
        let collectionIds: [String]
        let nextToken: String?
        let faceModelVersions: [String]
    }

    func listCollections(_ members: Members, _ caller: Caller) async throws -> Answer {
        let count = try members.pageSize(0...4_096, standard: 1_000)
        let after = try members.text("NextToken", .pageToken).map { try pages.cursor($0, of: "collections") }
        let permit = try await permit(.manage, for: caller)
        var galleries = try await keeper.list(permit: permit).outcome
            .map { (order: GalleryOrder($0.name), gallery: $0) }.sorted { $0.order < $1.order }
        if case .gallery(let last) = after { galleries.removeAll { $0.order <= last } }
        let page = galleries.prefix(count)
        let next = try galleries.count > count ? pages.token(.gallery(page.last!.order), of: "collections") : nil
        return Answer(
            body: Listed(
                collectionIds: page.map(\.gallery.name.rawValue), nextToken: next,
                faceModelVersions: page.map(\.gallery.model.rawValue)), permit: permit)
    }

    private struct Deleted: Encodable { let statusCode = 200 }

    func deleteCollection(_ members: Members, _ caller: Caller) async throws -> Answer {
        let name = try members.collection()
        let permit = try await permit(.forget, name, for: caller)
        _ = try await keeper.delete(name, permit: permit)
        return Answer(body: Deleted(), permit: permit)
    }

    // MARK: Tags

    func tagResource(_ members: Members, _ caller: Caller) async throws -> Answer {
        let name = try resource(members)
        let tags = try members.required("Tags", members.map("Tags", 0...200, keys: .tagKey, values: .tagValue))
        let permit = try await permit(.manage, name, for: caller)
        _ = try await keeper.setTags(tags, removing: [], of: name, permit: permit)
        return Answer(body: EmptyShape(), permit: permit)
    }

    func untagResource(_ members: Members, _ caller: Caller) async throws -> Answer {
        let name = try resource(members)
        let keys = try members.required("TagKeys", members.texts("TagKeys", 0...200, each: .tagKey))
        let permit = try await permit(.manage, name, for: caller)
        _ = try await keeper.setTags([:], removing: keys, of: name, permit: permit)
        return Answer(body: EmptyShape(), permit: permit)
    }

    private struct Tagged: Encodable { let tags: [String: String] }

    func listTagsForResource(_ members: Members, _ caller: Caller) async throws -> Answer {
        let name = try resource(members)
        let permit = try await permit(.manage, name, for: caller)
        return Answer(body: Tagged(tags: try await keeper.tags(of: name, permit: permit).outcome), permit: permit)
    }

    private func resource(_ members: Members) throws -> GalleryName {
        let arn = try members.required("ResourceArn", members.text("ResourceArn", .resourceName))
        return try names.gallery(arn)
    }
}

/// Amazon resource names of our galleries: `arn:aws:rekognition:REGION:000000000000:collection/NAME`.
struct ResourceNames: Sendable {
    private let beginning: String

    /// An installation has no AWS account; twelve zeros stand in its place.
    init(region: String) { beginning = "arn:aws:rekognition:\(region):000000000000:collection/" }

    func name(of gallery: GalleryName) -> String { beginning + gallery.rawValue }

    /// - Throws: `InvalidParameterException` for a text that is no such name, `ResourceNotFoundException` for what is
    ///   elsewhere.
    func gallery(_ arn: String) throws -> GalleryName {
        guard arn.hasPrefix("arn:") else {
            throw ServiceError.invalid("ResourceArn is no Amazon resource name; those of collections begin with \(beginning).")
        }
        guard arn.hasPrefix(beginning), let name = try? GalleryName(String(arn.dropFirst(beginning.count))) else {
            throw ServiceError(
                .resourceNotFound, "ResourceArn names nothing of this service; its collections begin with \(beginning).")
        }
        return name
    }
}
