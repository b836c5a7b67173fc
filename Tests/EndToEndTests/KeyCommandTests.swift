import Foundation
import Testing

extension EndToEnd {
    @Suite("Access keys") struct KeyCommands {
        @Test("A key is made, listed, rotated and ended; its secret is shown once") func walk() async throws {
            let place = try Place()
            let none = try await place.run("key", "list")
            #expect(none.code == 1 && none.out.isEmpty && none.err.contains("key create"))
            let made = try await place.run("key", "create", "--organisation", "door-3", "--label", "back door", "--json").json()
            let id = try #require(made["id"].string), secret = try #require(made["secret"].string)
            #expect(id.wholeMatch(of: /AKIA[A-Z2-7]{16}/) != nil && secret.utf8.count == 40)
            #expect(made["organisation"].string == "door-3" && made["label"].string == "back door" && made["record"].number != nil)
            let listed = try await place.run("key", "list", "--json")
            #expect(!listed.out.contains(secret) && listed.code == 0)
            #expect(try listed.jsonLines().map { $0["id"].string } == [id])

            let rotated = try await place.run("key", "rotate", id, "--json").json()
            let new = try #require(rotated["id"].string)
            #expect(new != id && rotated["secret"].string != secret && rotated["label"].string == "back door")
            let keys = try await place.run("key", "list", "--json").jsonLines()
            #expect(keys.map { $0["disabled"].string == nil } == [false, true])
            #expect(try await place.run("key", "disable", new).code == 0)
            #expect(try await place.run("key", "disable", new).code == 0)
            let text = try await place.run("key", "create")
            #expect(text.out.contains("AKIA") && text.out.contains("local-operator") && text.err.contains("once"))
            #expect(try await place.run("key", "list").out.components(separatedBy: "disabled").count == 3)
        }

        @Test("3: a key that is not there, a bad organisation; 2: no id") func bad() async throws {
            let place = try Place()
            for arguments in [["disable", "AKIAUNKNOWN"], ["rotate", "AKIAUNKNOWN"], ["create", "--organisation", "a b"]] {
                let ended = try await place.run(["key"] + arguments)
                #expect(ended.code == 3 && ended.err.isOneSentence, "\(arguments): \(ended.err)")
            }
            #expect(try await place.run("key", "disable").code == 2)
            let help = try await place.run("key", "--help")
            #expect(help.code == 0 && help.out.contains("countenance key rotate") && help.out.contains("Exit codes"))
        }

        @Test("Keys are made while another process owns the directory") func beside() async throws {
            let place = try Place()
            #expect(try await place.run("gallery", "list").code == 1)
            let lock = open(place.data + "/lock", O_RDWR | O_CLOEXEC)
            defer { close(lock) }
            try #require(flock(lock, LOCK_EX) == 0)
            let made = try await place.run("key", "create", "--json")
            #expect(made.code == 0, "\(made.err)")
            let id = try #require(try made.json()["id"].string)
            #expect(try await place.run("key", "disable", id).code == 0)
            #expect(try await place.run("key", "list").code == 0)
        }
    }
}
