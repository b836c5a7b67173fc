import Foundation
import Testing

extension EndToEnd {
    @Suite("A good citizen of the shell") struct Shell {
        private static let commands = [
            [], ["detect"], ["compare"], ["enrol"], ["identify"], ["gallery"], ["gallery", "list"], ["gallery", "show"],
            ["gallery", "faces"], ["gallery", "delete"], ["forget"], ["model"], ["model", "list"], ["model", "show"],
            ["model", "add"], ["model", "calibrate"], ["evaluate"], ["evaluate", "verification"], ["doctor"], ["demo"],
        ]

        @Test("Each command has help, on standard output")
        func help() async throws {
            let place = try Place()
            for command in Self.commands {
                let ended = try await place.run(command + ["--help"])
                #expect(ended.code == 0, "\(command)")
                #expect(ended.err.isEmpty, "\(command)")
                #expect(ended.out.contains("USAGE: " + (["countenance"] + command).joined(separator: " ")), "\(command)")
            }
            #expect(try await place.run("help", "enrol").out == place.run("enrol", "--help").out)
            #expect(!FileManager.default.fileExists(atPath: place.data))
        }

        @Test("Without a word it explains itself")
        func nothing() async throws {
            let ended = try await Place().run()
            #expect(ended.out.contains("SUBCOMMANDS"))
        }

        @Test("--version is a version")
        func version() async throws {
            let ended = try await Place().run("--version")
            #expect(ended.code == 0)
            #expect(ended.out.wholeMatch(of: /\d+\.\d+\.\d+\n/) != nil)
        }

        @Test("Completions are made for each shell", arguments: ["bash", "zsh", "fish"])
        func completions(shell: String) async throws {
            let place = try Place()
            let ended = try await place.run("--generate-completion-script", shell)
            #expect(ended.code == 0)
            for word in ["countenance", "identify", "gallery", "annotate"] { #expect(ended.out.contains(word), "\(word)") }
            let script = try place.file("completion", Data(ended.out.utf8))
            let check = try await place.shell("if command -v \(shell) >/dev/null; then \(shell) -n '\(script)'; fi")
            #expect(check.code == 0, "\(check.err)")
        }

        @Test("A reader that closes the pipe is no error")
        func closedPipe() async throws {
            let place = try Place()
            for i in 0..<12 { try place.photograph("many/\(i).jpg", of: "obama.jpg", padding: i + 1) }
            let one = try await place.shell("\"$0\" enrol --gallery g --json many | head -n 1")
            #expect(one.code == 0)
            #expect(one.err.isEmpty, "\(one.err)")
            #expect(try one.jsonLines().count == 1)
            for command in ["gallery faces g --json", "model show sface-2021dec", "--help", "doctor"] {
                let none = try await place.shell("\"$0\" \(command) | true")
                #expect(none.code == 0, "\(command)")
                #expect(none.err.isEmpty, "\(command): \(none.err)")
            }
        }

        @Test("It works through a symbolic link, from another folder, with no environment but a home")
        func bare() async throws {
            let place = try Place()
            let link = place.folder + "/face"
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: Program.path ?? "")
            let environment = ["HOME": place.folder + "/home"]
            for program in [link, Program.path] {
                let running = try place.start(
                    ["detect", "--json", Program.sample("obama.jpg")], program: program, environment: environment, in: "/")
                let ended = try await running.end()
                #expect(ended.code == 0, "\(ended.err)")
                #expect(try ended.json()["faces"].array.count == 1)
            }
            for path in [".local/share/countenance/countenance.sqlite", ".cache/countenance/networks"] {
                #expect(FileManager.default.fileExists(atPath: "\(place.folder)/home/\(path)"), "\(path)")
            }
        }

        @Test("It works where no home can be written, with a data directory")
        func noHome() async throws {
            let place = try Place()
            let running = try place.start(
                ["detect", "--json", Program.sample("obama.jpg"), "--data", place.data], environment: ["HOME": "/proc/none"])
            let ended = try await running.end()
            #expect(ended.code == 0, "\(ended.err)")
        }

        @Test("What is in the data directory is for its owner only")
        func modes() async throws {
            let place = try Place()
            #expect(try await place.shell("umask 000; \"$0\" enrol --gallery g '\(Program.sample("obama.jpg"))'").code == 0)
            for name in ["", "/lock", "/countenance.sqlite"] {
                let attributes = try FileManager.default.attributesOfItem(atPath: place.data + name)
                let mode = try #require(attributes[.posixPermissions] as? Int)
                #expect(mode & 0o077 == 0, "'\(name)' has the mode \(String(mode, radix: 8))")
            }
        }

        @Test("Where nobody reads along there are no colours and no progress")
        func noColours() async throws {
            let place = try Place()
            for i in 0..<3 { try place.photograph("few/\(i).jpg", of: "obama.jpg", padding: i + 1) }
            for arguments in [
                ["enrol", "--gallery", "g", "few"], ["identify", "--gallery", "g", Program.sample("obama2.jpg")],
                ["compare", Program.sample("obama.jpg"), Program.sample("obama2.jpg")], ["doctor"], ["detect", "none.jpg"],
                ["demo", "--samples", "\(Program.parts ?? "")/samples", "--picture", "d.png"], ["gallery", "show", "g"],
            ] {
                let ended = try await place.run(arguments)
                #expect(!(ended.out + ended.err).contains("\u{1B}"), "\(arguments[0])")
                #expect(!(ended.out + ended.err).contains("\r"), "\(arguments[0])")
            }
        }

        @Test("A file that is called like an option is read after --")
        func dashes() async throws {
            let place = try Place()
            try place.photograph("--json", of: "obama.jpg")
            let ended = try await place.run("detect", "--", "--json")
            #expect(ended.code == 0)
            #expect(ended.out.contains("1 face"))
        }
    }
}
