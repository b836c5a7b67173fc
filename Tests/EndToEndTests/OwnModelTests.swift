import Foundation
import Testing

extension EndToEnd {
    @Suite("A model of one's own") struct OwnModels {
        private let place: Place

        init() throws {
            place = try Place()
            try FileManager.default.createDirectory(atPath: place.folder + "/own", withIntermediateDirectories: true)
            try FileManager.default.copyItem(
                atPath: Program.models + "/sface-2021dec.onnx", toPath: place.folder + "/own/network.onnx")
        }

        /// Writes a manifest entry: SFace's own with changes; NSNull removes a field.
        private func entry(_ changes: [String: Any]) throws -> String {
            let own = try Data(contentsOf: URL(fileURLWithPath: Program.models + "/sface-2021dec.json"))
            var object = try #require(try JSONSerialization.jsonObject(with: own) as? [String: Any])
            for (key, value) in changes { object[key] = value is NSNull ? nil : value }
            return try place.file("own/entry.json", JSONSerialization.data(withJSONObject: object))
        }

        private var networks: Int {
            get async throws { try await place.run("model", "list", "--json").json().array.count }
        }

        @Test("A network that is the one its entry names is added, listed and used")
        func added() async throws {
            let ended = try await place.run("model", "add", entry(["id": "mine", "file": "network.onnx"]))
            #expect(ended.code == 0, "\(ended.err)")
            #expect(ended.out.contains("mine") && ended.out.contains("128"))
            #expect(try await place.run("model", "list").out.contains("mine  template-extractor"))
            #expect(try await place.run("doctor").code == 0)

            // Its gallery is its own for life: the others' templates are never compared with it.
            let enrolled = try await place.run("enrol", "--gallery", "g", "--model", "mine", Program.sample("obama.jpg"))
            #expect(enrolled.code == 0)
            let found = try await place.run("identify", "--gallery", "g", "--json", Program.sample("obama2.jpg"))
            #expect(found.code == 0)
            #expect(try found.json()["model"].string == "mine")
            for command in ["identify", "enrol"] {
                let other = try await place.run(command, "--gallery", "g", "--model", "sface-2021dec", Program.sample("biden.jpg"))
                #expect(other.code == 3)
                #expect(other.err.isOneSentence && other.err.contains("belongs to the model mine"), "\(other.err)")
            }

            let again = try await place.run("model", "add", entry(["id": "mine", "file": "network.onnx"]))
            #expect(again.code == 3)
            #expect(again.err.contains("another id"))

            // Files that change after they were added are found out.
            let file = place.data + "/models/mine-network.onnx"
            let handle = try #require(FileHandle(forWritingAtPath: file))
            try handle.seek(toOffset: 1_000_000)
            try handle.write(contentsOf: Data([0xFF, 0xFF, 0xFF, 0xFF]))
            try handle.close()
            let changed = try await place.run("identify", "--gallery", "g", Program.sample("obama2.jpg"))
            #expect(changed.code == 3)
            #expect(changed.err.contains("It was not loaded."))
        }

        @Test("Without a calibration there is no similarity, and that is said")
        func uncalibrated() async throws {
            let added = try await place.run(
                "model", "add", entry(["id": "mine", "file": "network.onnx", "calibration": NSNull()]))
            #expect(added.code == 0, "\(added.err)")
            #expect(added.err.contains("model calibrate --model mine"))
            let photographs = [Program.sample("obama.jpg"), Program.sample("obama2.jpg")]
            let compared = try await place.run(["compare", "--model", "mine"] + photographs)
            #expect(compared.code == 3)
            #expect(compared.err.isOneSentence && compared.err.contains("model calibrate --model mine"), "\(compared.err)")
            let enrolled = try await place.run("enrol", "--gallery", "g", "--model", "mine", photographs[0])
            #expect(enrolled.code == 0)
            let identified = try await place.run("identify", "--gallery", "g", photographs[1])
            #expect(identified.code == 3)
            #expect(identified.err.contains("model calibrate --model mine"))
        }

        @Test("An entry that is wrong in one place is refused, and nothing is added")
        func refused() async throws {
            let before = try await networks
            let wrong: [(String, [String: Any])] = [
                ("digest", ["sha256": String(repeating: "0", count: 64)]), ("digest in capitals", ["sha256": String(repeating: "A", count: 64)]),
                ("dimension", ["dimension": 512]), ("no dimension", ["dimension": NSNull()]), ("dimension 0", ["dimension": 0]),
                ("a path", ["file": "../own/network.onnx"]), ("missing file", ["file": "none.onnx"]), ("hidden file", ["file": ".network"]),
                ("id of another", ["id": "yunet-2023mar"]), ("id as path", ["id": "../x"]), ("empty id", ["id": ""]),
                ("kind", ["kind": "face-detector"]), ("unknown kind", ["kind": "nonsense"]), ("no licence", ["licence": NSNull()]),
                ("alignment", ["alignment": []]), ("text for a number", ["dimension": "128"]), ("calibration", ["calibration": [:]]),
                ("input", ["input": ["width": 100_000, "height": 112, "colour": "RGB", "mean": [0, 0, 0], "scale": [1, 1, 1]]]),
                ("colour", ["input": ["width": 112, "height": 112, "colour": "CMYK", "mean": [0, 0, 0], "scale": [1, 1, 1]]]),
            ]
            for (what, changes) in wrong {
                let base: [String: Any] = ["id": "mine", "file": "network.onnx"]
                let ended = try await place.run("model", "add", entry(base.merging(changes) { $1 }))
                #expect(ended.code == 3, "\(what): \(ended.err)")
                #expect(ended.err.split(separator: "\n").count == 1, "\(what): \(ended.err)")
            }
            for (name, text) in [("text", "no JSON"), ("empty", ""), ("list", "[]"), ("deep", String(repeating: "[", count: 100_000))] {
                let ended = try await place.run("model", "add", place.file("own/\(name).json", Data(text.utf8)))
                #expect(ended.code == 3, "\(name): \(ended.err)")
            }
            #expect(try await place.run("model", "add", "none.json").code == 3)
            #expect(try await networks == before)
            #expect(try await place.run("compare", Program.sample("obama.jpg"), Program.sample("obama2.jpg")).code == 0)
        }

        @Test("A bad entry concerns only those who want its network")
        func badEntry() async throws {
            let file = try place.file("data/models/bad.json", Data("{".utf8))
            try #require(mkfifo(place.data + "/models/pipe.json", 0o600) == 0)
            try FileManager.default.copyItem(
                atPath: Program.models + "/sface-2021dec.json", toPath: place.data + "/models/twice.json")
            for command in [["detect", Program.sample("obama.jpg")], ["enrol", "--gallery", "g", Program.sample("obama.jpg")]] {
                let ended = try await place.run(command)
                #expect(ended.code == 0, "\(ended.err)")
            }
            let list = try await place.run("model", "list")
            #expect(list.code == 3)
            #expect(list.out.contains("sface-2021dec  template-extractor") && list.out.contains("bad  BROKEN"), "\(list.out)")
            let documents = try await place.run("model", "list", "--json")
            #expect(documents.code == 3)
            #expect(
                try documents.json().array.map { $0["error"].string }
                    == [nil, nil, nil, "model-refused", "unreadable-file", "model-refused"])
            #expect(try documents.json()[3]["entry"].string == file)
            for command in [["model", "show", "bad"], ["compare", "--model", "bad", "a.jpg", "b.jpg"]] {
                let ended = try await place.run(command)
                #expect(ended.code == 3)
                #expect(ended.err.isOneSentence && ended.err.contains("bad.json"), "\(ended.err)")
            }
            let doctor = try await place.run("doctor")
            #expect(doctor.code == 5)
            for name in ["bad", "pipe", "twice"] { #expect(doctor.out.contains("WRONG  manifest entry \(name).json")) }
            #expect(doctor.out.contains("well   inference"), "\(doctor.out)")
            let added = try await place.run("model", "add", "--json", entry(["id": "mine", "file": "network.onnx"]))
            #expect(added.code == 0, "\(added.err)")
            #expect(try added.json()["id"].string == "mine")
            #expect(try added.json()["file"].string == "mine-network.onnx")
            let shown = try await place.run("model", "show", "--json", "mine")
            #expect(shown.out == added.out)
        }
    }
}
