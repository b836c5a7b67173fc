import Foundation
import Testing

extension EndToEnd {
    @Suite("Policies") struct PolicyCommands {
        private static let rules = """
            policy: house rules
            contact: the board
            organisations:
              - {id: local-operator, name: Operator, kind: operator}
            purposes:
              - {id: search, case: 'C-\\d+', minimum_similarity: 99, maximum_candidates: 1}
              - {id: keeping}
            galleries:
              - {name: staff, owner: The board, legal_basis: contract, retention: 7d, purposes: [search]}
            grants:
              - {id: searches, organisation: local-operator, purposes: [search], operations: [identify, compare, detect], galleries: [staff]}
              - {id: keeps, organisation: local-operator, purposes: [keeping], operations: [enrol, manage, forget], galleries: all}

            """

        private func applied(_ place: Place, _ rules: String = Self.rules) async throws {
            let file = try place.file("rules.yaml", Data(rules.utf8))
            let ended = try await place.run("policy", "apply", file, "--reason", "the board's decision")
            try #require(ended.code == 0, "\(ended.err)")
            #expect(!ended.err.contains("trial policy applies"), "It no longer does.")
        }

        @Test("Until a policy is applied the trial says that it applies, in one line, and lets everything be tried")
        func trial() async throws {
            let place = try Place()
            // What passes the gate; the service's answers are looked at in Tests/Clients.
            let commands = [
                ["detect", Program.sample("obama.jpg"), "--json"],
                ["gallery", "create", "others", "--retain", "1d"], ["gallery", "list"], ["gallery", "show", "others"],
                ["gallery", "check"], ["record", "list", "--json"],
                ["backup", place.folder + "/a.backup"], ["gallery", "delete", "others", "--yes"],
            ]
            for command in commands {
                let ended = try await place.run(command)
                #expect(ended.code == 0, "\(command): \(ended.err)")
                #expect(
                    ended.err.contains("The trial policy applies") && ended.err.filter { $0 == "\n" }.count == 1,
                    "\(command): \(ended.err)")
            }
            #expect(try await place.run("policy", "show").code == 1)
            _ = try await place.run("enrol", "--gallery", "staff", Program.sample("obama.jpg"))
            let shown = try await place.run("gallery", "show", "staff", "--json").json()
            #expect(shown["retention"].number == 30 * 86_400 || shown["retentionSeconds"].number == 30 * 86_400, "\(shown.keys)")
        }

        @Test("A policy that is applied decides what the commands may do, and 4 is its no")
        func decides() async throws {
            let place = try Place()
            try await applied(place)
            #expect(try await place.run("policy", "show").out == Self.rules)
            let photo = Program.sample("obama.jpg")
            let enrolled = try await place.run("enrol", "--gallery", "staff", photo, "--purpose", "keeping")
            #expect(enrolled.code == 0 && !enrolled.err.contains("trial"), "\(enrolled.err)")
            // What it is for has to be said, and has to be granted.
            for (arguments, rule) in [
                (["identify", "--gallery", "staff", photo], "built-in:purpose"),
                (["identify", "--gallery", "staff", photo, "--purpose", "keeping"], "built-in:no-grant"),
                (["identify", "--gallery", "staff", photo, "--purpose", "search"], "purpose:search"),
                (["identify", "--gallery", "staff", photo, "--purpose", "search", "--case", "c-1"], "purpose:search"),
                (["identify", "--gallery", "staff", photo, "--purpose", "search", "--case", "C-1", "--threshold", "90"], "purpose:search"),
                (["identify", "--gallery", "staff", photo, "--purpose", "search", "--case", "C-1", "--max", "2"], "purpose:search"),
                (["enrol", "--gallery", "others", photo, "--purpose", "keeping"], "built-in:gallery"),
                (["evaluate", "verification", "--manifest", try place.file("m.csv", Data("path,person\n\(photo),a\n\(Program.sample("biden.jpg")),b\n".utf8))], "built-in:purpose"),
            ] {
                let ended = try await place.run(arguments)
                #expect(ended.code == 4 && ended.err.contains("rule '\(rule)'"), "\(arguments): \(ended.err)")
                #expect(ended.err.contains("Ask the board.") || arguments[0] == "evaluate", "\(ended.err)")
            }
            let found = try await place.run(
                "identify", "--gallery", "staff", Program.sample("obama2.jpg"), "--purpose", "search", "--case", "C-1", "--json")
            #expect(found.code == 0, "\(found.err)")
            #expect(try found.json()["threshold"].number == 99)
            // What is no recognition, and granted for one purpose alone, need not say it; the environment may.
            #expect(try await place.run("gallery", "list").code == 0)
            var environment = place.environment
            environment["COUNTENANCE_PURPOSE"] = "search"
            environment["COUNTENANCE_CASE"] = "C-2"
            let named = try await place.start(["identify", "--gallery", "staff", photo], environment: environment).end()
            #expect(named.code == 0, "\(named.err)")
        }

        @Test("A purge needs no purpose, and nobody can say that a request is one")
        func purge() async throws {
            let place = try Place()
            try await applied(place)
            _ = try await place.run("enrol", "--gallery", "staff", Program.sample("obama.jpg"), "--retain", "1s", "--purpose", "keeping")
            try await Task.sleep(for: .seconds(1.2))
            let purged = try await place.run("gallery", "purge", "--json")
            #expect(purged.code == 0, "\(purged.err)")
            #expect(try purged.json()["purged"].number == 1)
            #expect(try await place.run("forget", "--gallery", "staff", "--person", "x", "--purpose", "retention").code == 2)
        }

        @Test("3: a file that is no policy is told line by line, and what is in force stays")
        func mistakes() async throws {
            let place = try Place()
            try await applied(place)
            let bad = try place.file("bad.yaml", Data((Self.rules + "  - {id: keeps, organisaton: x}\n").utf8))
            let checked = try await place.run("policy", "check", bad)
            #expect(checked.code == 3 && checked.out.contains("bad.yaml:13:5: error: ") && checked.out.contains("'organisaton'"))
            let json = try await place.run("policy", "check", bad, "--json").json()
            #expect(json["problems"].array.count >= 3 && json["digest"].string == nil)
            #expect(json["problems"][0]["line"].number == 13)
            let refused = try await place.run("policy", "apply", bad, "--reason", "r")
            #expect(refused.code == 3 && refused.err.isOneSentence, "\(refused.err)")
            #expect(try await place.run("policy", "show").out == Self.rules)
            let none = try await place.run("policy", "check", place.folder + "/none.yaml")
            #expect(none.code == 3 && none.err.isOneSentence && none.err.contains("none.yaml"), "\(none.err)")
            #expect(try await place.run("policy", "apply", bad).code == 2)
            #expect(try await place.run("policy", "apply", bad, "--reason", " ").code == 2)
        }

        @Test("A policy's tests pass or fail by its cases, and explain says why")
        func cases() async throws {
            let place = try Place()
            try place.file("rules.yaml", Data(Self.rules.utf8))
            let cases = try place.file(
                "cases.yaml",
                Data(
                    """
                    policy: rules.yaml
                    cases:
                      - {name: fits, at: 2026-01-01, organisation: local-operator, purpose: search, case: C-1, operation: identify, gallery: staff, expect: permitted}
                      - {name: fails, at: 2026-01-01, organisation: local-operator, purpose: keeping, operation: identify, gallery: staff, expect: permitted}
                    """.utf8))
            let ended = try await place.run("policy", "test", cases)
            #expect(ended.code == 1 && ended.out.contains("cases.yaml:4: fails: expected permitted") && ended.out.contains("2 cases, 1 not as expected"))
            let elsewhere = try place.file(
                "cases/absolute.yaml",
                Data(
                    """
                    policy: \(place.folder)/rules.yaml
                    cases:
                      - {name: unsaid, at: 2026-01-01, organisation: local-operator, operation: manage, gallery: staff, expect: permitted, rule: 'grant:keeps'}
                    """.utf8))
            let absolute = try await place.run("policy", "test", elsewhere)
            #expect(absolute.code == 0, "\(absolute.out)\(absolute.err)")
            let bad = try place.file("bad.cases.yaml", Data("policy: [rules.yaml]\ncases:\n".utf8))
            let wrong = try await place.run("policy", "test", bad, "--json")
            let problems = try wrong.json()["problems"]
            #expect(wrong.code == 3 && problems.array.count == 2 && problems[0]["column"].number == 9, "\(wrong.out)")
            let lines = try await place.run("policy", "test", cases, "--json").jsonLines()
            #expect(lines.map { $0["passed"].bool } == [true, false])
            let explained = try await place.run(
                "policy", "explain", "--organisation", "local-operator", "--purpose", "keeping", "--operation", "identify",
                "--gallery", "staff", "--policy", place.folder + "/rules.yaml", "--json")
            #expect(explained.code == 4)
            let json = try explained.json()
            #expect(json["decision"].string == "refused" && json["rule"].string == "built-in:no-grant")
            #expect(json["chain"].array.contains { $0["rule"].string == "grant:keeps" && $0["effect"].string == "passes" })
            #expect(try await place.run("policy", "explain", "--operation", "identify").code == 2)
            #expect(try await place.run("policy", "explain", "--key", "AKIANONE", "--operation", "identify").code == 3)
            #expect(try await place.run("policy", "calendar", "--policy", place.folder + "/rules.yaml").code == 1)
        }

        @Test("2: a time that is none is not guessed at", arguments: [
            "2020-02-30", "2020-06-10 and more", "2020-06-10T18:00", "2020-06-10T25:00:00Z", "2020-06-10T12:00:00+02:00",
        ])
        func times(time: String) async throws {
            let place = try Place()
            let rules = try place.file("rules.yaml", Data(Self.rules.utf8))
            #expect(try await place.run("policy", "check", rules, "--at", "2020-06-10T12:00:00Z").code == 0)
            for arguments in [
                ["policy", "check", rules, "--at", time], ["report", "--from", "2020-01-01", "--to", time],
                ["record", "list", "--from", time], ["identify", "--gallery", "g", rules, "--enrolled-before", time],
            ] {
                let ended = try await place.run(arguments)
                #expect(ended.code == 2 && ended.err.contains("is no time"), "\(arguments): \(ended.err)")
            }
        }

        @Test("A report has the present policy's moratoria as far as they hold in its time, and says that they are that")
        func moratoria() async throws {
            let place = try Place()
            try await applied(
                place,
                Self.rules + """
                      - {id: looks, organisation: local-operator, purposes: [keeping], operations: [inspect], galleries: all}
                    moratoria:
                      - {id: over, operations: [enrol], kinds: [law-enforcement], from: 2019-01-01, until: 2024-01-01, reason: r, decided_by: d}
                      - {id: lasting, operations: [enrol], kinds: [law-enforcement], from: 2024-06-01, reason: r, decided_by: d}
                    """)
            let page = place.folder + "/report.html"
            let ended = try await place.run(
                "report", "--from", "2024-01-01", "--to", "2025-01-01", "--report", page, "--json")
            #expect(ended.code == 0, "\(ended.err)")
            #expect(try ended.json()["moratoria"].array.map { $0.string?.hasPrefix("lasting: ") } == [true])
            let html = try String(contentsOfFile: page, encoding: .utf8)
            #expect(html.contains("Moratoria of the present policy") && html.contains("when this report was made"))
        }

        @Test("5: a clock behind the last entry stops everything, and nothing is recorded")
        func clock() async throws {
            let place = try Place()
            try await applied(place)
            // An entry of tomorrow, as a clock leaves it that was set forward and back.
            let entry = """
                {"decision":"permitted","operation":"manage","organisation":"local-operator","outcome":"listed",\
                "requestID":"0F8FAD5B-D9CB-469F-A165-70867728950E","rule":"grant:keeps","time":"2126-01-01T00:00:00Z"}
                """
            let python = """
                import sqlite3, hashlib, sys
                entry = sys.argv[2].encode()
                with sqlite3.connect(sys.argv[1]) as d:
                    d.execute("INSERT INTO record (position, entry, leaf_hash) SELECT max(position) + 1, ?, ? FROM record", (entry, hashlib.sha256(b"\\0" + entry).digest()))
                """
            let added = try await place.start(
                ["-c", "exec python3 -c \"$0\" \"$1\" \"$2\"", python, place.data + "/countenance.sqlite", entry], program: "/bin/sh",
                environment: ProcessInfo.processInfo.environment
            ).end()
            try #require(added.code == 0, "\(added.err)")
            let ended = try await place.run("gallery", "list")
            #expect(ended.code == 5 && ended.err.isOneSentence && ended.err.contains("clock"), "\(ended.err)")
        }
    }
}
