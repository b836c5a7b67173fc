import Foundation
import Testing

/// All tests that run the program, one after the other: they measure time and memory, and each uses all cores.
@Suite("The program", .serialized, .enabled(if: Program.isThere, Program.missing)) struct EndToEnd {}

/// The program under test and what it needs.
enum Program {
    private static let environment = ProcessInfo.processInfo.environment
    static let path = environment["COUNTENANCE_PROGRAM"]
    static let parts = environment["COUNTENANCE_PARTS"]
    static var isThere: Bool { path != nil && parts != nil }
    static let missing: Comment = "COUNTENANCE_PROGRAM or COUNTENANCE_PARTS is not set; run `make test`"

    static let datasets = environment["COUNTENANCE_DATASETS"]
    static let datasetsMissing: Comment = "COUNTENANCE_DATASETS is not set"

    static func sample(_ name: String) -> String { "\(parts ?? "")/samples/\(name)" }
    static var models: String { "\(parts ?? "")/share/countenance/models" }

    /// Compiled networks, kept from test to test and thrown away at the end.
    static let cache: String = {
        atexit { try? FileManager.default.removeItem(atPath: Program.cache) }
        return NSTemporaryDirectory() + "countenance-test-cache-\(getpid())"
    }()
}

/// How a process ended.
struct Ended {
    /// nil when a signal ended it.
    let code: Int32?
    let signal: Int32?
    let out: String
    let err: String
    let peakMegabytes: Int

    /// What standard error says besides that the trial policy applies.
    var complaints: String {
        err.split(separator: "\n", omittingEmptySubsequences: false).filter { !$0.hasPrefix("The trial policy applies:") }
            .joined(separator: "\n")
    }

    /// What standard output holds: a document, or one on each line.
    func json(sourceLocation: SourceLocation = #_sourceLocation) throws -> JSON {
        try JSON(out, sourceLocation: sourceLocation)
    }
    func jsonLines(sourceLocation: SourceLocation = #_sourceLocation) throws -> [JSON] {
        try out.split(separator: "\n").map { try JSON(String($0), sourceLocation: sourceLocation) }
    }
}

/// A process that runs, with its output in files, so that no pipe can fill up.
struct Running {
    let process: pid_t
    fileprivate let out: String
    fileprivate let err: String

    /// - Throws: when it has not ended by then; it is killed.
    func end(within patience: Duration = .seconds(600)) async throws -> Ended {
        let deadline = ContinuousClock.now + patience
        var status: Int32 = 0
        var usage = rusage()
        while wait4(process, &status, WNOHANG, &usage) == 0 {
            guard ContinuousClock.now < deadline else {
                kill(process, SIGKILL)
                _ = wait4(process, &status, 0, &usage)
                throw Late(patience: patience)
            }
            try await Task.sleep(for: .milliseconds(3))
        }
        let signal = status & 0x7F
        return Ended(
            code: signal == 0 ? (status >> 8) & 0xFF : nil, signal: signal == 0 ? nil : signal,
            out: String(decoding: (try? Data(contentsOf: URL(fileURLWithPath: out))) ?? Data(), as: UTF8.self),
            err: String(decoding: (try? Data(contentsOf: URL(fileURLWithPath: err))) ?? Data(), as: UTF8.self),
            peakMegabytes: usage.ru_maxrss / 1024)
    }

    /// What it has printed so far.
    var output: String { (try? String(contentsOfFile: out, encoding: .utf8)) ?? "" }

    /// Waits for a line of its output with these words.
    func line(with words: String, within patience: Duration = .seconds(60)) async throws -> String {
        let deadline = ContinuousClock.now + patience
        while true {
            if let line = output.split(separator: "\n").first(where: { $0.contains(words) }) { return String(line) }
            guard ContinuousClock.now < deadline else { throw Late(patience: patience) }
            try await Task.sleep(for: .milliseconds(3))
        }
    }

    /// Waits for the first of its output to arrive.
    func begin(within patience: Duration = .seconds(60)) async throws {
        let deadline = ContinuousClock.now + patience
        while ((try? FileManager.default.attributesOfItem(atPath: out)[.size] as? Int) ?? 0) == 0 {
            guard ContinuousClock.now < deadline else { throw Late(patience: patience) }
            try await Task.sleep(for: .milliseconds(3))
        }
    }

    struct Late: Error { let patience: Duration }
}

/// A folder of its own for one test, with a home and a data directory; gone afterwards.
final class Place: Sendable {
    let folder: String
    let data: String

    init() throws {
        folder = NSTemporaryDirectory() + "countenance-test-\(UUID().uuidString)"
        data = folder + "/data"
        try FileManager.default.createDirectory(atPath: folder + "/home", withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    var environment: [String: String] {
        [
            "HOME": folder + "/home", "XDG_CACHE_HOME": Program.cache, "COUNTENANCE_DATA": data,
            "PATH": "/usr/local/bin:/usr/bin:/bin",
        ]
    }

    /// Runs the program to its end.
    func run(_ arguments: String..., sourceLocation: SourceLocation = #_sourceLocation) async throws -> Ended {
        try await run(arguments, sourceLocation: sourceLocation)
    }

    func run(_ arguments: [String], sourceLocation: SourceLocation = #_sourceLocation) async throws -> Ended {
        let ended = try await start(arguments).end()
        #expect(ended.signal == nil, "\(arguments.first ?? "") crashed: \(ended.err)", sourceLocation: sourceLocation)
        return ended
    }

    /// - Parameters:
    ///   - program: another one than the program under test.
    ///   - environment: nil takes the place's own.
    ///   - folder: the working directory; nil takes the place's own.
    func start(
        _ arguments: [String], program: String? = nil, environment: [String: String]? = nil, in folder: String? = nil
    ) throws -> Running {
        let program = program ?? Program.path ?? "", id = UUID().uuidString
        let out = "\(self.folder)/out-\(id)", err = "\(self.folder)/err-\(id)"
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, out, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, err, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        // The shell changes the folder and becomes the program.
        let words = (["sh", "-c", "cd \"$0\" && exec \"$@\"", folder ?? self.folder, program] + arguments).map { strdup($0) } + [nil]
        let variables = (environment ?? self.environment).map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (words + variables).forEach { free($0) } }
        var process = pid_t()
        let failure = posix_spawn(&process, "/bin/sh", &actions, nil, words, variables)
        guard failure == 0 else { throw POSIXError(.init(rawValue: failure) ?? .EIO) }
        return Running(process: process, out: out, err: err)
    }

    /// Runs a line of shell, in which `$0` is the program.
    func shell(_ line: String) async throws -> Ended {
        try await start(["-c", line, Program.path ?? ""], program: "/bin/sh").end()
    }

    /// Copies a sample photograph.
    /// - Parameter padding: bytes after its end, so that copies of one photograph are different files.
    @discardableResult
    func photograph(_ name: String, of sample: String, padding: Int = 0) throws -> String {
        let bytes = try Data(contentsOf: URL(fileURLWithPath: Program.sample(sample)))
        return try file(name, bytes + Data((0..<padding).map { UInt8(truncatingIfNeeded: $0 &+ padding) }))
    }

    /// A photograph with nobody on it.
    @discardableResult
    func emptyPhotograph(_ name: String) throws -> String { try file(name, greyTIFF(width: 200, height: 160)) }

    @discardableResult
    func file(_ name: String, _ bytes: Data) throws -> String {
        let url = URL(fileURLWithPath: folder).appendingPathComponent(name)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try bytes.write(to: url)
        return url.path
    }
}

/// A grey ramp as an uncompressed baseline TIFF.
private func greyTIFF(width: Int, height: Int) -> Data {
    let pixels = (0..<(width * height)).map { UInt8($0 % width * 255 / width) }
    let entries = [
        (256, width), (257, height), (258, 8), (259, 1), (262, 1), (273, 8), (277, 1), (278, height), (279, pixels.count),
    ]
    func bytes(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
    var file = Array("II*\0".utf8) + bytes(8 + pixels.count, 4) + pixels + bytes(entries.count, 2)
    for (tag, value) in entries { file += bytes(tag, 2) + bytes(4, 2) + bytes(1, 4) + bytes(value, 4) }
    return Data(file + bytes(0, 4))
}

/// A JSON value, read without a type of its own: the tests see what a script sees.
struct JSON {
    let value: Any?

    init(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let parsed = try? JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
        try #require(parsed != nil, "This is no JSON: \(text.prefix(500))", sourceLocation: sourceLocation)
        value = parsed
    }
    private init(value: Any?) { self.value = value }

    subscript(_ key: String) -> JSON { JSON(value: (value as? [String: Any])?[key]) }
    subscript(_ index: Int) -> JSON {
        guard let array = value as? [Any], array.indices.contains(index) else { return JSON(value: nil) }
        return JSON(value: array[index])
    }
    var string: String? { value as? String }
    var number: Double? { (value as? NSNumber)?.doubleValue }
    var bool: Bool? { value as? Bool }
    var array: [JSON] { (value as? [Any] ?? []).map(JSON.init(value:)) }
    var keys: Set<String> { Set((value as? [String: Any] ?? [:]).keys) }
}

extension String {
    /// One sentence to a person: begins with the program's name, ends with a full stop or a bracket, on one line.
    var isOneSentence: Bool {
        hasPrefix("countenance: ") && filter { $0 == "\n" }.count == 1
            && (hasSuffix(".\n") || hasSuffix(")\n"))
    }
}
