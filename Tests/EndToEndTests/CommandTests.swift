import Foundation
import Testing

extension EndToEnd {
    @Suite("Each command does what the README says") struct Commands {
        @Test("detect finds a face, with box, landmarks and quality in the photograph's pixels")
        func detect() async throws {
            let place = try Place()
            let ended = try await place.run("detect", "--json", Program.sample("obama.jpg"))
            #expect(ended.code == 0)
            #expect(ended.complaints.isEmpty)
            let answer = try ended.json()
            #expect(answer["photograph"].string == Program.sample("obama.jpg"))
            #expect(answer["size"]["width"].number == 910)
            #expect(answer["size"]["height"].number == 1137)
            #expect(answer["record"].number == 0)
            try #require(answer["faces"].array.count == 1)
            let face = answer["faces"][0], box = face["box"]
            let left = try #require(box["x"].number), width = try #require(box["width"].number)
            #expect(left > 300 && width > 200 && left + width < 700)
            #expect(try #require(face["confidence"].number) > 0.8)
            #expect(
                face["landmarks"].keys == ["rightEye", "leftEye", "noseTip", "rightMouthCorner", "leftMouthCorner"])
            #expect(try #require(face["landmarks"]["rightEye"]["x"].number) < #require(face["landmarks"]["leftEye"]["x"].number))
            #expect(try #require(face["quality"]["eyeDistance"].number) > 80)
            #expect(abs(try #require(face["quality"]["pose"]["yaw"].number)) < 30)
            #expect(answer["milliseconds"]["faces"].number != nil)
        }

        @Test("detect takes several photographs and gives a line for each")
        func detectSeveral() async throws {
            let place = try Place()
            let empty = try place.emptyPhotograph("empty.tif")
            let ended = try await place.run("detect", "--json", Program.sample("obama.jpg"), empty, Program.sample("biden.jpg"))
            #expect(ended.code == 0)
            #expect(try ended.jsonLines().map { $0["faces"].array.count } == [1, 0, 1])
            #expect(try ended.jsonLines().map { $0["record"].number } == [0, 1, 2])
            let text = try await place.run("detect", Program.sample("obama.jpg"), empty)
            #expect(text.out.contains("obama.jpg: 1 face\n"))
            #expect(text.out.contains("empty.tif: no faces\n"))
        }

        @Test("detect --annotate writes a picture of the photograph's size that can be decoded", arguments: ["png", "jpg"])
        func annotate(ending: String) async throws {
            let place = try Place()
            let picture = place.folder + "/found." + ending
            let ended = try await place.run("detect", "--annotate", picture, Program.sample("obama.jpg"))
            #expect(ended.code == 0)
            let bytes = try Data(contentsOf: URL(fileURLWithPath: picture))
            #expect(bytes.starts(with: ending == "png" ? [0x89, 0x50, 0x4E, 0x47] : [0xFF, 0xD8, 0xFF]))
            #expect(bytes != (try Data(contentsOf: URL(fileURLWithPath: Program.sample("obama.jpg")))))
            let again = try await place.run("detect", "--json", picture).json()
            #expect(again["size"]["width"].number == 910)
            #expect(again["size"]["height"].number == 1137)
        }

        @Test("compare tells one person's photographs from two people's")
        func compare() async throws {
            let place = try Place()
            let same = try await place.run("compare", "--json", Program.sample("obama.jpg"), Program.sample("obama2.jpg"))
            #expect(same.code == 0)
            let one = try same.json()
            #expect(one["match"].bool == true)
            let similarity = try #require(one["similarity"].number), rate = try #require(one["falseMatchRate"].number)
            #expect(similarity >= 80 && similarity <= 100)
            #expect(rate >= 0 && rate <= 1e-4)
            #expect(one["model"].string == "sface-2021dec")
            #expect(one["probeFace"]["facesInPhotograph"].number == 1)
            let other = try await place.run("compare", "--json", Program.sample("obama.jpg"), Program.sample("biden.jpg"))
            #expect(other.code == 1)
            #expect(try other.json()["match"].bool == false)
            #expect(try #require(try other.json()["similarity"].number) < 80)
            let text = try await place.run("compare", Program.sample("obama.jpg"), Program.sample("biden.jpg"))
            #expect(text.code == 1)
            #expect(text.out.contains("Similarity ") && text.out.contains("no match"))
        }

        @Test("compare's threshold decides, and is in the answer")
        func threshold() async throws {
            let place = try Place()
            let low = try await place.run(
                "compare", "--json", "--threshold", "0", Program.sample("obama.jpg"), Program.sample("biden.jpg"))
            #expect(low.code == 0)
            #expect(try low.json()["threshold"].number == 0)
            let high = try await place.run(
                "compare", "--json", "--threshold", "100", Program.sample("obama.jpg"), Program.sample("obama.jpg"))
            #expect(try high.json()["threshold"].number == 100)
            #expect(try high.json()["score"].number.map { $0 > 0.999_999 } == true)
        }

        @Test("A photograph and its mirrored templates match itself")
        func mirror() async throws {
            let place = try Place()
            let ended = try await place.run(
                "compare", "--mirror", "--json", Program.sample("obama.jpg"), Program.sample("obama3.jpg"))
            #expect(ended.code == 0)
        }

        @Test("A gallery that was begun with mirror images goes on so by itself, and one that was not refuses them")
        func mirrorGallery() async throws {
            let place = try Place()
            let photo = Program.sample("obama.jpg")
            #expect(try await place.run("enrol", "--mirror", "--gallery", "both", photo).code == 0)
            let found = try await place.run("identify", "--json", "--gallery", "both", Program.sample("obama2.jpg"))
            #expect(found.code == 0 && found.out.contains("sface-2021dec+mirror"))
            #expect(try await place.run("enrol", "--gallery", "plain", photo).code == 0)
            for command in ["enrol", "identify"] {
                let ended = try await place.run(command, "--mirror", "--gallery", "plain", Program.sample("biden.jpg"))
                #expect(ended.code == 3 && ended.err.contains("--mirror"), "\(command)")
            }
        }

        @Test("A gallery is made once, for the model that is named, and keeps it")
        func createGallery() async throws {
            let place = try Place()
            let made = try await place.run("gallery", "create", "g", "--mirror", "--json")
            #expect(made.code == 0)
            let gallery = try made.json()
            #expect(gallery["model"].string == "sface-2021dec+mirror" && gallery["faces"].number == 0)
            let again = try await place.run("gallery", "create", "g")
            #expect(again.code == 3 && again.err.isOneSentence)
            let unknown = try await place.run("gallery", "create", "h", "--model", "none")
            #expect(unknown.code == 3 && unknown.err.contains("`countenance model list`"))
            #expect(try await place.run("enrol", "--gallery", "g", Program.sample("obama.jpg")).code == 0)
            #expect(try await place.run("gallery", "show", "g", "--json").json()["model"].string == "sface-2021dec+mirror")
        }

        @Test("Two files with the same bytes, enrolled at once, are one face")
        func sameBytes() async throws {
            let place = try Place()
            let copies = try (1...6).map { try place.photograph("copy\($0).jpg", of: "obama.jpg") }
            let ended = try await place.run(["enrol", "--gallery", "g", "--person", "ada"] + copies)
            #expect(ended.code == 0 && ended.out.contains("1 enrolled, 5 enrolled before"), "\(ended.err)")
        }

        @Test("enrol, identify, gallery, forget: a gallery's whole life")
        func gallery() async throws {
            let place = try Place()
            try place.photograph("people/ada/1.jpg", of: "obama.jpg")
            try place.photograph("people/ada/nested/2.jpg", of: "obama3.jpg")
            try place.photograph("people/bob/1.jpg", of: "biden.jpg")
            try place.file("people/bob/notes.txt", Data("no photograph".utf8))
            try place.file("people/bob/.hidden.jpg", Data("hidden".utf8))

            let enrolled = try await place.run("enrol", "--gallery", "staff", "--json", place.folder + "/people")
            #expect(enrolled.code == 0)
            let faces = try enrolled.jsonLines()
            #expect(faces.map { $0["person"].string } == ["ada", "nested", "bob"])
            #expect(faces.map { $0["externalID"].string } == ["ada/1.jpg", "ada/nested/2.jpg", "bob/1.jpg"])
            #expect(faces.allSatisfy { $0["new"].bool == true && $0["gallery"].string == "staff" })
            let ids = try faces.map { try #require($0["face"].string) }
            #expect(Set(ids).count == 3)

            let again = try await place.run("enrol", "--gallery", "staff", "--json", place.folder + "/people")
            #expect(again.code == 0)
            #expect(try again.jsonLines().allSatisfy { $0["new"].bool == false })
            #expect(try again.jsonLines().map { $0["face"].string } == ids)

            let list = try await place.run("gallery", "list", "--json").json()
            #expect(list.array.count == 1)
            let show = try await place.run("gallery", "show", "staff", "--json").json()
            for gallery in [list[0], show] {
                #expect(gallery["name"].string == "staff")
                #expect(gallery["faces"].number == 3)
                #expect(gallery["people"].number == 3)
                #expect(gallery["model"].string == "sface-2021dec")
                #expect(gallery["dimension"].number == 128)
            }
            let listed = try await place.run("gallery", "faces", "staff", "--json").jsonLines()
            #expect(Set(listed.compactMap { $0["face"].string }) == Set(ids))

            let found = try await place.run("identify", "--gallery", "staff", "--json", Program.sample("obama2.jpg"))
            #expect(found.code == 0)
            let answer = try found.json()
            #expect(answer["candidates"][0]["person"].string.map { ["ada", "nested"].contains($0) } == true)
            #expect(answer["candidates"].array.allSatisfy { $0["person"].string != "bob" })
            #expect(answer["gallerySize"].number == 3)
            #expect(answer["thresholdRecommended"].bool == true)
            let expected = try #require(answer["expectedFalseCandidates"].number)
            #expect(expected > 0 && expected <= 0.01)

            let forgotten = try await place.run("forget", "--gallery", "staff", "--json", ids[0], ids[1])
            #expect(forgotten.code == 0)
            #expect(try forgotten.json()["forgotten"].array.compactMap(\.string) == [ids[0], ids[1]])
            let gone = try await place.run("identify", "--gallery", "staff", "--json", Program.sample("obama2.jpg"))
            #expect(gone.code == 1)
            #expect(try gone.json()["candidates"].array.isEmpty)
            let nobody = try await place.run("forget", "--gallery", "staff", "--person", "ada")
            #expect(nobody.code == 1)
            #expect(!(nobody.out + nobody.err).contains("ada"))
            let person = try await place.run("forget", "--gallery", "staff", "--person", "bob")
            #expect(person.code == 0)
            let empty = try await place.run("gallery", "faces", "staff")
            #expect(empty.code == 1)
            #expect(empty.out.isEmpty)

            // A forgotten photograph can be enrolled again, as a new face.
            let back = try await place.run("enrol", "--gallery", "staff", "--json", place.folder + "/people/bob/1.jpg")
            #expect(try back.json()["new"].bool == true)
            #expect(try back.json()["face"].string != ids[2])

            let unasked = try await place.run("gallery", "delete", "staff")
            #expect(unasked.code == 2)
            #expect(unasked.err.contains("--yes"))
            let deleted = try await place.run("gallery", "delete", "staff", "--yes")
            #expect(deleted.code == 0)
            let none = try await place.run("gallery", "list", "--json")
            #expect(none.code == 1)
            #expect(try none.json().array.isEmpty)
        }

        @Test("enrol says whom photographs show, in the words of the command line")
        func enrolNamed() async throws {
            let place = try Place()
            let ended = try await place.run(
                "enrol", "--gallery", "archive", "--person", "Zoë Ångström", "--external-id", "neg-0417", "--json",
                Program.sample("obama.jpg"))
            #expect(try ended.json()["person"].string == "Zoë Ångström")
            #expect(try ended.json()["externalID"].string == "neg-0417")
            #expect(try ended.json()["subject"]["facesInPhotograph"].number == 1)
            let text = try await place.run("identify", "--gallery", "archive", Program.sample("obama2.jpg"))
            #expect(text.code == 0)
            #expect(text.out.contains("Zoë Ångström"))
            #expect(text.out.contains("false candidates"))
        }

        @Test("identify gives at most as many candidates as were asked for, closest first")
        func limit() async throws {
            let place = try Place()
            for i in 1...4 { try place.photograph("many/\(i).jpg", of: i % 2 == 0 ? "obama.jpg" : "obama3.jpg", padding: i) }
            #expect(try await place.run("enrol", "--gallery", "many", place.folder + "/many").code == 0)
            for (limit, count) in [(1, 1), (3, 3), (100, 4)] {
                let answer = try await place.run(
                    "identify", "--gallery", "many", "--max", "\(limit)", "--json", Program.sample("obama2.jpg")
                ).json()
                let scores = answer["candidates"].array.compactMap { $0["score"].number }
                #expect(scores.count == count)
                #expect(scores == scores.sorted(by: >))
            }
        }

        @Test("model list and show name the networks, with licence and source")
        func models() async throws {
            let place = try Place()
            let list = try await place.run("model", "list", "--json").json()
            #expect(Set(list.array.compactMap { $0["kind"].string }) == ["face-detector", "face-landmarks", "template-extractor"])
            #expect(list.array.allSatisfy { $0["licence"].string?.isEmpty == false && $0["sha256"].string?.count == 64 })
            for id in list.array.compactMap({ $0["id"].string }) {
                let shown = try await place.run("model", "show", id, "--json").json()
                #expect(shown["id"].string == id && shown["kind"].string != nil)
            }
            let model = try await place.run("model", "show", "sface-2021dec").json()
            #expect(model["dimension"].number == 128)
            #expect(model["calibration"]["points"].array.count >= 2)
            #expect(try await place.run("model", "list").out.contains("sface-2021dec  template-extractor  "))
        }

        @Test("doctor says that all is well")
        func doctor() async throws {
            let place = try Place()
            let ended = try await place.run("doctor", "--json")
            #expect(ended.code == 0, "\(ended.out)")
            let findings = try ended.json().array
            #expect(findings.count >= 8)
            #expect(findings.allSatisfy { $0["well"].bool == true && $0["says"].string?.isEmpty == false })
            let parts = findings.compactMap { $0["part"].string }
            for format in ["JPEG", "PNG", "WebP", "HEIC", "AVIF", "TIFF", "GIF"] {
                #expect(parts.contains("image format \(format)"))
            }
            #expect(try await place.run("doctor").out.hasPrefix("well "))
        }

        @Test("doctor does not look into a data directory that another process has, and says so")
        func doctorBesideOwner() async throws {
            let place = try Place()
            #expect(try await place.run("gallery", "list").code == 1)
            let lock = open(place.data + "/lock", O_RDWR | O_CLOEXEC)
            defer { close(lock) }
            try #require(flock(lock, LOCK_EX) == 0)
            let ended = try await place.run("doctor")
            #expect(ended.code == 0, "\(ended.out)")
            #expect(ended.out.contains("well   data directory") && ended.out.contains("in use by the process"))
        }

        @Test("demo shows every stage and draws its picture, the second time as the first")
        func demo() async throws {
            let place = try Place()
            let picture = place.folder + "/demo.png"
            for _ in 0..<2 {
                let ended = try await place.run("demo", "--samples", "\(Program.parts ?? "")/samples", "--picture", picture)
                #expect(ended.code == 0)
                for word in ["permit", "image", "faces", "template", "gallery", "record", "Barack Obama", "no match"] {
                    #expect(ended.out.contains(word), "\(word)")
                }
            }
            let bytes = try Data(contentsOf: URL(fileURLWithPath: picture))
            #expect(bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]))
        }

        @Test("With several faces the largest is used, and that is said")
        func severalFaces() async throws {
            let place = try Place()
            // The demo's picture shows two.
            let picture = place.folder + "/two.png"
            #expect(try await place.run("demo", "--samples", "\(Program.parts ?? "")/samples", "--picture", picture).code == 0)
            #expect(try await place.run("detect", "--json", picture).json()["faces"].array.count == 2)
            let compared = try await place.run("compare", picture, Program.sample("obama.jpg"))
            #expect(compared.code == 0)
            #expect(compared.err.contains("2 faces; the largest was used."))
            let enrolled = try await place.run("enrol", "--gallery", "g", picture)
            #expect(enrolled.out.contains("2 faces; the largest was used."))
            let identified = try await place.run("identify", "--gallery", "g", "--json", picture)
            #expect(try identified.json()["probe"]["facesInPhotograph"].number == 2)
        }

        @Test("evaluate verification measures a list of pairs")
        func evaluate() async throws {
            let place = try Place()
            var lines = ["2\t2"]
            for (person, sample) in [("a", "obama"), ("b", "biden"), ("c", "obama2"), ("d", "obama3")] {
                for i in 1...2 {
                    try place.photograph("set/\(person)/\(person)_000\(i).jpg", of: "\(sample).jpg", padding: i)
                }
            }
            lines += ["a\t1\t2", "b\t1\t2", "a\t1\tb\t1", "b\t2\tc\t1"]
            lines += ["c\t1\t2", "d\t1\t2", "d\t1\tb\t1", "b\t2\td\t2"]
            let pairs = try place.file("pairs.txt", Data((lines.joined(separator: "\n") + "\n").utf8))
            let ended = try await place.run(
                "evaluate", "verification", "--pairs", pairs, "--photographs", place.folder + "/set", "--json")
            #expect(ended.code == 0, "\(ended.err)")
            #expect(try ended.json()["accuracy"].number == 1)
            #expect(try ended.json()["photographs"].number == 8)
            #expect(try ended.json()["withoutTemplate"].number == 0)
        }
    }
}
