import Foundation
import Testing

extension EndToEnd {
    @Suite("Odd files", .enabled(if: Program.datasets != nil, Program.datasetsMissing)) struct OddFiles {
        @Test("Each odd file gives faces, no face or one clear refusal, within 1 GiB")
        func each() async throws {
            let place = try Place()
            // What is compiled once for the machine is no file's fault.
            _ = try await place.run("detect", Program.sample("obama.jpg"))
            let folder = "\(Program.datasets ?? "")/odd"
            let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
            #expect(names.count > 40)
            for name in names {
                let ended = try await place.run("detect", "--json", "\(folder)/\(name)")
                let answer = try ended.json()
                switch ended.code {
                case 0: #expect(!answer["faces"].array.isEmpty && ended.complaints.isEmpty, "\(name)")
                case 1: #expect(answer["faces"].array.isEmpty && answer["error"].string == nil && ended.complaints.isEmpty, "\(name)")
                case 3:
                    #expect(ended.err.isOneSentence, "\(name): \(ended.err)")
                    let code = try #require(answer["error"].string)
                    #expect(["not-an-image", "image-too-large", "image-damaged"].contains(code), "\(name): \(code)")
                default: Issue.record("\(name): exit code \(ended.code.map(String.init) ?? "none"), \(ended.err)")
                }
                #expect(ended.peakMegabytes <= 1_024, "\(name)")
            }
        }

        @Test("All odd files at once: the good ones are enrolled, each bad one is named")
        func together() async throws {
            let place = try Place()
            let ended = try await place.run("enrol", "--gallery", "g", "--json", "\(Program.datasets ?? "")/odd")
            #expect(ended.code == 3)
            let lines = try ended.jsonLines()
            #expect(lines.count > 30)
            let bad = lines.filter { $0["error"].string != nil }
            #expect(ended.err.split(separator: "\n").count == bad.count)
            #expect(ended.peakMegabytes <= 1_024)
            let faces = try await place.run("gallery", "faces", "g").out.split(separator: "\n")
            #expect(Set(lines.compactMap { $0["face"].string }).count == faces.count)
        }
    }
}
