import Foundation
import Testing

private let chromiumPath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
    .first { FileManager.default.isExecutableFile(atPath: $0) }

extension EndToEnd {
    @Suite struct Evaluation {
        /// Two photographs each of so many people: copies of one sample, with other bytes at their ends.
        private func manifest(_ place: Place, people: Int = 3, extra: String = "") throws -> String {
            var lines = "path,person,group\n"
            for person in 0..<people {
                for i in 0..<2 {
                    try place.photograph("p/\(person)-\(i).jpg", of: Self.sample, padding: 1 + 2 * person + i)
                    lines += "p/\(person)-\(i).jpg,\"person, \(person)\",\(person % 2 == 0 ? "x" : "y")\n"
                }
            }
            return try place.file("m.csv", Data((lines + extra).utf8))
        }

        private static let sample = "obama.jpg"

        @Test("A manifest gives JSON and a report; what is evaluated again comes from the cache")
        func verification() async throws {
            let place = try Place()
            let manifest = try manifest(place)
            let first = try await place.run(
                "evaluate", "verification", "--manifest", manifest, "--by", "group", "--report",
                place.folder + "/r.html", "--json", place.folder + "/r.json")
            #expect(first.code == 0, "\(first.err)")
            #expect(first.out.contains("At similarity 60"), "for people")
            let json = try JSON(String(contentsOfFile: place.folder + "/r.json", encoding: .utf8))
            #expect(json["photographs"].number == 6 && json["people"].number == 3)
            #expect(json["comparisons"]["ofOnePerson"].number == 3 && json["comparisons"]["ofDifferentPeople"].number == 12)
            // Everybody is the same face here: all are false matches, of too few people for a figure.
            let rate = json["thresholds"][0]["overall"]["false match rate"]
            #expect(rate["errors"].number == 12 && rate["of"].number == 12 && rate["lack"].string == "few-people")
            #expect(first.err.contains("too few for a figure"))
            // How well the faces can be seen stands beside that: here the same face in either group.
            #expect(json["quality"].array.map { $0["grouping"].string } == ["all", "group"])
            let seen = json["quality"][1]["groups"]
            #expect(seen["x"]["photographs"].number == 4 && seen["y"]["photographs"].number == 2)
            for name in ["eyeDistance", "sharpness", "brightness", "turn"] {
                let spread = seen["x"][name]
                #expect(spread["median"].number ?? 0 > 0 && spread["median"].number == seen["y"][name]["median"].number, "\(name)")
                #expect(spread["lower"].number == spread["upper"].number, "\(name)")
            }
            let files = try FileManager.default.contentsOfDirectory(atPath: place.data + "/evaluation")
            #expect(files.count == 1)
            let mode = try FileManager.default.attributesOfItem(atPath: place.data + "/evaluation/" + files[0])[.posixPermissions]
            #expect((mode as? NSNumber)?.intValue == 0o600)
            let again = try await place.run("evaluate", "verification", "--manifest", manifest, "--by", "group", "--json")
            #expect(try again.json()["thresholds"][0]["score"].number == json["thresholds"][0]["score"].number)
            let known = try again.json()["quality"][1]["groups"]["x"]["turn"]["median"].number ?? 0
            #expect(abs(known - (seen["x"]["turn"]["median"].number ?? 1)) < 1e-4, "from the cache, in single precision")
        }

        @Test("A report opens in Chromium, draws, and logs no error", .enabled(if: chromiumPath != nil, "Chromium is not installed"))
        func chromium() async throws {
            let place = try Place()
            let report = place.folder + "/r.html"
            let made = try await place.run(
                "evaluate", "verification", "--manifest", try manifest(place), "--by", "group", "--report", report)
            #expect(made.code == 0, "\(made.err)")
            let html = try String(contentsOfFile: report, encoding: .utf8)
            #expect(!html.contains("http://") && !html.contains("https://") && !html.contains("<script"))
            for width in [1_200, 390] {
                let picture = "\(place.folder)/\(width).png"
                let ended = try await place.start(
                    [
                        "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--v=0",
                        "--user-data-dir=\(place.folder)/chromium", "--window-size=\(width),1600",
                        "--screenshot=\(picture)", "file://\(report)",
                    ], program: chromiumPath
                ).end()
                #expect(ended.code == 0)
                #expect(!ended.err.contains("CONSOLE"), "\(ended.err)")
                let size = try FileManager.default.attributesOfItem(atPath: picture)[.size] as? Int ?? 0
                #expect(size > 10_000, "a picture of \(size) bytes")
            }
        }

        @Test("Identification: probes with and without a mate are counted apart")
        func identification() async throws {
            let place = try Place()
            let manifest = try manifest(place)
            let gallery = try place.file("g.csv", Data("path,person\np/0-0.jpg,\"person, 0\"\n".utf8))
            let ended = try await place.run(
                "evaluate", "identification", "--gallery", gallery, "--probes", manifest, "--thresholds", "60,80", "--json")
            #expect(ended.code == 0, "\(ended.err)")
            let json = try ended.json()
            #expect(json["comparisons"]["probesWithMate"].number == 2 && json["comparisons"]["probesWithoutMate"].number == 4)
            #expect(json["thresholds"][0]["overall"]["FPIR"]["errors"].number == 4)
            #expect(json["thresholds"][0]["overall"]["FNIR"]["errors"].number == 0)
        }

        @Test("A report has photographs only where they are asked for: of those who were taken for others")
        func photographs() async throws {
            let place = try Place()
            let gallery = try place.file("g.csv", Data("path,person\np/0-0.jpg,\"person, 0\"\n".utf8))
            let words = ["evaluate", "identification", "--gallery", gallery, "--probes", try manifest(place), "--report"]
            for (more, images) in [([], 0), (["--with-photographs"], 2 * 4)] {
                let report = place.folder + "/\(images).html"
                let ended = try await place.run(words + [report] + more)
                #expect(ended.code == 0, "\(ended.err)")
                let html = try String(contentsOfFile: report, encoding: .utf8)
                let found = html.components(separatedBy: "src=\"data:image/jpeg;base64,").dropFirst()
                #expect(found.count == images && html.contains("img-src") == (images > 0))
                for text in found {
                    let jpeg = try #require(Data(base64Encoded: String(text.prefix { $0 != "\"" })))
                    #expect(jpeg.starts(with: [0xFF, 0xD8, 0xFF]) && jpeg.count < 40_000)
                }
            }
            let unsaid = try await place.run(Array(words.dropLast()) + ["--with-photographs"])
            #expect(unsaid.code == 2 && unsaid.err.contains("--report"))
        }

        @Test("An evaluation that is interrupted goes on from there: no photograph is looked at twice")
        func interruption() async throws {
            let place = try Place()
            // Templates are kept 256 at a time.
            let count = 330
            var lines = "path,person\n"
            for i in 0..<count {
                try place.photograph("p/\(i).jpg", of: Self.sample, padding: i)
                lines += "p/\(i).jpg,\(i % 2 == 0 ? "ada" : "ben")\n"
            }
            let manifest = try place.file("m.csv", Data(lines.utf8))
            let folder = place.data + "/evaluation"
            func kept() throws -> Int {
                guard let name = try? FileManager.default.contentsOfDirectory(atPath: folder).first else { return 0 }
                return try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)")).count
            }
            let running = try place.start(["evaluate", "verification", "--manifest", manifest, "--json"])
            // The file begins with 12 bytes.
            while try kept() <= 12 { try await Task.sleep(for: .milliseconds(3)) }
            kill(running.process, SIGINT)
            let ended = try await running.end()
            let first = try kept() - 12
            #expect(ended.code == 130 && ended.out.isEmpty && ended.err.contains("Interrupted"), "\(ended.err)")
            let again = try await place.run("evaluate", "verification", "--manifest", manifest, "--json")
            #expect(again.code == 0, "\(again.err)")
            #expect(try kept() - 12 == first / 256 * count, "each photograph has one entry")
            #expect(try again.json()["photographs"].number == Double(count))
        }

        @Test("A file for the findings goes with --json, and with nothing else")
        func findingsFile() async throws {
            let place = try Place()
            let ended = try await place.run("evaluate", "threshold", "--gallery-size", "10", "--false-candidates", "1", "x.json")
            #expect(ended.code == 2 && ended.err.contains("goes with --json"), "\(ended.err)")
        }

        @Test("A threshold by consequence: 0.01 false candidates among 25,000")
        func threshold() async throws {
            let place = try Place()
            let ended = try await place.run(
                "evaluate", "threshold", "--gallery-size", "25000", "--false-candidates", "0.01", "--json")
            let json = try ended.json()
            // 0.01 / 25,000 is 4e-7: 100 - 10^(6 + log10(4e-7)).
            #expect(abs((json["similarity"].number ?? 0) - 99.6) < 1e-9 && json["beyondCounts"].bool == true)
            let refused = try await place.run("evaluate", "threshold", "--gallery-size", "0", "--false-candidates", "1")
            #expect(refused.code == 2)
        }

        @Test("Bad manifests are refused with one sentence that names the line")
        func badManifests() async throws {
            let place = try Place()
            try place.photograph("p/0-0.jpg", of: Self.sample)
            let cases = [
                ("path,who\np/0-0.jpg,a\n", "Line 1"), ("path,person,group\np/0-0.jpg,a\n", "Line 2"),
                ("path,person,group\np/0-0.jpg,a,x\n./p/0-0.jpg,b,x\n", "Line 3"),
                ("path,person,group\np/none.jpg,a,x\np/0-0.jpg,b,y\n", "1 of the 2 photographs"),
                ("path,person,group\np/0-0.jpg,\"a,x\n", "Line 2"), ("path,person\np/0-0.jpg,a\n", "no column 'group'"),
                ("path,person,group\np/0-0.jpg,a,x\n", "names one person"), ("path,person,group\n", "no photograph"),
            ]
            for (text, expected) in cases {
                let manifest = try place.file("bad.csv", Data(text.utf8))
                let ended = try await place.run("evaluate", "verification", "--manifest", manifest, "--by", "group")
                #expect(ended.code == 3 && ended.err.isOneSentence && ended.err.contains(expected), "\(text): \(ended.err)")
            }
            let twoGroups = try manifest(place, extra: "p/0-0.jpg.x,\"person, 0\",y\n")
            let ended = try await place.run("evaluate", "verification", "--manifest", twoGroups, "--by", "group")
            #expect(ended.code == 3 && ended.err.contains("another group"), "\(ended.err)")
        }

        @Test("A photograph without a face is named, counted, and missed in its person's comparisons")
        func withoutFace() async throws {
            let place = try Place()
            try place.emptyPhotograph("p/none.tif")
            try place.file("p/broken.jpg", Data("no photograph".utf8))
            let manifest = try manifest(place, extra: "p/none.tif,\"person, 0\",x\np/broken.jpg,\"person, 1\",y\n")
            let ended = try await place.run("evaluate", "verification", "--manifest", manifest, "--json")
            #expect(ended.code == 0 && ended.err.contains("none.tif") && ended.err.contains("broken.jpg"), "\(ended.err)")
            let json = try ended.json()
            #expect(json["withoutFace"].number == 1 && json["unusable"].number == 1)
            let misses = json["thresholds"][0]["overall"]["false non-match rate"]
            #expect(misses["errors"].number == 4 && misses["of"].number == 7)
        }
    }
}
