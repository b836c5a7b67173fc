import Foundation
import Testing

extension EndToEnd.Damage {
    /// `make torture` kills 200 times.
    @Test("Forgetting that is killed at any moment keeps no face that was said to be forgotten, and every other one whole")
    func killedForgetting() async throws {
        let place = try Place()
        let count = 24
        for i in 0..<count {
            let sample = ["obama", "obama2", "obama3", "biden"][i % 4]
            try place.photograph("people/p\(i % 5)/\(i).jpg", of: "\(sample).jpg", padding: i + 1)
        }
        #expect(try await place.run("enrol", "--gallery", "g", place.folder + "/people").code == 0)
        let export = place.folder + "/export"
        #expect(try await place.run("gallery", "export", "g", export).code == 0)
        func faces() async throws -> Set<String> {
            Set(try await place.run("gallery", "faces", "g", "--json").jsonLines().compactMap { $0["face"].string })
        }
        let all = try await faces()
        try #require(all.count == count)
        let wanted = ProcessInfo.processInfo.environment["COUNTENANCE_KILLS"].flatMap(Int.init) ?? 8
        var random = SystemRandomNumberGenerator()
        var kills = 0, runs = 0, forgotten = 0, there = all
        while kills < wanted, runs < 4 * wanted {
            runs += 1
            if there.count < 6 {
                #expect(try await place.run("gallery", "import", "g", export).code == 0)
                there = try await faces()
                #expect(there == all)
            }
            let order = there.shuffled(using: &random)
            let delay = Int.random(in: 20...600, using: &random)
            // One command for each face; all of them are killed at once, as a group of their own.
            let loop = "for id; do \"$0\" forget --gallery g --json $id || exit; done"
            let running = try place.start(
                ["sh", "-c", loop, Program.path ?? ""] + order, program: "/usr/bin/setsid")
            try await Task.sleep(for: .milliseconds(delay))
            kill(-running.process, SIGKILL)
            let ended = try await running.end()
            if ended.signal == SIGKILL { kills += 1 }
            let said = Set(ended.out.matches(of: /"([0-9a-f-]{36})"/).map { String($0.output.1) })
            let kept = try await faces(), after = "run \(runs), killed after \(delay) ms"
            // One more may be gone, whose command was killed before it could say so; nobody had come to the rest.
            #expect(kept.isDisjoint(with: said), "\(after)")
            #expect(kept.isSubset(of: there) && kept.count >= there.count - said.count - 1, "\(after)")
            #expect(Set(order.prefix(said.count + 1)).isSuperset(of: there.subtracting(kept)), "\(after)")
            if runs.isMultiple(of: 4) {
                // The rows, the counts, the sums and the keys agree, and a search comes upon every one that is left.
                let check = try await place.run("gallery", "check")
                #expect(check.code == 0, "\(after): \(check.out)")
                if !kept.isEmpty {
                    let found = try await place.run(
                        "identify", "--gallery", "g", "--threshold", "0", "--max", "100", "--json", Program.sample("biden.jpg"))
                    #expect(try found.json()["candidates"].array.count == kept.count, "\(after)")
                }
            }
            forgotten += there.count - kept.count
            there = kept
        }
        #expect(kills == wanted)
        #expect(forgotten > 0)
        let doctor = try await place.run("doctor")
        #expect(doctor.code == 0, "\(doctor.out)")
        print("Forgetting: \(kills) kills, \(forgotten) faces forgotten.")
    }
}

extension EndToEnd {
    /// Each on a disk with less room than it needs, a little more each time until there is enough.
    @Suite("A full disk", .enabled(if: SmallDisk.canBeMade, "a small disk cannot be mounted here; it needs root"))
    struct FullDisk {
        /// - Parameter failed: looks at what a failure left, with room on the disk again.
        private func growing(
            _ disk: SmallDisk, by step: Int = 8, upTo most: Int = 800, _ place: Place, _ arguments: [String],
            failed: (String) async throws -> Void
        ) async throws {
            var failures = 0
            for room in stride(from: 0, through: most, by: step) {
                disk.fill(leaving: room)
                let ended = try await place.run(arguments)
                disk.empty()
                if ended.code == 0 {
                    #expect(failures > 0)
                    return
                }
                failures += 1
                #expect(ended.code == 5 && ended.err.isOneSentence && ended.err.contains("full"), "\(room) kB: \(ended.err)")
                try await failed("\(room) kB")
            }
            Issue.record("\(arguments) needs more than \(most) kB")
        }

        @Test("5: a backup that finds no room leaves no file") func backup() async throws {
            let place = try Place()
            #expect(try await place.run("enrol", "--gallery", "g", Program.sample("obama.jpg")).code == 0)
            let disk = try SmallDisk(at: place.folder + "/disk", kilobytes: 1_024)
            defer { disk.unmount() }
            try await growing(disk, by: 40, place, ["backup", disk.path + "/b"]) { (room: String) async throws -> Void in
                #expect(try FileManager.default.contentsOfDirectory(atPath: disk.path).isEmpty, "\(room)")
            }
            #expect(try await place.run("restore", disk.path + "/b", "--yes").code == 0)
        }

        @Test("5: an export that finds no room is none, and leaves no key") func export() async throws {
            let place = try Place()
            #expect(try await place.run("enrol", "--gallery", "g", Program.sample("obama.jpg")).code == 0)
            let disk = try SmallDisk(at: place.folder + "/disk", kilobytes: 1_024)
            defer { disk.unmount() }
            try await growing(disk, by: 4, place, ["gallery", "export", "g", disk.path + "/e"]) { (room: String) async throws -> Void in
                let left = try FileManager.default.contentsOfDirectory(atPath: disk.path)
                #expect(left.isEmpty || left == ["e.part"], "\(room)")
            }
            #expect(try await place.run("gallery", "import", "h", disk.path + "/e").code == 0)
        }

        @Test("5: a restoration that finds no room changes nothing") func restore() async throws {
            let place = try Place()
            let disk = try SmallDisk(at: place.folder + "/disk", kilobytes: 2_048)
            defer { disk.unmount() }
            let data = ["--data", disk.path + "/data"], backup = place.folder + "/b"
            #expect(try await place.run(["enrol", "--gallery", "g", Program.sample("obama.jpg")] + data).code == 0)
            #expect(try await place.run(["backup", backup] + data).code == 0)
            #expect(try await place.run(["enrol", "--gallery", "g", Program.sample("biden.jpg")] + data).code == 0)
            func faces() async throws -> [String] {
                try await place.run(["gallery", "faces", "g", "--json"] + data).jsonLines().compactMap { $0["face"].string }
            }
            let before = try await faces()
            #expect(before.count == 2)
            try await growing(disk, by: 16, place, ["restore", backup, "--yes"] + data) { (room: String) async throws -> Void in
                #expect(try await faces() == before, "\(room)")
                #expect(try await place.run(["gallery", "check"] + data).code == 0, "\(room)")
            }
            #expect(try await faces() == [before[0]])
            #expect(try await place.run(["gallery", "check"] + data).code == 0)
        }

        @Test(
            "5: where the keys find no room, the old ones open everything as before",
            arguments: [["master-key", "rotate"], ["gallery", "create", "new"], ["key", "create"]])
        func keys(arguments: [String]) async throws {
            let place = try Place()
            let disk = try SmallDisk(at: place.folder + "/disk", kilobytes: 1_024)
            defer { disk.unmount() }
            let data = ["--data", disk.path + "/data"]
            #expect(try await place.run(["enrol", "--gallery", "g", Program.sample("obama.jpg")] + data).code == 0)
            func works(_ room: String) async throws {
                #expect(try await place.run(["gallery", "check"] + data).code == 0, "\(room)")
                let faces = try await place.run(["gallery", "faces", "g", "--json"] + data)
                #expect(try faces.jsonLines().count == 1, "\(room)")
                // Neither is there by half.
                #expect(try await place.run(["gallery", "list", "--json"] + data).json().array.count == 1, "\(room)")
                #expect(try await place.run(["key", "list"] + data).code == 1, "\(room)")
            }
            try await growing(disk, by: 4, place, arguments + data, failed: works)
            #expect(try await place.run(["gallery", "check"] + data).code == 0)
            #expect(try await place.run(["enrol", "--gallery", "g", Program.sample("biden.jpg")] + data).code == 0)
        }
    }
}
