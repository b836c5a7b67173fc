import Foundation
import Testing

extension EndToEnd {
    @Suite("make install's step") struct Installed {
        private static let installer = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("setup/install").path

        @Test("The installed program runs from any folder, moved or not, without an environment; removing leaves nothing")
        func install() async throws {
            let place = try Place()
            let prefix = place.folder + "/prefix"
            // The installer asks for a python3, which may lie anywhere on the tester's path.
            let path = ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"]
            let installed = try await place.start([prefix], program: Self.installer, environment: path).end()
            try #require(installed.code == 0, "\(installed.err)")
            for file in [
                "share/man/man1/countenance.1", "share/bash-completion/completions/countenance",
                "share/zsh/site-functions/_countenance", "share/fish/vendor_completions.d/countenance.fish",
            ] {
                #expect(FileManager.default.fileExists(atPath: "\(prefix)/\(file)"), "\(file)")
            }

            let moved = place.folder + "/moved elsewhere"
            try FileManager.default.moveItem(atPath: prefix, toPath: moved)
            let arguments = ["detect", "--json", "--data", place.data, Program.sample("obama.jpg")]
            let ended = try await place.start(
                arguments, program: moved + "/bin/countenance", environment: ["HOME": place.folder + "/home"], in: "/"
            ).end()
            #expect(ended.code == 0, "\(ended.err)")
            #expect(try ended.json()["faces"].array.count == 1)

            let removed = try await place.start(["--remove", moved], program: Self.installer, environment: path).end()
            #expect(removed.code == 0, "\(removed.err)")
            #expect((try? FileManager.default.subpathsOfDirectory(atPath: moved))?.isEmpty ?? true)
        }

        @Test("A prefix that cannot be written is refused in one sentence")
        func refused() async throws {
            let place = try Place()
            let path = ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"]
            let ended = try await place.start(["/dev/null/prefix"], program: Self.installer, environment: path).end()
            #expect(ended.code == 3)
            #expect(ended.err.split(separator: "\n").count == 1 && ended.err.hasSuffix(".\n"), "\(ended.err)")
        }
    }
}
