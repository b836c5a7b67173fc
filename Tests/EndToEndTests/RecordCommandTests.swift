import Foundation
import Testing

extension Ended {
    /// The last line of standard error: before it may stand that the trial policy applies.
    fileprivate var sentence: String { (err.split(separator: "\n").last.map(String.init) ?? "") + "\n" }
}

extension EndToEnd {
    @Suite("The record, looked into and checked") struct RecordCommands {
        /// Leaves so many entries, quickly.
        private func leave(_ count: Int, in place: Place, data: String? = nil) async throws {
            for _ in 0..<count {
                #expect(try await place.run(["gallery", "list"] + (data.map { ["--data", $0] } ?? [])).code! <= 1)
            }
        }

        private func checkpoint(_ place: Place, _ name: String) async throws -> String {
            let ended = try await place.run("record", "checkpoint")
            #expect(ended.code == 0, "\(ended.err)")
            return try place.file(name, Data(ended.out.utf8))
        }

        /// Changes the database as somebody would who can write the file.
        private func tamper(_ place: Place, _ sql: String) async throws {
            let program = """
                import sqlite3, sys
                db = sqlite3.connect(sys.argv[1])
                for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
                    db.execute(f"DROP TRIGGER {name}")
                db.executescript(sys.argv[2])
                db.commit()
                db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                db.close()
                """
            let ended = try await place.start(
                ["python3", "-c", program, place.data + "/countenance.sqlite", sql], program: "/usr/bin/env"
            ).end()
            try #require(ended.code == 0, "\(ended.err)")
        }

        @Test("0: a record fits itself and the checkpoints that were taken of it; without one, that is said")
        func fits() async throws {
            let place = try Place()
            try await leave(3, in: place)
            let bare = try await place.run("record", "verify")
            #expect(
                bare.code == 0 && bare.out.contains("3 entries") && bare.err.contains("No checkpoint"), "\(bare.err)")
            let first = try await checkpoint(place, "first")
            try await leave(2, in: place)
            let second = try await checkpoint(place, "second")
            let ended = try await place.run("record", "verify", "--checkpoint", second, "--checkpoint", first)
            #expect(ended.code == 0, "\(ended.err)")
            #expect(ended.out.contains("5 entries") && ended.out.contains("over 3") && ended.out.contains("over 5"))
            #expect(ended.err.isEmpty)
            let json = try await place.run("record", "verify", "--json", "--checkpoint", first).json()
            #expect(json["fits"].bool == true && json["entries"].number == 5 && json["root"].string?.count == 64)
            // Nothing of this left an entry.
            #expect(try await place.run("record", "verify", "--json").json()["entries"].number == 5)
        }

        @Test("3: what was done to the record is found with a checkpoint from elsewhere, and told: what, and where")
        func tampered() async throws {
            let place = try Place()
            try await leave(6, in: place)
            let outside = try await checkpoint(place, "outside")
            let key = try await place.run("record", "checkpoint", "--public-key").out.trimmingCharacters(in: .newlines)
            let whole = try Data(contentsOf: URL(fileURLWithPath: place.data + "/countenance.sqlite"))
            let rehash = "leaf_hash = (SELECT leaf_hash FROM record WHERE position = 1)"
            for (sql, word, entry) in [
                (
                    "UPDATE record SET entry = CAST(replace(CAST(entry AS TEXT), 'manage', 'forget') AS BLOB) WHERE position = 2",
                    "changed", 2
                ),
                ("UPDATE record SET leaf_hash = zeroblob(32) WHERE position = 5", "changed", 5),
                ("DELETE FROM record WHERE position = 3", "missing", 3),
                (
                    "UPDATE record SET entry = (SELECT entry FROM record WHERE position = 1) WHERE position = 4",
                    "repeated", 4
                ),
                (
                    "UPDATE record SET entry = (SELECT entry FROM record WHERE position = 1), \(rehash) WHERE position = 4",
                    "changed", 0
                ),
                (
                    "UPDATE record SET position = 99 WHERE position = 2; UPDATE record SET position = 2 WHERE position = 3; UPDATE record SET position = 3 WHERE position = 99",
                    "changed", 0
                ),
                ("DELETE FROM record WHERE position = 5", "cut-off", 5),
                ("DELETE FROM record WHERE position = 5; UPDATE record_checkpoint SET size = 5", "cut-off", 5),
            ] {
                for ending in ["-wal", "-shm"] {
                    try? FileManager.default.removeItem(atPath: place.data + "/countenance.sqlite" + ending)
                }
                try whole.write(to: URL(fileURLWithPath: place.data + "/countenance.sqlite"))
                try await tamper(place, sql)
                let ended = try await place.run("record", "verify", "--checkpoint", outside, "--public-key", key)
                #expect(ended.code == 3 && ended.err.isOneSentence, "\(sql): \(ended.out)\(ended.err)")
                let json = try await place.run(
                    "record", "verify", "--checkpoint", outside, "--public-key", key, "--json")
                #expect(json.code == 3)
                #expect(
                    try json.json()["fits"].bool == false && json.json()["problem"].string == word,
                    "\(sql): \(json.out)")
                #expect(try json.json()["entry"].number == Double(entry), "\(sql): \(json.out)")
            }
        }

        @Test("3: last week's copy of the whole data directory, and another installation's, are found by a checkpoint")
        func copies() async throws {
            let place = try Place()
            try await leave(2, in: place)
            try FileManager.default.copyItem(atPath: place.data, toPath: place.folder + "/last-week")
            try await leave(2, in: place)
            let outside = try await checkpoint(place, "outside")
            let key = try await place.run("record", "checkpoint", "--public-key").out.trimmingCharacters(in: .newlines)
            let verify = ["record", "verify", "--checkpoint", outside]
            let copy = try await place.run(verify + ["--data", place.folder + "/last-week"])
            #expect(copy.code == 3 && copy.err.isOneSentence && copy.err.contains("cut off"), "\(copy.err)")
            // And when it was gone on with.
            try await leave(5, in: place, data: place.folder + "/last-week")
            let forked = try await place.run(verify + ["--data", place.folder + "/last-week"])
            #expect(forked.code == 3 && forked.err.contains("entries 0 to 3"), "\(forked.err)")
            try await leave(5, in: place, data: place.folder + "/other")
            let other = try await place.run(verify + ["--data", place.folder + "/other"])
            #expect(other.code == 3 && other.err.isOneSentence && other.err.contains("another log"), "\(other.err)")
            let spliced = try await place.run(verify + ["--data", place.folder + "/other", "--public-key", key])
            #expect(spliced.code == 3 && spliced.err.isOneSentence, "\(spliced.err)")
            // Its keys in the place of ours.
            for name in ["gallery.keys", "master.key"] {
                try FileManager.default.removeItem(atPath: place.data + "/" + name)
                try FileManager.default.copyItem(
                    atPath: place.folder + "/other/" + name, toPath: place.data + "/" + name)
            }
            let swapped = try await place.run(verify)
            #expect(swapped.code == 5 && swapped.err.contains("another installation"), "\(swapped.err)")
        }

        @Test("3: a checkpoint that was changed, is no checkpoint, or a key that is none is told in a sentence")
        func badCheckpoints() async throws {
            let place = try Place()
            try await leave(2, in: place)
            let outside = try await checkpoint(place, "outside")
            let text = try String(contentsOfFile: outside, encoding: .utf8)
            for (name, content) in [
                ("changed", text.replacingOccurrences(of: "\n2\n", with: "\n1\n")), ("cut", String(text.dropLast(20))),
                ("none", "hello\n"),
                ("empty", ""),
            ] {
                let ended = try await place.run(
                    "record", "verify", "--checkpoint", place.file(name, Data(content.utf8)))
                #expect(ended.code == 3 && ended.err.isOneSentence && ended.err.contains(name), "\(ended.err)")
            }
            for arguments in [
                ["record", "verify", "--checkpoint", place.folder + "/nowhere"],
                ["record", "verify", "--checkpoint", place.folder],
                ["record", "verify", "--public-key", "hello"], ["record", "verify", "--from-export", place.folder],
                ["record", "prove", "2"], ["record", "show", "99"], ["record", "consistency", "9"],
                ["record", "consistency", "2", "1"],
                ["record", "verify", "--data", place.folder + "/nowhere"],
            ] {
                let ended = try await place.run(arguments)
                #expect(
                    ended.code == 3 && ended.sentence.isOneSentence, "\(arguments): \(ended.code ?? -1) \(ended.err)")
            }
            #expect(!FileManager.default.fileExists(atPath: place.folder + "/nowhere"))
        }

        @Test("An export is checked without the data directory; any byte that is flipped in it is found")
        func export() async throws {
            let place = try Place()
            try await leave(4, in: place)
            let folder = place.folder + "/record"
            #expect(try await place.run("record", "export", folder).code == 0)
            let key = try await place.run("record", "checkpoint", "--public-key").out.trimmingCharacters(in: .newlines)
            let again = try await place.run("record", "export", folder, "--json")
            #expect(try again.json()["entries"].number == 5 && again.json()["new"].number == 1)
            let verify = [
                "record", "verify", "--from-export", folder, "--public-key", key, "--data", place.folder + "/nowhere",
            ]
            let ended = try await place.run(verify)
            #expect(ended.code == 0 && ended.out.contains("5 entries"), "\(ended.err)")
            let unsure = try await place.run("record", "verify", "--from-export", folder)
            #expect(unsure.code == 0 && unsure.err.contains(key), "\(unsure.err)")
            var random = SystemRandomNumberGenerator()
            for name in ["checkpoint", "tile/0/000.p/5", "tile/entries/000.p/5"] {
                let url = URL(fileURLWithPath: folder + "/" + name), bytes = try Data(contentsOf: url)
                for _ in 0..<3 {
                    var other = bytes
                    let at = Int.random(in: 0..<(bytes.count - 3), using: &random)
                    other[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                    try other.write(to: url)
                    let found = try await place.run(verify)
                    #expect(found.code == 3 && found.err.isOneSentence, "\(name), byte \(at): \(found.out)\(found.err)")
                }
                try bytes.write(to: url)
            }
            #expect(try await place.run(verify).code == 0)
            let bare = place.folder + "/hashes"
            #expect(try await place.run("record", "export", "--hashes-only", bare).code == 0)
            #expect(!FileManager.default.fileExists(atPath: bare + "/tile/entries"))
            #expect(try await place.run("record", "verify", "--from-export", bare).code == 0)
            // Another installation's record does not go on with this folder.
            try await leave(9, in: place, data: place.folder + "/other")
            let other = try await place.run("record", "export", folder, "--data", place.folder + "/other")
            #expect(
                other.code == 3 && other.sentence.isOneSentence && other.err.contains("another log"), "\(other.err)")
            #expect(try await place.run(verify).code == 0)
        }

        @Test("Entries are listed by what they say, shown with their bytes, and looking leaves an entry itself")
        func list() async throws {
            let place = try Place()
            #expect(try await place.run("enrol", "--gallery", "g", Program.sample("obama.jpg")).code == 0)
            #expect(try await place.run("identify", "--gallery", "g", Program.sample("obama2.jpg")).code == 0)
            #expect(try await place.run("gallery", "list").code == 0)
            let all = try await place.run("record", "list", "--json", "--all").jsonLines()
            #expect(all.map { $0["index"].number } == [0, 1, 2])
            #expect(all.map { $0["entry"]["operation"].string } == ["enrol", "identify", "manage"])
            #expect(
                try await place.run("record", "list", "--json", "--limit", "1").jsonLines()[0]["entry"]["outcome"]
                    .string == "listed")
            for (filter, expected) in [
                (["--operation", "identify"], [1]), (["--decision", "refused"], []),
                (["--of-purpose", "trial", "--operation", "enrol"], [0]),
                (["--of-purpose", "other"], []), (["--of-case", "K-1"], []), (["--from", "2999-01-01"], []),
                (["--to", "2001-01-01"], []),
                (["--organisation", "nobody"], []),
            ] {
                let ended = try await place.run(["record", "list", "--json"] + filter)
                #expect(ended.code == (expected.isEmpty ? 1 : 0), "\(filter)")
                #expect(
                    try ended.jsonLines().compactMap { $0["index"].number } == expected.map(Double.init), "\(filter)")
            }
            let shown = try await place.run("record", "show", "1", "--json").json()
            let bytes = try await place.run("record", "show", "1", "--bytes").out
            #expect(shown["bytes"].string == Data(bytes.utf8).base64EncodedString())
            #expect(try JSON(bytes)["operation"].string == "identify")
            let face = try #require(
                try await place.run("gallery", "faces", "g", "--json").jsonLines()[0]["face"].string)
            let about = try await place.run("record", "about", face, "--json").jsonLines()
            #expect(about.map { $0["index"].number } == [0, 1])
            #expect(about.map { $0["role"][0].string } == ["enrolled", "candidate"])
            #expect(about[1]["similarity"].number ?? 0 > 90)
            let nobody = try await place.run("record", "about", UUID().uuidString)
            #expect(nobody.code == 1)
            #expect(try await place.run("record", "about", "x").code == 2)
            #expect(try await place.run("record", "list", "--limit", "0").code == 2)
        }

        @Test("A transparency report counts requests and tells no count below five")
        func report() async throws {
            let place = try Place()
            #expect(try await place.run("enrol", "--gallery", "g", Program.sample("obama.jpg")).code == 0)
            for _ in 0..<6 {
                #expect(try await place.run("identify", "--gallery", "g", Program.sample("obama2.jpg")).code == 0)
            }
            #expect(try await place.run("identify", "--gallery", "g", Program.sample("biden.jpg")).code == 1)
            let page = place.folder + "/report.html"
            let ended = try await place.run(
                "report", "--from", "2020-01-01", "--to", "2999-01-01", "--report", page, "--json")
            #expect(ended.code == 0, "\(ended.err)")
            let json = try ended.json()
            #expect(json["searchesByPurpose"]["total"].number == 7)
            #expect(json["searchesByPurpose"]["rows"][0]["name"].string == "trial")
            // Six and one: neither is told, since the sum would give the one away.
            #expect(
                json["searchesByOutcome"]["total"].number == 7 && json["searchesByOutcome"]["isWithheld"].bool == true)
            #expect(json["refusalsByRule"]["total"].number == 0)
            #expect(json["otherRequestsByOperation"]["total"].string == "fewer than 5")
            let html = try String(contentsOfFile: page, encoding: .utf8)
            #expect(
                html.contains("<svg") && html.contains("7 searches") && !html.contains("http://")
                    && !html.contains("<script"))
            #expect(html.contains("fewer than 5"))
            #expect(html.contains("2020-01-01 to 2999-01-01, the last moment") && html.contains("Refusals, by rule: 0</h2>\n<p class=\"none\">None.</p>"))
            let empty = try await place.run("report", "--from", "2001-01-01", "--to", "2002-01-01", "--json").json()
            #expect(empty["searchesByPurpose"]["total"].number == 0)
            #expect(try await place.run("report", "--from", "2002-01-01", "--to", "2001-01-01").code == 2)
        }

        /// `make torture` kills 200 times.
        @Test(
            "A request that is killed at any moment has its entry if it gave an answer; no entry is a half one, and the tree goes on"
        )
        func killed() async throws {
            let place = try Place()
            try await leave(1, in: place)
            let wanted = ProcessInfo.processInfo.environment["COUNTENANCE_KILLS"].flatMap(Int.init) ?? 8
            var random = SystemRandomNumberGenerator()
            var kills = 0, runs = 0, checkpoints: [String] = [], answers = 0
            let loop = "while \"$0\" key create --json; do :; done"
            while kills < wanted, runs < 4 * wanted {
                runs += 1
                let delay = Int.random(in: 20...1_200, using: &random), after = "run \(runs), killed after \(delay) ms"
                let running = try place.start(
                    ["sh", "-c", loop, Program.path ?? ""], program: "/usr/bin/setsid")
                try await Task.sleep(for: .milliseconds(delay))
                kill(-running.process, SIGKILL)
                let ended = try await running.end()
                if ended.signal == SIGKILL { kills += 1 }
                let told = ended.out.matches(of: /"record" : ([0-9]+)/).compactMap { Int($0.output.1) }
                answers += told.count
                let verified = try await place.run(
                    ["record", "verify"] + checkpoints.flatMap { ["--checkpoint", $0] })
                #expect(verified.code == 0, "\(after): \(verified.err)")
                if let last = told.last {
                    let shown = try await place.run("record", "show", "\(last)", "--json")
                    #expect(try shown.json()["entry"]["outcome"].string == "access-key-created", "\(after)")
                }
                checkpoints = checkpoints.suffix(2) + [try await checkpoint(place, "\(runs)")]
            }
            #expect(kills == wanted && answers > 0)
        }

        @Test(
            "5: where an entry finds no room there is no answer, no half entry, and the tree goes on",
            .enabled(if: SmallDisk.canBeMade, "a small disk cannot be mounted here; it needs root"))
        func fullDisk() async throws {
            let place = try Place()
            let disk = try SmallDisk(at: place.folder + "/disk", kilobytes: 1_024)
            defer { disk.unmount() }
            let data = ["--data", disk.path + "/data"]
            #expect(try await place.run(["gallery", "list"] + data).code == 1)
            let outside = try place.file(
                "outside", Data(try await place.run(["record", "checkpoint"] + data).out.utf8))
            let verify = ["record", "verify", "--checkpoint", outside, "--json"] + data
            var failures = 0
            for room in stride(from: 0, through: 200, by: 4) {
                disk.fill(leaving: room)
                let ended = try await place.run(
                    ["compare", "--json", Program.sample("obama.jpg"), Program.sample("obama2.jpg")] + data)
                disk.empty()
                let verified = try await place.run(verify)
                #expect(verified.code == 0, "\(room) kB: \(verified.out)")
                if ended.code == 0 {
                    #expect(try verified.json()["entries"].number == Double(2))
                    break
                }
                failures += 1
                #expect(ended.code == 5 && ended.err.contains("full") && ended.out.isEmpty, "\(room) kB: \(ended.err)")
                #expect(try verified.json()["entries"].number == 1, "\(room) kB")
            }
            #expect(failures > 0)
        }
    }
}
