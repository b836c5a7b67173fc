import FaceRecognition
import Foundation
import Logging

/// One JSON object a line on standard error, as log collectors read it. The messages are fixed sentences; what differs is
/// in members of its own.
struct JSONLogHandler: LogHandler {
    let label: String
    var logLevel: Logger.Level = .info
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?

    init(label: String) { self.label = label }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var members: [String: String] = [:]
        // Without Hummingbird's own number of a request; ours is `request_id`.
        for (key, value) in metadata where key != "hb.request.id" { members[key] = "\(value)" }
        for (key, value) in event.metadata ?? [:] { members[key] = "\(value)" }
        members["time"] = Date().formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
        members["level"] = event.level.rawValue
        members["message"] = "\(event.message)"
        var line = JSONLine.object { text in
            for (key, value) in members.sorted(by: { $0.key < $1.key }) { text.member(named: key, value) }
        }
        line.append(0x0A)
        // One write, so that lines of several threads do not mix. A log that cannot be written (its reader is gone, its
        // disk is full) is no reason to stop serving; FileHandle would end the process.
        line.withUnsafeBytes { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
