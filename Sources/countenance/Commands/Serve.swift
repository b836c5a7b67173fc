import ArgumentParser
import Crypto
import FaceRecognition
import Foundation
import ImageCodecs
import Logging
import Metrics
import RekognitionAPI
import SQLiteStorage
import ServiceLifecycle
import Synchronization

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Answer Amazon Rekognition's face API over HTTP.",
        discussion: """
            boto3, the AWS CLI and code written for Rekognition work with only the endpoint changed. Every request is signed \
            (AWS Signature Version 4) with a key of `countenance key`; the first start makes one and writes it, as a profile \
            for the AWS CLI, to DIR/aws-profile.

            Examples:
              countenance serve
              export AWS_CONFIG_FILE=~/.local/share/countenance/aws-profile
              export AWS_SHARED_CREDENTIALS_FILE=$AWS_CONFIG_FILE AWS_PROFILE=countenance
              aws rekognition create-collection --collection-id staff

              countenance serve --listen 0.0.0.0:8444 --tls-certificate chain.pem --tls-key key.pem   (under a policy)
              countenance serve --bucket photographs=/srv/photographs

            Without TLS, and until a policy is applied, the service listens on this machine only. SIGTERM finishes the requests that were taken, for at \
            most 30 seconds. GET /health and /ready answer without a signature. Logs go to standard error, a JSON object a line.
            """)

    @Option(help: .init("The address to listen on; port 0 takes a free one.", valueName: "host:port"))
    var listen = ListenAddress(argument: "127.0.0.1:8444")!

    @Option(help: .init("PEM file with the certificate and those that vouch for it.", valueName: "file"))
    var tlsCertificate: String?

    @Option(help: .init("PEM file with the certificate's private key.", valueName: "file"))
    var tlsKey: String?

    @Flag(help: "Listen beyond this machine without TLS, behind a proxy that has it for instance. Photographs then cross the network in the clear.")
    var allowPlainHttp = false

    @Option(help: .init("The address, on loopback, of Prometheus metrics (/metrics), or 'none'.", valueName: "host:port"))
    var metrics = "127.0.0.1:9464"

    @Option(help: .init("The region that requests must be signed for, and that names of collections have.", valueName: "region"))
    var region = "us-east-1"

    @Option(
        help: .init(
            "What a bucket's name in Image.S3Object means: a folder, or an S3 endpoint (https://host/bucket), for which $AWS_ACCESS_KEY_ID and $AWS_SECRET_ACCESS_KEY are used. May be repeated.",
            valueName: "name=place"))
    var bucket: [String] = []

    @Option(help: .init("Requests at once; more are answered with ThrottlingException.", valueName: "n"))
    var requests = 256

    @Option(help: .init("Connections at once; more wait.", valueName: "n"))
    var connections = 12_000

    @Option(help: .init("Seconds after which a connection on which nothing happens is closed.", valueName: "seconds"))
    var idleTimeout = 60

    @Option(help: .init("Seconds that a request's body may take to arrive.", valueName: "seconds"))
    var bodyTimeout = 120

    @Option(help: .init("Megabytes that all photographs which are being decoded may take together.", valueName: "n"))
    var decodingMemory = 2_048

    @Option(
        help: "How much is logged: \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")).",
        transform: { text in
            guard let level = Logger.Level(rawValue: text) else { throw ValidationError("There is no level '\(text)'.") }
            return level
        })
    var logLevel: Logger.Level = .info

    @OptionGroup var recognition: RecognitionOptions
    @OptionGroup var template: TemplateOptions
    @OptionGroup var data: DataOptions

    func validate() throws {
        guard (tlsCertificate == nil) == (tlsKey == nil) else {
            throw ValidationError("--tls-certificate and --tls-key go together.")
        }
        guard tlsCertificate != nil || listen.isLoopback || allowPlainHttp else {
            throw ValidationError(
                "\(listen) can be reached from other machines, where photographs and signatures must not travel in the clear: give --tls-certificate and --tls-key, or --allow-plain-http behind a proxy that has TLS."
            )
        }
        _ = try metricsAddress()
        guard region.wholeMatch(of: /[a-z0-9-]{1,64}/) != nil else {
            throw ValidationError("A region is 1 to 64 lower-case letters, digits or '-'.")
        }
        for (name, value, range) in [
            ("--requests", requests, 1...65_536), ("--connections", connections, 1...1_000_000),
            ("--idle-timeout", idleTimeout, 1...3_600), ("--body-timeout", bodyTimeout, 1...3_600),
            ("--decoding-memory", decodingMemory, 64...1_048_576),
        ] where !range.contains(value) {
            throw ValidationError("\(name) lies between \(range.lowerBound) and \(range.upperBound).")
        }
    }

    private func metricsAddress() throws -> ListenAddress? {
        guard metrics != "none" else { return nil }
        guard let address = ListenAddress(argument: metrics), address.isLoopback else {
            throw ValidationError("--metrics is an address on this machine (127.0.0.1:9464), or 'none'.")
        }
        return address
    }

    func run() async throws {
        // A reader of the log, or of a connection, that is gone ends nothing but itself.
        signal(SIGPIPE, SIG_IGN)
        LoggingSystem.bootstrap { JSONLogHandler(label: $0) }
        var logger = Logger(label: "countenance")
        logger.logLevel = logLevel
        let counted = PrometheusMetrics()
        MetricsSystem.bootstrap(counted)
        let connections = Self.connections(atMost: connections, logger)

        let buckets = try buckets()
        let session = try await data.open()
        let isTrial = try await session.office.inForce().isTrial
        guard listen.isLoopback || !isTrial else {
            throw RecognitionError(
                .needsPolicy,
                "The trial policy answers on this machine only, not on \(listen); apply a policy of your own first (`countenance policy apply`)."
            )
        }
        let pipeline = try recognition.pipeline(
            data, mirror: template.mirror, photographs: 2, budget: DecodingBudget(bytes: decodingMemory << 20))
        let service = RekognitionService(
            recognizer: session.recognizer(pipeline), keeper: session.keeper, gate: session.gate, buckets: buckets,
            pages: PageTokens(key: try session.store.key(for: "page tokens")), region: region)
        if !listen.isLoopback, tlsCertificate == nil {
            logger.warning("photographs and answers cross the network in the clear", metadata: ["listen": "\(listen)"])
        }

        // The metrics' address is taken first: whoever is told that the service listens finds both.
        let metrics = try metricsAddress()
        let (metricsListen, metricsBegan) = AsyncStream<Void>.makeStream()
        if metrics == nil { metricsBegan.finish() }

        let store = session.store
        let verifier = SigV4Verifier(region: region) { try await store.secret(of: $0)?.secret }
        let server = try RekognitionServer(
            service, verifier: verifier,
            owner: {
                try await store.secret(of: $0).map { KeyOwner(organisation: $0.key.organisation, key: $0.key.asked) }
            },
            settings: .init(
                host: listen.host, port: listen.port,
                certificate: tlsCertificate.flatMap { chain in tlsKey.map { (chain: chain, key: $0) } },
                requests: requests, connections: connections, idleSeconds: idleTimeout, bodySeconds: bodyTimeout),
            logger: logger, beginning: { for await _ in metricsListen {} }
        ) { address in
            do { try await makeFirstKey(session, endpoint: address) } catch {
                Console.error("\(error)")
            }
            say("listening on \(address)")
        }
        var services: [any Service] = [server, Purging(session: session, logger: logger)]
        if let metrics {
            services.append(
                MetricsServer(counted, host: metrics.host, port: metrics.port, logger: logger) {
                    say("metrics at \($0)")
                    metricsBegan.finish()
                })
        }
        try await Self.serve(services, logger)
        try store.close()
        // Its answers said so, and standard error is a log.
        TrialNote.applies.store(false, ordering: .relaxed)
    }

    private func buckets() throws -> Buckets {
        let environment = ProcessInfo.processInfo.environment
        let credentials = environment["AWS_ACCESS_KEY_ID"].flatMap { id in
            environment["AWS_SECRET_ACCESS_KEY"].map { AccessCredentials(
                    accessKeyID: id, secretAccessKey: $0, sessionToken: environment["AWS_SESSION_TOKEN"]) }
        }
        var places: [String: BucketPlace] = [:]
        for text in bucket {
            let (name, place) = try BucketPlace.parsing(
                text, credentials: credentials, region: environment["AWS_REGION"] ?? "us-east-1")
            guard places.updateValue(place, forKey: name) == nil else {
                throw RecognitionError(.invalidValue, "The bucket '\(name)' is mapped twice; name it once.")
            }
        }
        return Buckets(places)
    }

    /// Runs the services until a signal cancels this command, and then lets them finish what they took.
    private static func serve(_ services: [any Service], _ logger: Logger) async throws {
        var configuration = ServiceGroupConfiguration(services: services, logger: logger)
        configuration.maximumGracefulShutdownDuration = .seconds(30)
        let group = ServiceGroup(configuration: configuration)
        // Apart from this task, whose cancellation is the signal to close, not to drop everything.
        let running = Task.detached { try await group.run() }
        try await withTaskCancellationHandler {
            try await running.value
        } onCancel: {
            Task { await group.triggerGracefulShutdown() }
        }
    }

    /// Where there is no key yet: one for the operator, as a profile for the AWS CLI.
    private func makeFirstKey(_ session: Session, endpoint: String) async throws {
        // Under a policy, the operator makes keys for those whom it names.
        guard try await session.office.inForce().isTrial,
            try await session.store.accessKeys(permit: session.permit(.manage)).outcome.isEmpty
        else { return }
        let path = data.folder.appendingPathComponent(ClientProfile.fileName).path
        guard !FileManager.default.fileExists(atPath: path) else {
            throw RecognitionError(
                .storageUnavailable,
                "There is no access key yet, and \(path) is in the way of the first one; move it away, or make a key with `countenance key create`.")
        }
        let (key, secret) = try await session.store.createAccessKey(
            for: AccessRequest.localOperator, label: "first key", permit: session.permit(.manage)
        ).outcome
        do {
            // Who listens everywhere is reached here.
            let here = endpoint.replacing("//0.0.0.0:", with: "//127.0.0.1:").replacing("//[::]:", with: "//[::1]:")
            try ClientProfile(key: key.id, secret: secret, region: region, endpoint: here).write(to: path)
        } catch {
            // Nobody has its secret.
            _ = try? await session.store.disableAccessKey(key.id, permit: session.permit(.manage))
            throw error
        }
        say("the first access key is in \(path), the profile '\(ClientProfile.profile)' for the AWS CLI")
    }

    private func say(_ line: String) {
        try? FileHandle.standardOutput.write(contentsOf: Data((line + "\n").utf8))
    }

    /// Every connection is an open file: as many as the system lets this process have, and some for its own files.
    private static func connections(atMost wanted: Int, _ logger: Logger) -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return wanted }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        let possible = max(16, Int(clamping: limit.rlim_cur) - 128)
        if possible < wanted {
            logger.warning(
                "fewer connections than asked for: the limit on open files is in the way",
                metadata: ["connections": "\(possible)", "asked": "\(wanted)"])
        }
        return min(wanted, possible)
    }
}
