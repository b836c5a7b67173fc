/// What a signature is good for: one day, one region, one service.
package struct CredentialScope: Sendable, Hashable {
    /// `20150830`, in UTC.
    package let day: String
    package let region: String
    package let service: String

    /// The last part of each scope.
    static let terminator = "aws4_request"

    /// `20150830/eu-central-1/rekognition/aws4_request`.
    var text: String { "\(day)/\(region)/\(service)/\(Self.terminator)" }
}
