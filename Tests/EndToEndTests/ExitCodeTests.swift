import Foundation
import Testing

extension EndToEnd {
    @Suite("What goes wrong is said in one sentence, with the right exit code") struct ExitCodes {
        @Test("1: no face is an answer")
        func noFace() async throws {
            let place = try Place()
            let empty = try place.emptyPhotograph("empty.tif")
            let detected = try await place.run("detect", empty)
            #expect(detected.code == 1)
            #expect(detected.out.contains("no faces"))
            #expect(detected.complaints.isEmpty)
            for pair in [[empty, Program.sample("obama.jpg")], [Program.sample("obama.jpg"), empty]] {
                let compared = try await place.run(["compare"] + pair)
                #expect(compared.code == 1)
                #expect(compared.err.isOneSentence, "\(compared.err)")
                #expect(compared.err.contains("empty.tif: There is no face"))
                #expect(compared.out.isEmpty)
            }
            let enrolled = try await place.run("enrol", "--gallery", "g", "--json", empty)
            #expect(enrolled.code == 1)
            #expect(try enrolled.json()["error"].string == "no-face")
            #expect(try enrolled.json()["photograph"].string == empty)
            #expect(try await place.run("gallery", "list").code == 1)
        }

        @Test(
            "2: wrong usage is explained, and nothing is touched",
            arguments: [
                ["compare", "a.jpg"], ["compare", "--threshold", "101", "a.jpg", "b.jpg"],
                ["compare", "--threshold", "-1", "a.jpg", "b.jpg"], ["compare", "--threshold=-0.5", "a.jpg", "b.jpg"],
                ["compare", "--threshold", "nan", "a.jpg", "b.jpg"], ["compare", "--threshold", "inf", "a.jpg", "b.jpg"],
                ["compare", "--threshold", "", "a.jpg", "b.jpg"], ["compare", "--threshold", "high", "a.jpg", "b.jpg"],
                ["identify", "--gallery", "g", "--threshold", "100.1", "a.jpg"],
                ["identify", "--gallery", "g", "--max", "0", "a.jpg"], ["identify", "--gallery", "g", "--max", "4097", "a.jpg"],
                ["identify", "--gallery", "g", "--annotate", "x.png", "a.jpg", "b.jpg"],
                ["identify", "--gallery", "not a name", "a.jpg"], ["identify", "a.jpg"], ["enrol", "a.jpg"],
                ["enrol", "--gallery", "", "a.jpg"], ["enrol", "--gallery", "g", "--person", "", "a.jpg"],
                ["enrol", "--gallery", "g", "--person", String(repeating: "x", count: 256), "a.jpg"],
                ["enrol", "--gallery", "g", "--external-id", "k", "a.jpg", "b.jpg"],
                ["detect"], ["detect", "--annotate", "x.gif", "a.jpg"], ["detect", "--max-megapixels", "0", "a.jpg"],
                ["detect", "--max-megapixels", "nan", "a.jpg"], ["detect", "--max-megabytes", "10001", "a.jpg"],
                ["forget", "--gallery", "g"], ["forget", "--gallery", "g", "no-id"], ["gallery", "show", "../g"],
                ["gallery", "nonsense"], ["nonsense"], ["--nonsense"], ["demo"], ["model", "show"],
            ])
        func wrongUsage(arguments: [String]) async throws {
            let place = try Place()
            let ended = try await place.run(arguments)
            #expect(ended.code == 2, "\(ended.err)")
            #expect(ended.out.isEmpty)
            #expect(ended.err.contains("Usage") || ended.err.contains("Error"), "\(ended.err)")
            #expect(!FileManager.default.fileExists(atPath: place.data))
        }

        @Test("3: one bad photograph among many is named, and the others are enrolled")
        func oneBad() async throws {
            let place = try Place()
            let good = try Data(contentsOf: URL(fileURLWithPath: Program.sample("biden.jpg")))
            try place.photograph("people/ada/1.jpg", of: "obama.jpg")
            try place.file("people/ada/2.jpg", good.prefix(good.count / 3))
            try place.file("people/ada/3.jpg", Data())
            try place.file("people/ada/4.png", Data("<html>".utf8))
            try place.photograph("people/bob/1.jpg", of: "biden.jpg")
            try place.emptyPhotograph("people/bob/2.tif")
            let ended = try await place.run("enrol", "--gallery", "g", "--json", place.folder + "/people")
            #expect(ended.code == 3)
            let lines = try ended.jsonLines()
            #expect(
                lines.map { $0["error"].string } == [nil, "image-damaged", "not-an-image", "not-an-image", nil, "no-face"])
            #expect(ended.err.split(separator: "\n").count == 4)
            for name in ["2.jpg", "3.jpg", "4.png", "2.tif"] { #expect(ended.err.contains(name), "\(name)") }
            #expect(try await place.run("gallery", "show", "g", "--json").json()["faces"].number == 2)
            let text = try await place.run("enrol", "--gallery", "g", place.folder + "/people")
            #expect(text.code == 3)
            #expect(text.out.contains("0 enrolled, 2 enrolled before, 1 without a face, 3 failed"))
        }

        @Test("3: a photograph that is not there, a folder, and an empty folder are named")
        func unreadable() async throws {
            let place = try Place()
            try FileManager.default.createDirectory(atPath: place.folder + "/nothing", withIntermediateDirectories: true)
            for arguments in [
                ["detect", "none.jpg"], ["detect", place.folder + "/nothing"], ["compare", "none.jpg", "none.jpg"],
                ["enrol", "--gallery", "g", "none.jpg"], ["enrol", "--gallery", "g", place.folder + "/nothing"],
                ["detect", "bell\u{07}\u{1B}[31m.jpg"],
            ] {
                let ended = try await place.run(arguments)
                #expect(ended.code == 3, "\(arguments)")
                #expect(ended.err.split(separator: "\n")[0].hasPrefix("countenance: "), "\(arguments): \(ended.err)")
                #expect(!ended.err.contains("\u{07}") && !ended.err.contains("\u{1B}"), "\(arguments)")
            }
        }

        @Test("3: limits on bytes and pixels are named with their values")
        func limits() async throws {
            let place = try Place()
            let bytes = try await place.run("detect", "--max-megabytes", "0.001", Program.sample("obama.jpg"))
            #expect(bytes.code == 3)
            #expect(bytes.err.isOneSentence && bytes.err.contains("1000") && bytes.err.contains("--max-megabytes"))
            let pixels = try await place.run("detect", "--max-megapixels", "0.5", "--json", Program.sample("obama.jpg"))
            #expect(pixels.code == 3)
            #expect(try pixels.json()["error"].string == "image-too-large")
            #expect(pixels.err.contains("910 x 1137") && pixels.err.contains("500000"))
        }

        @Test("3: a gallery that is not there is named, with the way to see those there are")
        func unknownGallery() async throws {
            let place = try Place()
            for arguments in [
                ["identify", "--gallery", "none", Program.sample("obama.jpg")], ["gallery", "show", "none"],
                ["gallery", "faces", "none"], ["gallery", "delete", "none", "--yes"], ["forget", "--gallery", "none", "--person", "ada"],
            ] {
                let ended = try await place.run(arguments)
                #expect(ended.code == 3, "\(arguments)")
                #expect(ended.err.isOneSentence && ended.err.contains("none"), "\(ended.err)")
            }
        }

        @Test("3: a model that is not there is named")
        func unknownModel() async throws {
            let place = try Place()
            for arguments in [
                ["compare", "--model", "none", Program.sample("obama.jpg"), Program.sample("obama.jpg")],
                ["detect", "--model", "none", Program.sample("obama.jpg")], ["model", "show", "none"],
                ["enrol", "--gallery", "g", "--model", "yunet-2023mar", Program.sample("obama.jpg")],
            ] {
                let ended = try await place.run(arguments)
                #expect(ended.code == 3, "\(arguments)")
                #expect(ended.err.isOneSentence && ended.err.contains("`countenance model list`"), "\(ended.err)")
            }
        }

        @Test("3: a photograph that is enrolled under another person stays there, and no name is told")
        func enrolledOtherwise() async throws {
            let place = try Place()
            let photograph = Program.sample("obama.jpg")
            let first = try await place.run("enrol", "--gallery", "g", "--person", "Zaphod", "--json", photograph)
            let id = try #require(try first.json()["face"].string)
            let second = try await place.run("enrol", "--gallery", "g", "--person", "Trillian", photograph)
            #expect(second.code == 3)
            #expect(second.err.contains(id))
            #expect(!second.err.contains("Zaphod") && !second.err.contains("Trillian"))
            let faces = try await place.run("gallery", "faces", "g", "--json").jsonLines()
            #expect(faces.map { $0["person"].string } == ["Zaphod"])
        }

        @Test("5: a data directory that cannot be made, or is a file, is named")
        func unwritable() async throws {
            let place = try Place()
            let file = try place.file("file", Data("x".utf8))
            for data in [file, file + "/below", place.folder + "/none/none", "/proc/none"] {
                for arguments in [["gallery", "list"], ["detect", Program.sample("obama.jpg")]] {
                    let ended = try await place.run(arguments + ["--data", data])
                    #expect(ended.code == 5, "\(data)")
                    #expect(ended.err.isOneSentence && ended.err.contains(data), "\(ended.err)")
                    #expect(ended.out.isEmpty)
                }
            }
            #expect(try Data(contentsOf: URL(fileURLWithPath: file)) == Data("x".utf8))
            let doctor = try await place.run("doctor", "--data", file + "/below")
            #expect(doctor.code == 5)
            #expect(doctor.out.contains("WRONG  data directory"))
        }

        @Test("3: a picture that cannot be written is named before any work is done")
        func unwritablePicture() async throws {
            let place = try Place()
            try place.file("file", Data())
            let photograph = Program.sample("obama.jpg")
            for target in ["/none/found.png", "/file/found.png", "/folder.png"] {
                try FileManager.default.createDirectory(
                    atPath: place.folder + "/folder.png", withIntermediateDirectories: true)
                for arguments in [
                    ["detect", photograph], ["compare", photograph, photograph], ["identify", "--gallery", "g", photograph],
                ] {
                    let ended = try await place.run(arguments + ["--annotate", place.folder + target])
                    #expect(ended.code == 3, "\(arguments[0]) \(target)")
                    #expect(ended.err.isOneSentence && ended.err.contains(".png"), "\(ended.err)")
                    #expect(ended.out.isEmpty)
                }
            }
            #expect(!FileManager.default.fileExists(atPath: place.data))
        }

        @Test(
            "5: a picture for which there is no room any more is named; the answer is given all the same",
            .enabled(if: SmallDisk.canBeMade, "a small disk cannot be mounted here; it needs root"))
        func noRoomForPicture() async throws {
            let place = try Place()
            let disk = try SmallDisk(at: place.folder + "/disk", kilobytes: 64)
            defer { disk.unmount() }
            disk.fill()
            let ended = try await place.run("detect", "--annotate", disk.path + "/found.png", Program.sample("obama.jpg"))
            #expect(ended.code == 5)
            #expect(ended.err.isOneSentence && ended.err.contains("found.png"), "\(ended.err)")
            #expect(ended.out.contains("1 face"))
        }

        @Test("3: a pipe, a device and a socket are no photographs, and none of them is waited for")
        func noRegularFile() async throws {
            let place = try Place()
            let pipe = place.folder + "/pipe.jpg"
            try #require(mkfifo(pipe, 0o600) == 0)
            let socketPath = place.folder + "/s"
            let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(descriptor) }
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: socketPath.utf8) }
            let bound = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            try #require(bound == 0)
            for path in [pipe, "/dev/null", socketPath] {
                let ended = try await place.run("detect", path)
                #expect(ended.code == 3, "\(path)")
                #expect(ended.err.isOneSentence && ended.err.contains("not a regular file"), "\(ended.err)")
            }
            let piped = try await place.shell("cat '\(Program.sample("obama.jpg"))' | \"$0\" detect /dev/stdin")
            #expect(piped.code == 3)
            #expect(piped.err.contains("not a regular file"), "\(piped.err)")
        }

        @Test("3: another external id for an enrolled photograph is refused; the same, or none, is not")
        func enrolledUnderAnotherID() async throws {
            let place = try Place()
            let enrol = ["enrol", "--gallery", "g", Program.sample("obama.jpg")]
            #expect(try await place.run(enrol + ["--external-id", "one"]).code == 0)
            #expect(try await place.run(enrol + ["--external-id", "one"]).code == 0)
            #expect(try await place.run(enrol).code == 0)
            let other = try await place.run(enrol + ["--external-id", "two"])
            #expect(other.code == 3)
            #expect(other.err.isOneSentence && other.err.contains("another external id"), "\(other.err)")
            let faces = try await place.run("gallery", "faces", "g", "--json").jsonLines()
            #expect(faces.map { $0["externalID"].string } == ["one"])
        }
    }
}
