import Foundation
import Testing

@testable import RekognitionAPI

/// A bucket's folder with a neighbour that nobody may read through it.
private struct Place: ~Copyable {
    let root: URL
    var bucket: URL { root.appendingPathComponent("bucket") }
    let buckets: Buckets

    init() throws {
        root = FileManager.default.temporaryDirectory.appendingPathComponent("countenance-bucket-\(UUID())")
        let bucket = root.appendingPathComponent("bucket")
        try FileManager.default.createDirectory(
            at: bucket.appendingPathComponent("in/deep"), withIntermediateDirectories: true)
        for (path, text) in [
            ("secret", "secret"), ("bucket/a.jpg", "a"), ("bucket/in/deep/ä b.jpg", "b"), ("bucket2", "c"),
        ] {
            try Data(text.utf8).write(to: root.appendingPathComponent(path))
        }
        buckets = Buckets(["photos": .folder(bucket.path)])
    }

    deinit { try? FileManager.default.removeItem(at: root) }

    func photograph(_ name: String, limit: Int = 100) async throws -> String {
        String(decoding: try await buckets.photograph(bucket: "photos", name: name, limit: limit), as: UTF8.self)
    }

    func refusal(_ name: String, limit: Int = 100) async throws -> BucketError? {
        do {
            _ = try await photograph(name, limit: limit)
            return nil
        } catch let error as BucketError { return error }
    }
}

@Suite("A folder as a bucket") struct FolderBucketTests {
    @Test("Objects are files below the folder, their names literal") func reads() async throws {
        let place = try Place()
        #expect(try await place.photograph("a.jpg") == "a")
        #expect(try await place.photograph("in/deep/ä b.jpg") == "b")
        for name in ["%2e%2e", "a%00", "..jpg", "...", "back\\slash", "a:b", "~", "$HOME", "*", "-rf"] {
            try Data(name.utf8).write(to: place.bucket.appendingPathComponent(name))
            #expect(try await place.photograph(name) == name)
        }
    }

    @Test(
        "No name leads out of the bucket, and the refusal tells no path",
        arguments: [
            "../secret", "/../secret", "in/../../secret", "in/../a.jpg", "./a.jpg", "in/./deep/ä b.jpg", "..", ".", "",
            "/",
            "//a.jpg", "/a.jpg", "a.jpg/", "in//deep/ä b.jpg", "../bucket/a.jpg", "../bucket2",
            "in/deep/../../../secret",
            "a.jpg\0", "in\0/../../secret", "..\0/secret", "%2e%2e/secret", "..%2fsecret", "..\\secret", "..;/secret",
            "\u{FF0E}\u{FF0E}/secret", "..\u{2215}secret", "/etc/passwd", "/proc/self/environ", "in/deep/..",
            "a.jpg/..",
            "..\u{301}/secret", ".\u{200B}./secret", "a.jpg/../../secret", "~/secret", "file:///etc/passwd", "in",
            "in/deep",
        ])
    func traversal(_ name: String) async throws {
        let place = try Place()
        let refusal = try await place.refusal(name)
        #expect(refusal?.code == .notFound)
        #expect(refusal?.message.contains(place.root.path) == false && refusal?.message.contains("secret") == false)
    }

    @Test("A link in the bucket is no object, wherever it leads") func links() async throws {
        let place = try Place()
        let files = FileManager.default
        for (name, target) in [
            ("out", "../secret"), ("absolute", place.root.appendingPathComponent("secret").path), ("within", "a.jpg"),
            ("folder", ".."), ("inside", "in"), ("loop", "loop"), ("dangling", "nowhere"),
            ("in/deep/up", "../../../secret"),
        ] {
            try files.createSymbolicLink(
                atPath: place.bucket.appendingPathComponent(name).path, withDestinationPath: target)
        }
        for name in [
            "out", "absolute", "within", "folder/secret", "folder/bucket/a.jpg", "inside/deep/ä b.jpg", "loop",
            "dangling",
            "in/deep/up", "folder",
        ] {
            #expect(try await place.refusal(name)?.code == .notFound, "\(name)")
        }
        // The bucket's own folder may be one: the operator named it.
        let link = place.root.appendingPathComponent("link")
        try files.createSymbolicLink(at: link, withDestinationURL: place.bucket)
        let data = try await Buckets(["photos": .folder(link.path)])
            .photograph(bucket: "photos", name: "a.jpg", limit: 1)
        #expect(data == Data("a".utf8))
    }

    @Test("A link that is put in a folder's place while it is read never leads out") func race() async throws {
        let place = try Place()
        let folder = place.bucket.appendingPathComponent("swap").path
        let (real, link) = (folder + ".real", folder + ".link")
        try FileManager.default.createDirectory(atPath: real, withIntermediateDirectories: true)
        try Data("inside".utf8).write(to: URL(fileURLWithPath: real + "/secret"))
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "..")
        let swapping = Task.detached {
            for source in [real, link].cycled(500) {
                rename(source, folder)
                await Task.yield()
                rename(folder, source)
            }
        }
        for _ in 0..<1000 {
            // The folder is there or is not; what the link leads to is never read.
            if let text = try? await place.photograph("swap/secret") { #expect(text == "inside") }
        }
        await swapping.value
    }

    @Test("Only regular files: no pipe, socket, device or folder, and no waiting for one") func special() async throws {
        let place = try Place()
        #expect(mkfifo(place.bucket.appendingPathComponent("pipe").path, 0o600) == 0)
        #expect(try await place.refusal("pipe")?.code == .notFound)
        let devices = Buckets(["dev": .folder("/dev")])
        for name in ["zero", "null", "tty", "fd", "shm"] {
            await #expect(throws: BucketError.self) {
                try await devices.photograph(bucket: "dev", name: name, limit: 10)
            }
        }
    }

    @Test("A photograph may have as many bytes as the limit and not one more", arguments: [0, 1, 1000, 5_242_880])
    func limit(_ limit: Int) async throws {
        let place = try Place()
        for size in [limit - 1, limit, limit + 1] where size >= 0 {
            let data = Data(repeating: 7, count: size)
            try data.write(to: place.bucket.appendingPathComponent("photo"))
            if size <= limit {
                #expect(try await place.buckets.photograph(bucket: "photos", name: "photo", limit: limit) == data)
            } else {
                let refusal = try await place.refusal("photo", limit: limit)
                #expect(refusal?.code == .tooLarge && refusal?.message.contains("\(limit)") == true)
            }
        }
    }

    @Test("A file that says it is empty, as those of /proc do, is read to the limit") func growing() async throws {
        let buckets = Buckets(["proc": .folder("/proc/self")])
        #expect(try await !buckets.photograph(bucket: "proc", name: "status", limit: 100_000).isEmpty)
        await #expect(throws: BucketError.tooLarge(10)) {
            try await buckets.photograph(bucket: "proc", name: "status", limit: 10)
        }
    }

    @Test("What may not be read, a folder that is gone and a long name each have their code") func codes() async throws
    {
        let place = try Place()
        #expect(try await place.refusal(String(repeating: "a", count: 256))?.code == .notFound)
        #expect(try await place.refusal(String(repeating: "a/", count: 511) + "ab")?.code == .notFound)
        #expect(try await place.refusal(String(repeating: "a/", count: 512) + "a")?.code == .notFound)
        await #expect(throws: BucketError.self) {
            try await place.buckets.photograph(bucket: "none", name: "a", limit: 1)
        }
        await #expect(throws: BucketError.self) {
            try await place.buckets.photograph(bucket: "photos", name: "a.jpg", version: "1", limit: 1)
        }
        let gone = Buckets(["gone": .folder(place.root.path + "/gone")])
        do {
            _ = try await gone.photograph(bucket: "gone", name: "a", limit: 1)
            Issue.record("There is no such folder")
        } catch let error as BucketError { #expect(error.code == .unavailable && !error.message.contains("/gone")) }
        if getuid() != 0 {
            chmod(place.bucket.appendingPathComponent("a.jpg").path, 0)
            #expect(try await place.refusal("a.jpg")?.code == .notPermitted)
        }
    }

    @Test("No descriptor is left open") func descriptors() async throws {
        let place = try Place()
        // Others' tests run beside this one and open files too, so what counts is that many reads leave few.
        let before = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
        for _ in 0..<500 {
            for name in ["in/deep/ä b.jpg", "in/deep", "in/no/ä", "../a"] { _ = try? await place.photograph(name) }
        }
        let after = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
        #expect(after < before + 400)
    }
}

extension Array {
    fileprivate func cycled(_ count: Int) -> [Element] { (0..<count).flatMap { _ in self } }
}
