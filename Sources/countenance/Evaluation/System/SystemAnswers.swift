import FaceRecognition
import Foundation
import RekognitionAPI
import Synchronization

/// What another system answered, so that it is asked everything once: its calls may be slow, few or paid for.
///
/// A file for each address in the data directory's folder `evaluation/` (mode 0700; the files 0600), a JSON object a line.
/// Photographs are in it by their HMAC-SHA256 under the installation's key. The file may be deleted at any time.
final class SystemAnswers: Sendable {
    struct Answer: Codable, Sendable {
        enum Outcome: String, Codable {
            case found
            case noFace = "no-face"
            case unusable
        }
        let outcome: Outcome
        /// Of a photograph: how many faces it shows.
        var faces: Int?
        /// Of a pair.
        var similarity: Double?
        /// Of a search.
        var candidates: [RekognitionClient.Candidate]?
        /// Of a collection: what the system calls its face model.
        var model: String?

        static func named(_ model: String?) -> Answer {
            Answer(PhotographAnswer.found(model)) { $0.model = $1 }
        }

        init<Found>(_ answer: PhotographAnswer<Found>, _ fill: (inout Answer, Found) -> Void = { _, _ in }) {
            switch answer {
            case .found(let found):
                outcome = .found
                fill(&self, found)
            case .noFace: outcome = .noFace
            case .unusable: outcome = .unusable
            }
        }
    }

    private struct Line: Codable {
        let key: String
        let answer: Answer
    }

    private struct State {
        var found: [String: Answer] = [:]
        let file: FileHandle?
    }

    private let state: Mutex<State>
    private let path: String
    /// Whether answers outlive this process.
    let isKept: Bool

    /// - Parameter dataFolder: nil keeps nothing beyond this process.
    /// - Throws: `.storageUnavailable`.
    init(of system: String, in dataFolder: URL?) throws {
        isKept = dataFolder != nil
        guard let dataFolder else {
            path = ""
            state = Mutex(State(file: nil))
            return
        }
        path = try Self.path(of: system, ".answers", in: dataFolder)
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw Self.unavailable(path) }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        guard let data = try? file.readToEnd() ?? Data() else { throw Self.unavailable(path) }
        let decoder = JSONDecoder()
        var found: [String: Answer] = [:]
        for line in data.split(separator: UInt8(ascii: "\n")) {
            // One that cannot be read is asked for again.
            guard let line = try? decoder.decode(Line.self, from: line) else { continue }
            found[line.key] = line.answer
        }
        // A line that a crash cut short must not spoil the next one.
        if let last = data.last, last != UInt8(ascii: "\n") {
            do { try file.write(contentsOf: Data("\n".utf8)) } catch { throw Self.unavailable(path) }
        }
        state = Mutex(State(found: found, file: file))
    }

    subscript(key: String) -> Answer? { state.withLock { $0.found[key] } }

    /// - Throws: `.storageUnavailable`.
    func keep(_ answer: Answer, for key: String) throws {
        let line = try JSONEncoder().encode(Line(key: key, answer: answer)) + Data("\n".utf8)
        do {
            try state.withLock { state in
                state.found[key] = answer
                try state.file?.write(contentsOf: line)
            }
        } catch { throw Self.unavailable(path) }
    }

    /// A file about a system in the folder for evaluations, which is made where it is missing.
    static func path(of system: String, _ kind: String, in dataFolder: URL) throws -> String {
        let folder = dataFolder.appendingPathComponent("evaluation").path
        if mkdir(folder, 0o700) != 0, errno != EEXIST { throw unavailable(folder) }
        return "\(folder)/system-\(Data(system.utf8).sha256.prefix(16))\(kind)"
    }

    static func unavailable(_ path: String) -> RecognitionError {
        RecognitionError(
            .storageUnavailable, "\(path.printable) cannot be read or written; free some space, or give this user the right to.",
            detail: String(cString: strerror(errno)))
    }
}
