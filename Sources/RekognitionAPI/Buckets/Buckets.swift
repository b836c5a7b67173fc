package import Foundation

/// The buckets that `Image.S3Object` may name: those that the operator mapped, no others.
package struct Buckets: Sendable {
    private let places: [String: BucketPlace]
    private let timeout: Duration

    /// - Parameter timeout: For an endpoint's answer whole.
    package init(_ places: [String: BucketPlace], timeout: Duration = .seconds(15)) {
        self.places = places
        self.timeout = timeout
    }

    /// The bytes of the object `name`, at most `limit`.
    ///
    /// - Parameter version: For an endpoint that keeps versions. A folder keeps none.
    /// - Throws: ``BucketError``; `CancellationError`.
    package func photograph(bucket: String, name: String, version: String? = nil, limit: Int) async throws -> Data {
        guard let place = places[bucket] else {
            throw BucketError(
                .notFound, "No bucket of that name is mapped here; 'serve --bucket NAME=FOLDER' maps one.")
        }
        let key = try ObjectKey(name)
        switch place {
        case .folder(let path):
            guard version == nil else {
                throw BucketError(.notFound, "The bucket is a folder, which keeps no versions; leave the version out.")
            }
            return try await FolderBucket(path: path).photograph(key, limit: limit)
        case .endpoint(let address, let credentials, let region):
            guard version?.utf8.count ?? 1 <= ObjectKey.maximumLength else { throw BucketError.noObject }
            return try await EndpointBucket(
                address: address, credentials: credentials, region: region, timeout: timeout
            )
            .photograph(key, version: version, limit: limit)
        }
    }
}
