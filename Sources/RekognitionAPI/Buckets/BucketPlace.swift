import FaceRecognition
package import Foundation

/// Where a bucket's objects really are.
package enum BucketPlace: Sendable, Hashable {
    /// A folder of this machine: the object `a/b.jpg` is the file `b.jpg` in its folder `a`.
    case folder(String)
    /// Below an address of a service that speaks S3: the object `a/b.jpg` is at this address with `/a/b.jpg` added.
    case endpoint(URL, credentials: AccessCredentials, region: String)
}

extension BucketPlace {
    /// Reads an operator's `NAME=FOLDER` or `NAME=https://HOST/BUCKET`.
    ///
    /// - Parameters:
    ///   - credentials: What requests to an endpoint are signed with; from the environment, never the command line.
    ///   - region: The endpoint's region.
    /// - Throws: ``RecognitionError`` with the code `invalidValue`. Whether the place is there is not looked at.
    package static func parsing(_ text: String, credentials: AccessCredentials?, region: String = "us-east-1") throws
        -> (name: String, place: BucketPlace)
    {
        guard let equals = text.firstIndex(of: "=") else {
            throw refusal("A bucket is given as NAME=FOLDER or NAME=https://HOST/BUCKET; '\(text)' has no '='.")
        }
        let name = String(text[..<equals])
        let place = String(text[text.index(after: equals)...])
        // The service model's pattern for S3Bucket (botocore, rekognition/2016-06-27).
        guard (3...255).contains(name.utf8.count), name.utf8.allSatisfy(isNameByte) else {
            throw refusal("A bucket's name has 3 to 255 of A-Z, a-z, 0-9, '.', '-' and '_'; '\(name)' is none.")
        }
        guard !place.isEmpty, !place.utf8.contains(0) else {
            throw refusal("The bucket '\(name)' has no folder after its '='.")
        }
        guard place.contains("://") else { return (name, .folder(place)) }
        guard let credentials else {
            throw refusal(
                "The bucket '\(name)' is at an endpoint: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment."
            )
        }
        return (name, .endpoint(try address(place, of: name), credentials: credentials, region: region))
    }

    private static func address(_ text: String, of name: String) throws -> URL {
        guard let parts = URLComponents(string: text), let host = parts.host, !host.isEmpty, let scheme = parts.scheme,
            ["http", "https"].contains(scheme), parts.user == nil, parts.password == nil, parts.query == nil,
            parts.fragment == nil, let url = parts.url
        else {
            throw refusal("The bucket '\(name)' needs an address like https://HOST/BUCKET, without user, '?' or '#'.")
        }
        guard !parts.percentEncodedPath.utf8.split(separator: UInt8(ascii: "/")).contains(where: isDots) else {
            throw refusal("The address of the bucket '\(name)' has '.' or '..' in its path; give it without.")
        }
        guard scheme == "https" || isLoopback(host) else {
            throw refusal(
                "The bucket '\(name)' is at an address without TLS: photographs would travel in the open. "
                    + "Use https, or http to this machine's loopback.")
        }
        return url
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
        default: false
        }
    }

    private static func isDots(_ segment: Substring.UTF8View) -> Bool {
        segment.elementsEqual(".".utf8) || segment.elementsEqual("..".utf8)
    }

    private static func isLoopback(_ host: String) -> Bool {
        ["localhost", "::1", "[::1]"].contains(host)
            || host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }.starts(with: [127])
                && host.split(separator: ".").count == 4 && host.split(separator: ".").allSatisfy { UInt8($0) != nil }
    }

    private static func refusal(_ message: String) -> RecognitionError { RecognitionError(.invalidValue, message) }
}
