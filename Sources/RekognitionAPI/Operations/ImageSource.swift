import FaceRecognition
import Foundation

/// Rekognition's `Image`: bytes that came with the request, or an object in a bucket.
enum ImageSource: Sendable {
    /// The most bytes that a request may bring, and that an object may have, as Rekognition has it.
    static let maximumBytes = 5_242_880
    static let maximumObjectBytes = 15_728_640

    case bytes(Data)
    case object(bucket: String, name: String, version: String?)
}

extension Members {
    func image(_ name: String = "Image") throws -> ImageSource {
        let image = try required(name, structure(name))
        let bytes = try image.bytes("Bytes", 1...ImageSource.maximumBytes)
        let object = try image.structure("S3Object")
        switch (bytes, object) {
        case (let bytes?, nil): return .bytes(bytes)
        case (nil, let object?):
            return .object(
                bucket: try object.required("Bucket", object.text("Bucket", .bucket)),
                name: try object.required("Name", object.text("Name", .objectName)),
                version: try object.text("Version", .objectVersion))
        case (nil, nil): throw broken(name, "needs Bytes or S3Object")
        case (_?, _?): throw broken(name, "has either Bytes or S3Object, not both")
        }
    }
}

extension RekognitionService {
    /// The photograph, to be opened behind a permit. An object is read here; when that fails, opening the photograph
    /// throws, so that the attempt is recorded as every other.
    func photograph(_ source: ImageSource, _ label: String = "Image") async -> Photograph {
        switch source {
        case .bytes(let bytes): return Photograph(label: label) { bytes }
        case .object(let bucket, let name, let version):
            do {
                let bytes = try await buckets.photograph(
                    bucket: bucket, name: name, version: version, limit: ImageSource.maximumObjectBytes)
                return Photograph(label: label) { bytes }
            } catch {
                let error = (error as? BucketError).map(RecognitionError.init) ?? error
                return Photograph(label: label) { throw error }
            }
        }
    }
}

extension RecognitionError {
    fileprivate init(_ error: BucketError) {
        self.init(error.code == .tooLarge ? .imageTooLarge : .unreadableFile, error.message)
    }
}
