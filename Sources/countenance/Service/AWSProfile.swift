import FaceRecognition
import Foundation
import RekognitionAPI

/// Whose key signs requests to another system, and for which region: a profile of the files that AWS's clients share
/// (https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html).
struct AWSProfile {
    let credentials: AccessCredentials
    let region: String?

    /// - Parameters:
    ///   - name: nil takes the environment's key where there is one, else the environment's profile, else `default`.
    ///   - environment: `AWS_SHARED_CREDENTIALS_FILE` and `AWS_CONFIG_FILE` name other files than those in `~/.aws`.
    /// - Throws: `.invalidValue` when there is no such profile, or no key in it; `.unreadableFile` for a file that was named.
    init(_ name: String?, environment: [String: String] = ProcessInfo.processInfo.environment) throws {
        let ownRegion = environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"]
        if name == nil, let id = environment["AWS_ACCESS_KEY_ID"], let secret = environment["AWS_SECRET_ACCESS_KEY"] {
            credentials = AccessCredentials(
                accessKeyID: id, secretAccessKey: secret, sessionToken: environment["AWS_SESSION_TOKEN"])
            region = ownRegion
            return
        }
        let name = name ?? environment["AWS_PROFILE"] ?? "default"
        let home = environment["HOME"] ?? NSHomeDirectory()
        func sections(_ variable: String, _ file: String) throws -> [String: [String: String]] {
            let path = environment[variable] ?? "\(home)/.aws/\(file)"
            guard environment[variable] != nil || FileManager.default.fileExists(atPath: path) else { return [:] }
            do {
                return Self.sections(
                    String(decoding: try RegularFile.contents(path, limit: 1 << 20, remedy: "name another"), as: UTF8.self))
            } catch let error as RecognitionError {
                throw RecognitionError(.unreadableFile, "The file of profiles \(path.printable): \(error.message)")
            }
        }
        let keys = try sections("AWS_SHARED_CREDENTIALS_FILE", "credentials")[name] ?? [:]
        let all = try sections("AWS_CONFIG_FILE", "config")
        let configuration = all["profile \(name)"] ?? (name == "default" ? all[name] : nil) ?? [:]
        func value(_ key: String) -> String? { keys[key] ?? configuration[key] }
        guard let id = value("aws_access_key_id"), let secret = value("aws_secret_access_key") else {
            throw RecognitionError(
                .invalidValue,
                "There is no profile '\(name.printable)' with an access key in the files of AWS's clients; name another with --profile, or their files in $AWS_SHARED_CREDENTIALS_FILE and $AWS_CONFIG_FILE."
            )
        }
        credentials = AccessCredentials(accessKeyID: id, secretAccessKey: secret, sessionToken: value("aws_session_token"))
        region = ownRegion ?? configuration["region"] ?? keys["region"]
    }

    /// Sections with their names and values; lines that are indented belong to a value and are left out.
    static func sections(_ text: String) -> [String: [String: String]] {
        var sections: [String: [String: String]] = [:], current: String?
        for line in text.split(whereSeparator: \.isNewline) {
            guard let first = line.first, !first.isWhitespace, first != "#", first != ";" else { continue }
            let line = line.trimmingCharacters(in: .whitespaces)
            if first == "[", let end = line.firstIndex(of: "]") {
                let words = line[line.index(after: line.startIndex)..<end].split(whereSeparator: \.isWhitespace)
                current = words.joined(separator: " ")
            } else if let current, let equals = line.firstIndex(of: "=") {
                let name = line[..<equals].trimmingCharacters(in: .whitespaces)
                sections[current, default: [:]][name] =
                    line[line.index(after: equals)...].trimmingCharacters(in: .whitespaces)
            }
        }
        return sections
    }
}
