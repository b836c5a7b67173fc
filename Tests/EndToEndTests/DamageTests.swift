import Foundation
import Testing

extension EndToEnd {
    @Suite("Crashes, damage and company") struct Damage {
        @Test("5: a data directory that another process owns is left alone after five seconds' waiting")
        func inUse() async throws {
            let place = try Place()
            #expect(try await place.run("enrol", "--gallery", "g", Program.sample("obama.jpg")).code == 0)
            // This process is another one than the program's.
            let lock = open(place.data + "/lock", O_RDWR | O_CLOEXEC)
            defer { close(lock) }
            try #require(flock(lock, LOCK_EX) == 0)
            let start = ContinuousClock.now
            let ended = try await place.run("gallery", "list")
            #expect(ended.code == 5)
            #expect(ended.err.isOneSentence && ended.err.contains("in use") && ended.err.contains(place.data))
            #expect(ContinuousClock.now - start > .seconds(4))
            flock(lock, LOCK_UN)
            #expect(try await place.run("gallery", "list").code == 0)
        }

        @Test("Commands that run at once wait for each other, and all are done")
        func atOnce() async throws {
            let place = try Place()
            try FileManager.default.createDirectory(atPath: place.data, withIntermediateDirectories: true)
            let samples = ["obama.jpg", "obama2.jpg", "biden.jpg"]
            let running = try samples.map { try place.start(["enrol", "--gallery", "g", Program.sample($0)]) }
            for process in running {
                let ended = try await process.end()
                #expect(ended.code == 0, "\(ended.err)")
            }
            #expect(try await place.run("gallery", "show", "g", "--json").json()["faces"].number == 3)
        }

        @Test("5: a damaged database is said to be damaged, and no byte of it is changed")
        func corrupt() async throws {
            let place = try Place()
            #expect(try await place.run("enrol", "--gallery", "g", Program.sample("obama.jpg")).code == 0)
            let path = place.data + "/countenance.sqlite"
            let whole = try Data(contentsOf: URL(fileURLWithPath: path))
            for (what, damage) in [
                ("no database", Data(repeating: 0x5A, count: whole.count)), ("half of it", whole.prefix(whole.count / 2)),
                ("another page size", whole.prefix(16) + Data([0xFF, 0xFF]) + whole.dropFirst(18)),
            ] {
                for ending in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + ending) }
                try damage.write(to: URL(fileURLWithPath: path))
                for arguments in [["gallery", "faces", "g"], ["identify", "--gallery", "g", Program.sample("obama2.jpg")]] {
                    let ended = try await place.run(arguments)
                    #expect(ended.code == 5, "\(what)")
                    #expect(ended.err.isOneSentence && ended.err.contains(path), "\(what): \(ended.err)")
                }
                #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == damage, "\(what)")
                let doctor = try await place.run("doctor")
                #expect(doctor.code == 5, "\(what)")
                #expect(doctor.out.contains("WRONG  data directory"), "\(what)")
            }
        }

        @Test("5: another program's database is not touched")
        func anotherProgramsDatabase() async throws {
            let place = try Place()
            #expect(try await place.run("gallery", "list").code == 1)
            let path = place.data + "/countenance.sqlite"
            var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
            // The application id, at offset 68 of SQLite's header.
            bytes.replaceSubrange(68..<72, with: [1, 2, 3, 4])
            for ending in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + ending) }
            try bytes.write(to: URL(fileURLWithPath: path))
            let ended = try await place.run("gallery", "list")
            #expect(ended.code == 5)
            #expect(ended.err.isOneSentence && ended.err.contains("another program's database"))
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == bytes)
        }

        /// `make torture` kills 200 times.
        @Test("An enrolment that is killed at any moment keeps every face that it reported, and no half one")
        func killed() async throws {
            let place = try Place()
            let count = 24
            for i in 0..<count {
                let sample = ["obama", "obama2", "obama3", "biden"][i % 4]
                try place.photograph("people/p\(i % 5)/\(i).jpg", of: "\(sample).jpg", padding: i + 1)
            }
            let arguments = ["enrol", "--gallery", "g", "--json", place.folder + "/people"]
            func faces() async throws -> [JSON] {
                let listed = try await place.run("gallery", "faces", "g", "--json")
                // Before the first change is durable, there is no gallery.
                return listed.code == 3 ? [] : try listed.jsonLines()
            }
            let wanted = ProcessInfo.processInfo.environment["COUNTENANCE_KILLS"].flatMap(Int.init) ?? 8
            var random = SystemRandomNumberGenerator()
            var reported: Set<String> = []
            var kills = 0, runs = 0
            while kills < wanted, runs < 4 * wanted {
                runs += 1
                let delay = Int.random(in: 20...1_200, using: &random)
                let running = try place.start(arguments)
                try await Task.sleep(for: .milliseconds(delay))
                kill(running.process, SIGKILL)
                let ended = try await running.end()
                if ended.signal == SIGKILL { kills += 1 }
                // The last line may be cut off.
                for line in ended.out.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
                    reported.insert(try #require(try JSON(String(line))["face"].string))
                }
                let kept = try await faces(), after = "run \(runs), killed after \(delay) ms"
                #expect(reported.isSubset(of: kept.compactMap { $0["face"].string }), "\(after)")
                #expect(Set(kept.compactMap { $0["externalID"].string }).count == kept.count, "\(after)")
                // What is there is all there: a search comes upon every one of them.
                if runs.isMultiple(of: 4), !kept.isEmpty {
                    let found = try await place.run(
                        "identify", "--gallery", "g", "--threshold", "0", "--max", "100", "--json", Program.sample("biden.jpg"))
                    #expect(try found.json()["candidates"].array.count == kept.count, "\(after)")
                }
                if kept.count == count {
                    #expect(try await place.run("gallery", "delete", "g", "--yes").code == 0)
                    reported = []
                }
            }
            #expect(kills == wanted)
            let last = try await place.run(arguments)
            #expect(last.code == 0, "\(last.err)")
            #expect(try last.jsonLines().count == count)
            #expect(try await faces().count == count)
            let doctor = try await place.run("doctor")
            #expect(doctor.code == 0, "\(doctor.out)")
        }

        @Test("5: a full disk is said to be full; what was enrolled stays, and with room again work goes on",
            .enabled(if: SmallDisk.canBeMade, "a small disk cannot be mounted here; it needs root"))
        func fullDisk() async throws {
            let place = try Place()
            let disk = try SmallDisk(at: place.folder + "/disk", kilobytes: 1_024)
            defer { disk.unmount() }
            let data = ["--data", disk.path + "/data"]
            #expect(try await place.run(["enrol", "--gallery", "g", Program.sample("obama.jpg")] + data).code == 0)
            disk.fill()
            let ended = try await place.run(["enrol", "--gallery", "g", "--json", Program.sample("biden.jpg")] + data)
            #expect(ended.code == 5)
            #expect(ended.err.isOneSentence && ended.err.contains("full"), "\(ended.err)")
            #expect(ended.out.isEmpty)
            disk.empty()
            let faces = try await place.run(["gallery", "faces", "g", "--json"] + data)
            #expect(try faces.jsonLines().count == 1)
            #expect(try await place.run(["enrol", "--gallery", "g", Program.sample("biden.jpg")] + data).code == 0)
            let doctor = try await place.run(["doctor"] + data)
            #expect(doctor.code == 0, "\(doctor.out)")
        }

        @Test("5: a new data directory on a full disk is refused with a sentence",
            .enabled(if: SmallDisk.canBeMade, "a small disk cannot be mounted here; it needs root"))
        func fullFromTheStart() async throws {
            let place = try Place()
            let disk = try SmallDisk(at: place.folder + "/disk", kilobytes: 64)
            defer { disk.unmount() }
            disk.fill()
            let ended = try await place.run("gallery", "list", "--data", disk.path + "/data")
            #expect(ended.code == 5)
            #expect(ended.err.isOneSentence && ended.err.contains("full"), "\(ended.err)")
        }
    }
}

/// A disk in memory, so small that it can be filled.
struct SmallDisk {
    let path: String

    static let canBeMade: Bool = {
        guard Program.isThere, getuid() == 0 else { return false }
        guard let disk = try? SmallDisk(at: NSTemporaryDirectory() + "countenance-disk-\(getpid())", kilobytes: 64) else { return false }
        disk.unmount()
        try? FileManager.default.removeItem(atPath: disk.path)
        return true
    }()

    init(at path: String, kilobytes: Int) throws {
        self.path = path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        guard mount("tmpfs", path, "tmpfs", 0, "size=\(kilobytes)k") == 0 else { throw POSIXError(.EPERM) }
    }

    func unmount() { umount2(path, Int32(MNT_DETACH)) }

    func fill() {
        let descriptor = open(path + "/filling", O_WRONLY | O_CREAT, 0o600)
        for size in [4_096, 1] {
            let bytes = [UInt8](repeating: 1, count: size)
            while write(descriptor, bytes, size) == size {}
        }
        close(descriptor)
    }

    /// - Parameter kilobytes: what stays free; whole pages of 4 kB.
    func fill(leaving kilobytes: Int) {
        fill()
        var status = stat()
        stat(path + "/filling", &status)
        truncate(path + "/filling", max(0, Int(status.st_size) & ~4_095 - kilobytes << 10))
    }

    func empty() { unlink(path + "/filling") }
}
