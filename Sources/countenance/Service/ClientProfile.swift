import FaceRecognition
import Foundation
import SQLiteStorage

/// A file that AWS's clients read as it is: the first key of an installation, for its operator.
struct ClientProfile {
    static let fileName = "aws-profile"
    static let profile = "countenance"

    let key: String
    let secret: String
    let region: String
    let endpoint: String

    /// Both forms in one file: the AWS CLI's configuration and its credentials.
    private var text: String {
        """
        # Made by `countenance serve` for the operator of this machine. Keep it secret.
        [\(Self.profile)]
        aws_access_key_id = \(key)
        aws_secret_access_key = \(secret)

        [profile \(Self.profile)]
        region = \(region)
        endpoint_url = \(endpoint)

        """
    }

    /// - Throws: `.storageUnavailable`; `.placeTaken` when the file is there.
    func write(to path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            throw RecognitionError(
                .storageUnavailable,
                "\(path) cannot be written (move one that is there away); until then, make a key with `countenance key create`.",
                detail: String(cString: strerror(errno)))
        }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        try file.write(contentsOf: Data(text.utf8))
        try file.synchronize()
    }
}
