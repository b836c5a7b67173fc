import Foundation
import Testing

extension EndToEnd {
    @Suite("Galleries are kept, checked, moved and forgotten") struct GalleryUpkeep {
        private func enrolled(_ place: Place, _ arguments: String...) async throws -> String {
            let ended = try await place.run(["enrol", "--json"] + arguments)
            #expect(ended.code == 0, "\(ended.err)")
            return try #require(try ended.json()["face"].string)
        }

        @Test("A gallery with a retention and crops shows what it is; its crop is a picture of the face") func create() async throws {
            let place = try Place()
            let made = try await place.run("gallery", "create", "g", "--retain", "180d", "--keep-crops", "--json")
            #expect(made.code == 0)
            #expect(try made.json()["retention"].number == 15_552_000)
            let face = try await enrolled(place, "--gallery", "g", Program.sample("obama.jpg"))
            let shown = try await place.run("gallery", "show", "g", "--json").json()
            #expect(shown["keepsCrops"].bool == true && shown["faces"].number == 1 && shown["checked"].string == nil)
            #expect(try #require(shown["bytes"].number) > 37_000)
            #expect(try #require(shown["key"].string).count == 36)
            let text = try await place.run("gallery", "show", "g").out
            #expect(text.contains("180 days from enrolment") && text.contains("never"))
            let picture = place.folder + "/crop.png"
            #expect(try await place.run("gallery", "crop", "g", face, picture).code == 0)
            let found = try await place.run("detect", "--json", picture).json()
            #expect(found["size"]["width"].number == 112 && found["faces"].array.count == 1)
            let expires = try #require(try await place.run("gallery", "faces", "g", "--json").json()["expires"].string)
            let left = try Date(expires, strategy: .iso8601).timeIntervalSinceNow / 86_400
            #expect(left > 179 && left < 181)
            #expect(try await place.run("gallery", "create", "h", "--retain", "soon").code == 2)
        }

        @Test("Without --keep-crops there is no picture") func noCrop() async throws {
            let place = try Place()
            let face = try await enrolled(place, "--gallery", "g", Program.sample("obama.jpg"))
            let ended = try await place.run("gallery", "crop", "g", face, place.folder + "/crop.png")
            #expect(ended.code == 3 && ended.err.isOneSentence && ended.err.contains("--keep-crops"))
            #expect(!FileManager.default.fileExists(atPath: place.folder + "/crop.png"))
        }

        @Test("A face is found until it expires, and never after; a purge says how many it removed") func expiry() async throws {
            let place = try Place()
            _ = try await enrolled(place, "--gallery", "g", "--retain", "4s", Program.sample("obama.jpg"))
            _ = try await enrolled(place, "--gallery", "g", Program.sample("biden.jpg"))
            let deadline = Date().addingTimeInterval(4.1)
            #expect(try await place.run("identify", "--gallery", "g", Program.sample("obama2.jpg")).code == 0)
            try await Task.sleep(for: .seconds(max(0, deadline.timeIntervalSinceNow)))
            let purged = try await place.run("gallery", "purge", "--json")
            #expect(try purged.json()["purged"].number == 1)
            #expect(try await place.run("identify", "--gallery", "g", Program.sample("obama2.jpg")).code == 1)
            #expect(try await place.run("gallery", "show", "g", "--json").json()["faces"].number == 1)
            #expect(try await place.run("gallery", "check").code == 0)
        }

        @Test("People gather faces, are searched for, and are forgotten") func people() async throws {
            let place = try Place()
            let a = try await enrolled(place, "--gallery", "g", Program.sample("obama.jpg"))
            let b = try await enrolled(place, "--gallery", "g", Program.sample("biden.jpg"))
            #expect(try await place.run("person", "list", "--gallery", "g").code == 1)
            #expect(try await place.run("identify", "--gallery", "g", "--people", Program.sample("obama2.jpg")).code == 1)
            let joined = try await place.run("person", "join", "--gallery", "g", "Ada", a, "--json")
            #expect(try joined.json()["faces"].number == 1)
            let taken = try await place.run("person", "join", "--gallery", "g", "Ben", a, b)
            #expect(taken.code == 3 && taken.err.isOneSentence && !taken.err.contains("Ada"))
            #expect(try await place.run("person", "list", "--gallery", "g", "--json").json()["person"].string == "Ada")
            let answer = try await place.run("identify", "--gallery", "g", "--people", "--json", Program.sample("obama2.jpg")).json()
            #expect(answer["candidates"][0]["person"].string == "Ada")
            #expect(answer["candidates"][0]["faces"].number == 1 && answer["candidates"][0]["bestFaceSimilarity"].number != nil)
            #expect(try await place.run("person", "join", "--gallery", "g", "Ada", b).code == 0)
            let mean = try await place.run("identify", "--gallery", "g", "--people", "--json", Program.sample("obama2.jpg")).json()
            #expect(mean["candidates"][0]["meanSimilarity"].number != nil && mean["candidates"][0]["faces"].number == 2)
            #expect(try await place.run("person", "leave", "--gallery", "g", "Ada", b).code == 0)
            #expect(try await place.run("person", "leave", "--gallery", "g", "Ada", b).code == 3)
            #expect(try await place.run("person", "show", "--gallery", "g", "Ada").out.contains(a))
            #expect(try await place.run("person", "forget", "--gallery", "g", "Ada").out.contains("Forgot 1 face"))
            #expect(try await place.run("person", "forget", "--gallery", "g", "Ada").code == 1)
            #expect(try await place.run("gallery", "show", "g", "--json").json()["faces"].number == 1)
        }

        @Test("Filters leave whom they let pass") func filters() async throws {
            let place = try Place()
            _ = try await enrolled(place, "--gallery", "g", "--person", "ada", "--external-id", "2019/a", Program.sample("obama.jpg"))
            let probe = Program.sample("obama2.jpg")
            for (arguments, code) in [
                (["--person", "ada"], 0), (["--person", "ben"], 1), (["--external-id-prefix", "2019/"], 0),
                (["--external-id-prefix", "2020/"], 1), (["--enrolled-after", "2026-01-01"], 0),
                (["--enrolled-before", "2026-01-01"], 1), (["--enrolled-after", "2100-01-01"], 1),
                (["--enrolled-after", "yesterday"], 2), (["--people", "--person", "ada"], 2),
                (["--enrolled-after", "2026-02-01", "--enrolled-before", "2026-01-01T00:00:00Z"], 2),
            ] as [([String], Int32)] {
                #expect(try await place.run(["identify", "--gallery", "g"] + arguments + [probe]).code == code, "\(arguments)")
            }
        }

        @Test("A backup is restored; what was forgotten stays forgotten; the copy passes the check") func backup() async throws {
            let place = try Place()
            let gone = try await enrolled(place, "--gallery", "g", "--person", "ada", Program.sample("obama.jpg"))
            let stays = try await enrolled(place, "--gallery", "g", Program.sample("biden.jpg"))
            let file = place.folder + "/backup"
            let made = try await place.run("backup", file, "--json")
            #expect(try made.json()["faces"].number == 2)
            #expect(try await place.run("backup", file).code == 3)
            #expect(try await place.run("forget", "--gallery", "g", gone).code == 0)
            let asked = try await place.run("restore", file)
            #expect(asked.code == 2 && asked.err.contains("--yes"))
            #expect(try await place.run("restore", file, "--yes").code == 0)
            #expect(try await place.run("gallery", "faces", "g", "--json").jsonLines().map { $0["face"].string } == [stays])
            #expect(try await place.run("gallery", "delete", "g", "--yes").code == 0)
            let after = try await place.run("restore", file)
            #expect(after.code == 0 && after.err.contains("key destroyed"))
            #expect(try await place.run("gallery", "list").code == 1)
            #expect(try await place.run("gallery", "check", "--json").code == 0)
        }

        @Test("The check says what is wrong, in words, and exits with 5") func check() async throws {
            let place = try Place()
            _ = try await enrolled(place, "--gallery", "g", Program.sample("obama.jpg"))
            #expect(try await place.run("gallery", "check", "g").out.contains("gallery g: 1 face"))
            #expect(try await place.run("gallery", "show", "g", "--json").json()["checked"].string != nil)
            #expect(try await place.run("gallery", "check", "none").code == 3)
            try FileManager.default.removeItem(atPath: place.data + "/gallery.keys")
            let ended = try await place.run("gallery", "check")
            #expect(ended.code == 5 && ended.out.contains("WRONG") && ended.out.contains("gallery.keys"))
            let identify = try await place.run("identify", "--gallery", "g", Program.sample("obama2.jpg"))
            #expect(identify.code == 5 && identify.err.isOneSentence && identify.err.contains("gallery.keys"))
            #expect(try await place.run("gallery", "list").code == 0)
        }

        @Test("The master key is rotated, from a file and from the environment") func masterKey() async throws {
            let place = try Place()
            _ = try await enrolled(place, "--gallery", "g", Program.sample("obama.jpg"))
            let before = try await place.run("master-key", "show", "--json").json()
            #expect(before["place"].string == place.data + "/master.key")
            #expect(try await place.run("master-key", "rotate").code == 0)
            let after = try await place.run("master-key", "show", "--json").json()
            #expect(after["name"].string != before["name"].string)
            #expect(try await place.run("identify", "--gallery", "g", Program.sample("obama2.jpg")).code == 0)
            // Into the environment: a directory of its own that never has a file.
            let keys = ["QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=", "QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI="]
            let other = try Place()
            func run(_ variables: [String: String], _ arguments: String...) async throws -> Ended {
                try await other.start(
                    arguments, environment: other.environment.merging(variables) { $1 }).end()
            }
            let now = "COUNTENANCE_MASTER_KEY", next = "COUNTENANCE_NEW_MASTER_KEY"
            #expect(try await run([now: keys[0]], "gallery", "create", "g").code == 0)
            #expect(!FileManager.default.fileExists(atPath: other.data + "/master.key"))
            #expect(try await run([now: keys[0]], "master-key", "rotate").code == 3)
            #expect(try await run([now: keys[0], next: keys[1]], "master-key", "rotate").code == 0)
            #expect(try await run([now: keys[1]], "gallery", "check").code == 0)
            #expect(try await run([now: keys[0]], "gallery", "check").code == 5)
            #expect(try await run([now: "short"], "gallery", "check").code == 5)
        }

        @Test("An export is imported again, encrypted and plain, into this and another installation") func exchange() async throws {
            let place = try Place(), other = try Place()
            let face = try await enrolled(
                place, "--gallery", "g", "--person", "ada", "--external-id", "x", Program.sample("obama.jpg"))
            let sealed = place.folder + "/sealed", plain = place.folder + "/plain"
            #expect(try await place.run("gallery", "export", "g", sealed, "--json").json()["faces"].number == 1)
            #expect(try await place.run("gallery", "export", "g", sealed).code == 3)
            #expect(try await place.run("gallery", "export", "g", plain, "--plain").code == 0)
            for folder in [sealed, plain] {
                let name = folder == plain ? "plain" : "sealed"
                #expect(try await other.run("gallery", "import", name, folder, "--json").json()["imported"].number == 1)
                #expect(try await other.run("gallery", "import", name, folder, "--json").json()["already"].number == 1)
                let found = try await other.run("identify", "--gallery", name, "--json", Program.sample("obama2.jpg")).json()
                #expect(found["candidates"][0]["person"].string == "ada")
                #expect(found["candidates"][0]["externalID"].string == "x")
            }
            // What could not be begun leaves no key in the way of the next try.
            let nowhere = place.folder + "/nowhere/export"
            #expect(try await place.run("gallery", "export", "g", nowhere, "--key", place.folder + "/k").code == 5)
            #expect(!FileManager.default.fileExists(atPath: place.folder + "/k"))
            // Back where it came from: the same face, and a copy under another name.
            #expect(try await place.run("gallery", "import", "g", plain, "--json").json()["already"].number == 1)
            #expect(try await place.run("gallery", "import", "copy", plain, "--json").json()["imported"].number == 1)
            #expect(try await place.run("gallery", "import", "copy", plain, "--json").json()["already"].number == 1)
            #expect(try await place.run("gallery", "faces", "copy", "--json").json()["face"].string != face)
            try FileManager.default.removeItem(atPath: sealed + ".key")
            let keyless = try await other.run("gallery", "import", "more", sealed)
            #expect(keyless.code == 3 && keyless.err.isOneSentence && keyless.err.contains("--key"))
            #expect(try await other.run("gallery", "list").out.contains("more") == false)
        }

        @Test("NumPy reads what is exported, and what NumPy writes is imported", .enabled(if: NumPy.isThere, "NumPy is not here"))
        func numPy() async throws {
            let place = try Place()
            _ = try await enrolled(place, "--gallery", "g", Program.sample("obama.jpg"))
            #expect(try await place.run("gallery", "export", "g", place.folder + "/plain", "--plain").code == 0)
            let script = """
                import json, numpy, os
                t = numpy.load('plain/templates.npy')
                assert t.shape == (1, 128) and t.dtype == numpy.float32 and abs(numpy.linalg.norm(t) - 1) < 1e-6
                os.mkdir('theirs')
                numpy.save('theirs/templates.npy', numpy.vstack([t * 3, -t]).astype('<f8'))
                json.dump(dict(format='countenance-gallery', version=1, model='sface-2021dec', dimension=128),
                    open('theirs/manifest.json', 'w'))
                """
            let python = try await place.start(["python3", "-c", script], program: "/usr/bin/env", environment: ProcessInfo.processInfo.environment).end()
            #expect(python.code == 0, "\(python.err)")
            let refused = try await place.run("gallery", "import", "h", place.folder + "/theirs")
            #expect(refused.code == 3 && refused.err.contains("row 0") && refused.err.contains("--normalise"))
            #expect(try await place.run("gallery", "import", "h", place.folder + "/theirs", "--normalise", "--json").json()["imported"].number == 2)
            let found = try await place.run("identify", "--gallery", "h", "--json", Program.sample("obama.jpg")).json()
            #expect(try #require(found["candidates"][0]["similarity"].number) > 99.9)
            let other = try await place.run("gallery", "create", "m", "--mirror")
            #expect(other.code == 0)
            #expect(try await place.run("gallery", "import", "m", place.folder + "/theirs", "--normalise").code == 3)
        }
    }
}

/// Whether python3 has NumPy.
enum NumPy {
    static let isThere: Bool = {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", "import numpy"]
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }()
}
