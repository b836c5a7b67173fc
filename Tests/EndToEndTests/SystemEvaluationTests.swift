import FaceTestSupport
import Foundation
import Synchronization
import Testing

extension EndToEnd {
    @Suite("Another system is measured from outside") struct SystemEvaluation {
        // MARK: Our own server

        @Test("Our own server, asked from outside, gives the counts that the direct way gives")
        func sameCounts() async throws {
            let server = try Place(), place = try Place()
            let serving = try server.start(["serve", "--listen", "127.0.0.1:0", "--metrics", "none"])
            let url = try #require(try await serving.line(with: "listening on").split(separator: " ").last).description
            let photographs = try Self.photographs(place)
            let environment = place.environment.merging(
                [
                    "AWS_SHARED_CREDENTIALS_FILE": server.data + "/aws-profile", "AWS_CONFIG_FILE": server.data + "/aws-profile",
                ]
            ) { $1 }
            func outside(_ arguments: [String], url: String = url) async throws -> Ended {
                try await place.start(
                    ["evaluate"] + arguments + ["--system", url, "--profile", "countenance", "--requests-per-second", "500", "--json"],
                    environment: environment
                ).end()
            }
            let ways = [
                ["verification", "--manifest", photographs.manifest, "--by", "group"],
                ["verification", "--pairs", photographs.pairs, "--photographs", place.folder + "/p"],
                ["identification", "--gallery", photographs.gallery, "--probes", photographs.manifest, "--by", "group"],
            ]
            for way in ways {
                let direct = try await place.run(["evaluate"] + way + ["--subject", "largest", "--json"])
                #expect(direct.code == 0, "\(direct.err)")
                let other = try await outside(way)
                #expect(other.code == 0, "\(other.err)")
                let one = try direct.json(), two = try other.json()
                #expect(Self.counts(one) == Self.counts(two), "\(way)")
                #expect(Self.counts(one).count > 3)
                #expect(other.err.contains("calls to \(url)"), "the calls are announced: \(other.err)")
                #expect(two["system"]["endpoint"].string == url && two["system"]["calls"].number ?? 0 > 0)
                // Nothing is asked twice.
                let again = try await outside(way).json()
                #expect(again["system"]["calls"].number == 0)
                #expect(Self.counts(again) == Self.counts(two))
            }
            // It speaks no TLS, and is not asked again and again for it.
            let untrusted = try await outside(ways[0], url: url.replacing("http:", with: "https:"))
            #expect(untrusted.code == 5 && untrusted.err.contains("certificate"), "\(untrusted.err)")
            // Nothing is left behind.
            kill(serving.process, SIGTERM)
            _ = try await serving.end()
            let collections = try await server.run("gallery", "list", "--json")
            #expect(!collections.out.contains("countenance-evaluation"), "\(collections.out)")
            let left = try FileManager.default.contentsOfDirectory(atPath: place.data + "/evaluation")
            #expect(left.count { $0.hasSuffix(".answers") } <= 2 && !left.contains { $0.hasSuffix(".collections") })
            let texts = try left.filter { $0.hasPrefix("system-") }
                .map { try String(contentsOfFile: "\(place.data)/evaluation/\($0)", encoding: .utf8) }
            #expect(!texts.joined().contains("_0001") && !texts.joined().contains(".jpg"), "no names are kept")
        }

        /// Photographs of three people, one of nobody and one that is none; as a manifest, as pairs, and a gallery.
        private static func photographs(_ place: Place) throws -> (manifest: String, pairs: String, gallery: String) {
            let files = [
                ("ada", "obama.jpg"), ("ada", "obama2.jpg"), ("ada", "obama3.jpg"), ("ben", "biden.jpg"), ("ben", "biden.jpg"),
                ("eve", "obama.jpg"), ("eve", "obama2.jpg"),
            ]
            var manifest = "path,person,group\n", numbers: [String: Int] = [:]
            for (i, (person, sample)) in files.enumerated() {
                numbers[person, default: 0] += 1
                let name = "p/\(person)/\(person)_\(String(format: "%04d", numbers[person] ?? 0)).jpg"
                try place.photograph(name, of: sample, padding: i + 1)
                manifest += "\(name),\(person),\(person == "ben" ? "x" : "y")\n"
            }
            try place.emptyPhotograph("p/ben/ben_0003.jpg")
            try place.file("p/eve/eve_0003.jpg", Data("no photograph".utf8))
            manifest += "p/ben/ben_0003.jpg,ben,x\np/eve/eve_0003.jpg,eve,y\n"
            // Two folds of two pairs of one person and two of different people.
            let pairs = """
                2\t2
                ada\t1\t2
                ben\t1\t2
                ada\t1\tben\t1
                ada\t2\tben\t2
                ada\t2\t3
                eve\t1\t3
                ada\t1\teve\t1
                ben\t1\teve\t2

                """
            return (
                try place.file("m.csv", Data(manifest.utf8)), try place.file("pairs.txt", Data(pairs.utf8)),
                try place.file(
                    "g.csv", Data("path,person\np/ada/ada_0001.jpg,ada\np/eve/eve_0001.jpg,eve\np/ben/ben_0003.jpg,ben\n".utf8))
            )
        }

        /// All counts at similarities, whatever the scores are.
        private static func counts(_ document: JSON) -> [String: Double] {
            var counts: [String: Double] = [:]
            for name in ["withoutFace", "unusable", "pairsWithoutTemplate", "accuracy"] {
                if let number = document[name].number { counts[name] = number }
            }
            for row in document["pairs"].array {
                counts["true matches"] = row["trueMatches"].number
                counts["false matches"] = row["falseMatches"].number
            }
            for name in document["comparisons"].keys { counts[name] = document["comparisons"][name].number }
            for row in document["thresholds"].array {
                guard let similarity = row["similarity"].number else { continue }
                func add(_ rates: JSON, _ place: String) {
                    for name in rates.keys {
                        counts["\(similarity) \(place) \(name) errors"] = rates[name]["errors"].number
                        counts["\(similarity) \(place) \(name) of"] = rates[name]["of"].number
                    }
                }
                add(row["overall"], "overall")
                for table in row["tables"].array {
                    add(table["failuresToAcquire"], "acquire")
                    for measure in table["measures"].array { add(measure["groups"], measure["measure"].string ?? "") }
                }
            }
            return counts
        }

        // MARK: Systems that misbehave

        @Test("A system that throttles is asked again; one that turns silent stops the run, which goes on from there")
        func faults() async throws {
            let place = try Place()
            let system = try Misbehaving { number, operation in
                switch number {
                case 2, 5: Misbehaving.exception("ThrottlingException")
                case 3: Misbehaving.answer(200, "<html>not JSON</html>")
                case 12...: Misbehaving.exception("InternalServerError", status: 500)
                default: Misbehaving.agreeable(operation)
                }
            }
            defer { system.stop() }
            let manifest = try Self.manifest(place)
            func evaluate() async throws -> Ended {
                try await system.evaluate(place, ["verification", "--manifest", manifest])
            }
            let first = try await evaluate()
            #expect(first.code == 5 && first.out.isEmpty, "no figure: \(first.out)")
            #expect(first.err.contains("InternalServerError") && first.err.contains("the same command goes on from there"), "\(first.err)")
            #expect(first.err.contains("2 ThrottlingException") && first.err.contains("1 not-understood"), "\(first.err)")
            let good = 11 - 3
            let before = system.requests.count
            system.behave { _, operation in Misbehaving.agreeable(operation) }
            let second = try await evaluate()
            #expect(second.code == 0, "\(second.err)")
            // Four photographs and six pairs of them.
            #expect(system.requests.count - before == 4 + 6 - good, "only what is missing is asked")
            let json = try second.json()
            #expect(json["comparisons"]["ofDifferentPeople"].number == 6)
            #expect(json["system"]["answeredEarlier"].number == Double(good))
        }

        @Test("A refused key stops the run at once")
        func refusedKey() async throws {
            let place = try Place()
            let system = try Misbehaving { _, _ in Misbehaving.exception("UnrecognizedClientException") }
            defer { system.stop() }
            let ended = try await system.evaluate(place, ["verification", "--manifest", try Self.manifest(place)])
            #expect(ended.code == 5 && ended.err.contains("UnrecognizedClientException") && ended.err.contains("--profile"), "\(ended.err)")
        }

        @Test("Answers that name nobody of the gallery are no figure")
        func strangeCandidates() async throws {
            let place = try Place()
            let system = try Misbehaving { _, operation in
                operation == "SearchFacesByImage"
                    ? Misbehaving.answer(200, #"{"FaceMatches":[{"Similarity":99,"Face":{"ExternalImageId":"r77"}}]}"#)
                    : Misbehaving.agreeable(operation)
            }
            defer { system.stop() }
            let manifest = try Self.manifest(place)
            let ended = try await system.evaluate(place, ["identification", "--gallery", manifest, "--probes", manifest])
            #expect(ended.code == 5 && ended.out.isEmpty && ended.err.contains("unknown-candidate"), "\(ended.err)")
            #expect(system.requests.last == "DeleteCollection")
        }

        @Test("An interrupted search deletes its collection; one that was killed has it deleted next time")
        func interruption() async throws {
            let place = try Place()
            let system = try Misbehaving { _, operation in
                operation == "SearchFacesByImage" ? [.pause(60)] : Misbehaving.agreeable(operation)
            }
            defer { system.stop() }
            let manifest = try Self.manifest(place)
            func start() throws -> Running {
                try system.start(place, ["identification", "--gallery", manifest, "--probes", manifest])
            }
            let first = try start()
            try await system.wait(for: "SearchFacesByImage")
            kill(first.process, SIGINT)
            let ended = try await first.end()
            #expect(ended.code == 130, "\(ended.err)")
            #expect(system.requests.last == "DeleteCollection")

            system.forget()
            let second = try start()
            try await system.wait(for: "SearchFacesByImage")
            kill(second.process, SIGKILL)
            _ = try await second.end()
            #expect(!system.requests.contains("DeleteCollection"))

            system.forget()
            system.behave { _, operation in Misbehaving.agreeable(operation) }
            let third = try await system.evaluate(place, ["identification", "--gallery", manifest, "--probes", manifest])
            #expect(third.code == 0, "\(third.err)")
            #expect(system.requests.first == "DeleteCollection", "the one that was left behind")
            #expect(system.requests.count { $0 == "DeleteCollection" } == 2 && system.requests.last == "DeleteCollection")
        }

        @Test("Wrong use is said in a sentence")
        func wrongUse() async throws {
            let place = try Place()
            let manifest = try Self.manifest(place)
            let base = ["evaluate", "verification", "--manifest", manifest]
            for options in [
                ["--profile", "x"], ["--system", "http://example.com"], ["--system", "example.com"],
                ["--system", "https://example.com/path"], ["--system", "https://example.com", "--requests-per-second", "0"],
                ["--system", "https://example.com", "--mirror", "--profile", "x"],
            ] {
                let ended = try await place.run(base + options)
                #expect(ended.code == 2, "\(options): \(ended.err)")
            }
            let ended = try await place.run(base + ["--system", "https://example.com", "--profile", "nobody"])
            #expect(ended.code == 3 && ended.err.contains("no profile 'nobody'"), "\(ended.err)")
        }

        @Test("A profile is read as AWS's clients read it")
        func profile() async throws {
            let place = try Place()
            let system = try Misbehaving { _, operation in Misbehaving.agreeable(operation) }
            defer { system.stop() }
            let keys = try place.file(
                "credentials",
                Data(
                    """
                    # a comment
                    [other]
                    aws_access_key_id = AKIAOTHER
                    aws_secret_access_key = other
                    [audit]
                    aws_access_key_id=AKIAAUDIT
                      s3 =
                        aws_access_key_id = AKIANESTED
                    aws_secret_access_key = a/secret+with=signs
                    aws_session_token = a token

                    """.utf8))
            let configuration = try place.file("config", Data("[profile audit]\nregion = eu-central-1\n".utf8))
            let ended = try await place.start(
                [
                    "evaluate", "verification", "--manifest", try Self.manifest(place), "--system", system.url, "--profile", "audit",
                    "--requests-per-second", "500",
                ],
                environment: place.environment.merging(
                    ["AWS_SHARED_CREDENTIALS_FILE": keys, "AWS_CONFIG_FILE": configuration]) { $1 }
            ).end()
            #expect(ended.code == 0, "\(ended.err)")
            let head = try #require(system.lastHead)
            #expect(head.contains("Credential=AKIAAUDIT/") && head.contains("/eu-central-1/rekognition/aws4_request"), "\(head)")
            #expect(head.contains("X-Amz-Security-Token: a token\r\n"))
            #expect(!(ended.out + ended.err).contains("a/secret"))
        }

        private static func manifest(_ place: Place) throws -> String {
            for i in 0..<4 { try place.file("\(i).jpg", Data("photograph \(i)".utf8)) }
            return try place.file("m.csv", Data("path,person\n0.jpg,a\n1.jpg,b\n2.jpg,c\n3.jpg,d\n".utf8))
        }
    }
}

/// A system that answers as a test wants it to.
private final class Misbehaving: Sendable {
    typealias Behaviour = @Sendable (_ number: Int, _ operation: String) -> [StubServer.Piece]
    private struct State {
        var behaviour: Behaviour
        var requests: [String] = []
        var lastHead: String?
    }
    private final class Shared: Sendable {
        let state: Mutex<State>
        init(_ state: State) { self.state = Mutex(state) }
    }
    private let shared: Shared
    private let server: StubServer

    init(_ behaviour: @escaping Behaviour) throws {
        let shared = Shared(State(behaviour: behaviour))
        self.shared = shared
        server = try StubServer { head in
            let operation = head.firstMatch(of: #/RekognitionService\.([A-Za-z]+)/#).map { String($0.1) } ?? "none"
            let (behaviour, number) = shared.state.withLock { state in
                state.requests.append(operation)
                state.lastHead = head
                return (state.behaviour, state.requests.count)
            }
            return behaviour(number, operation)
        }
    }

    func stop() { server.stop() }
    var url: String { "http://127.0.0.1:\(server.port)" }
    var lastHead: String? { shared.state.withLock { $0.lastHead } }
    func behave(_ behaviour: @escaping Behaviour) { shared.state.withLock { $0.behaviour = behaviour } }
    func forget() { shared.state.withLock { $0.requests = [] } }
    /// The operations that were asked for, in their order.
    var requests: [String] { shared.state.withLock { $0.requests } }

    func wait(for operation: String) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while !requests.contains(operation), ContinuousClock.now < deadline { try await Task.sleep(for: .milliseconds(3)) }
        try #require(requests.contains(operation))
    }

    func start(_ place: Place, _ arguments: [String]) throws -> Running {
        let profile = try place.file(
            "profile", Data("[default]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = secret\nregion = us-east-1\n".utf8))
        return try place.start(
            ["evaluate"] + arguments
                + ["--system", url, "--requests-per-second", "500", "--json"],
            environment: place.environment.merging(["AWS_SHARED_CREDENTIALS_FILE": profile, "AWS_CONFIG_FILE": profile]) { $1 })
    }

    func evaluate(_ place: Place, _ arguments: [String]) async throws -> Ended { try await start(place, arguments).end() }

    static func answer(_ status: Int, _ body: String) -> [StubServer.Piece] {
        [.bytes(Array("HTTP/1.1 \(status) X\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)".utf8))]
    }
    static func exception(_ name: String, status: Int = 400) -> [StubServer.Piece] {
        answer(status, "{\"__type\":\"\(name)\"}")
    }
    /// One face everywhere, and a similarity of 50.
    static func agreeable(_ operation: String) -> [StubServer.Piece] {
        switch operation {
        case "DetectFaces": answer(200, #"{"FaceDetails":[{}]}"#)
        case "CompareFaces": answer(200, #"{"FaceMatches":[{"Similarity":50}],"UnmatchedFaces":[]}"#)
        case "IndexFaces": answer(200, #"{"FaceRecords":[{}]}"#)
        case "SearchFacesByImage":
            answer(200, #"{"FaceMatches":[{"Similarity":99,"Face":{"ExternalImageId":"r0"}}]}"#)
        default: answer(200, "{}")
        }
    }
}
