import Foundation
import Testing

extension EndToEnd {
    /// Tests/Clients holds them: boto3 and the AWS CLI are Python's. Each starts its own servers.
    @Suite("The service, asked by others' clients", .enabled(if: Clients.areThere, Clients.missing)) struct Services {
        @Test(
            "boto3 and the AWS CLI get along with it",
            arguments: [
                "compatibility", "walk", "policy", "command_line", "errors", "signatures", "robustness", "hostile",
                "transparency", "interrupted",
            ])
        func clients(part: String) async throws {
            let place = try Place()
            let ended = try await place.start(
                ["-B", "-m", "unittest", "--verbose", part], program: Clients.python, environment: Clients.environment,
                in: Clients.tests
            ).end(within: .seconds(900))
            #expect(ended.code == 0, "\(ended.err)")
            // What was skipped is said by name.
            for line in ended.err.split(separator: "\n") where line.contains("... skipped") { print(line) }
            try #require(ended.err.contains(#/Ran [1-9][0-9]* tests?/#), "\(ended.err)")
        }
    }
}

/// Python, and the clients that `setup/setup --with clients` has fetched for it.
private enum Clients {
    static let folder = "\(Program.parts ?? "")/clients"
    static var areThere: Bool { FileManager.default.fileExists(atPath: folder + "/pins.txt") }
    static let missing: Comment = "the clients are not there; run `setup/setup --with clients` or `make test`"
    static let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().path + "/Clients"

    /// The Python that is first on the path of who runs the tests: setup has used it too.
    static let python: String = {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin"
        let candidates = path.split(separator: ":").map { "\($0)/python3" }
        return candidates.first { FileManager.default.isExecutableFile(atPath: $0) } ?? "/usr/bin/python3"
    }()

    static var environment: [String: String] {
        ProcessInfo.processInfo.environment.merging(
            ["PYTHONPATH": folder, "XDG_CACHE_HOME": Program.cache, "PYTHONDONTWRITEBYTECODE": "1"]
        ) { _, new in new }
    }
}
