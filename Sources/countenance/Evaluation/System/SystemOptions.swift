import ArgumentParser
import FaceRecognition
import Foundation
import RekognitionAPI

/// Another system under evaluation, as a black box.
struct SystemOptions: ParsableArguments {
    @Option(
        help: .init(
            "Measure the system behind this address instead: any that speaks Rekognition's API, one's own or Amazon's. Photographs are sent to it.",
            valueName: "url"))
    var system: String?

    @Option(
        help: .init(
            "With --system: the profile of AWS's clients whose key signs. Default: $AWS_PROFILE, else 'default'.",
            valueName: "name"))
    var profile: String?

    @Option(help: .init("With --system: the region to sign for. Default: the profile's.", valueName: "region"))
    var region: String?

    @Option(help: .init("With --system: how many requests a second are sent at the most. Default: 5.", valueName: "n"))
    var requestsPerSecond: Double?

    func validate() throws {
        guard let system else {
            guard profile == nil, region == nil, requestsPerSecond == nil else {
                throw ValidationError("--profile, --region and --requests-per-second belong to --system.")
            }
            return
        }
        guard Self.address(system) != nil else {
            throw ValidationError(
                "--system is an address such as https://rekognition.eu-central-1.amazonaws.com; plain http:// is for this machine only, since photographs must not travel in the clear."
            )
        }
        guard requestsPerSecond.map({ $0 > 0 && $0 <= 10_000 }) ?? true else {
            throw ValidationError("--requests-per-second lies above 0, up to 10,000.")
        }
    }

    private static func address(_ text: String) -> URL? {
        guard let url = URL(string: text), let host = url.host(), !host.isEmpty, url.user() == nil, url.query() == nil,
            url.fragment() == nil, ["", "/"].contains(url.path())
        else { return nil }
        let isOfThisMachine = ["localhost", "127.0.0.1", "::1", "[::1]"].contains(host)
        return url.scheme == "https" || url.scheme == "http" && isOfThisMachine ? url : nil
    }

    /// The system, ready to be asked; nil when this one is measured.
    func open(_ evaluation: EvaluationOptions) async throws -> SystemUnderTest? {
        guard let system, let address = Self.address(system) else { return nil }
        guard evaluation.recognition.model == nil, !evaluation.template.mirror else {
            throw ValidationError("--model and --mirror are about this program's networks; a system behind --system has its own.")
        }
        let own = try AWSProfile(profile)
        guard let region = region ?? own.region else {
            throw RecognitionError(.invalidValue, "The profile names no region to sign for; name one with --region.")
        }
        let pace = requestsPerSecond ?? 5
        let name = "\(address.scheme ?? "https")://\(address.host() ?? "")\(address.port.map { ":\($0)" } ?? "")"
        let client: RekognitionClient
        do {
            client = try RekognitionClient(
                .init(endpoint: address, region: region, credentials: own.credentials, requestsPerSecond: pace))
        } catch is RekognitionFailure {
            throw RecognitionError(.invalidValue, "--system \(system.printable) is no address.")
        }
        // Makes the data directory where it is missing, in which answers are kept.
        let session = try await evaluation.data.open()
        return SystemUnderTest(
            name: name, client: client, requestsPerSecond: pace, session: session,
            answers: try SystemAnswers(of: name, in: evaluation.noCache ? nil : evaluation.data.folder),
            collections: TemporaryCollections(of: name, in: evaluation.data.folder))
    }
}
