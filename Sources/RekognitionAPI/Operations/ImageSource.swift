import FaceRecognition
import Foundation
import Synchronization

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
    /// The photograph, to be opened behind a permit. An object is read when a worker opens it, so that no more of them are
    /// in memory than there are workers, and that a failure is recorded as every other.
    func photograph(_ source: ImageSource, _ label: String = "Image") -> Photograph {
        switch source {
        case .bytes(let bytes): return Photograph(label: label) { bytes }
        case .object(let bucket, let name, let version):
            return Photograph(label: label) { [buckets] in
                do {
                    return try waiting {
                        try await buckets.photograph(
                            bucket: bucket, name: name, version: version, limit: ImageSource.maximumObjectBytes)
                    }
                } catch let error as BucketError { throw RecognitionError(error) }
            }
        }
    }
}

extension RecognitionError {
    fileprivate init(_ error: BucketError) {
        let code: Code =
            switch error.code {
            case .tooLarge: .imageTooLarge
            // The same request may succeed later: clients ask again after a fault of ours.
            case .unavailable: .storageUnavailable
            default: .unreadableFile
            }
        self.init(code, error.message, detail: error.detail)
    }
}

/// Runs `body` and waits for it. Only for threads of our own: one of Swift's shared ones must never wait.
private func waiting<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) throws -> Value {
    let done = DispatchSemaphore(value: 0)
    let result = Mutex<Result<Value, any Error>?>(nil)
    Task {
        let outcome = await Result { try await body() }
        result.withLock { $0 = outcome }
        done.signal()
    }
    done.wait()
    return try result.withLock { $0! }.get()
}
