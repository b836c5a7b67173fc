import Crypto
import FaceRecognition
import Foundation
import RekognitionAPI
import SQLiteStorage

/// Photographs that another system is asked about.
struct SentPhotographs: Sendable {
    let paths: [String]
    /// nil for one that cannot be read or sent, which was said.
    let keys: [String?]
    /// SHA-256 over the photographs' own, in their order.
    let digest: String
    /// Places of photographs that are the same file to the last byte.
    let duplicates: [[Int]]

    var unusable: Int { keys.count { $0 == nil } }

    /// Reads each once, and records that they are about to be sent.
    init(_ paths: [String], _ session: Session) async throws {
        _ = try await session.keeper.auditElsewhere(paths.count, permit: session.permit(.audit))
        var whole = SHA256(), keys: [String?] = [], seen: [String: [Int]] = [:]
        let bar = ProgressBar(total: paths.count, unit: "photographs read")
        defer { bar.finish() }
        for (place, path) in paths.enumerated() {
            try Task.checkCancellation()
            do {
                let bytes = try Self.bytes(path)
                let key = try session.store.digest(of: bytes).bytes.hexadecimal
                whole.update(data: Data(SHA256.hash(data: bytes)))
                seen[key, default: []].append(place)
                keys.append(key)
            } catch let error as RecognitionError {
                Console.error("\(path.printable): \(error.description)")
                keys.append(nil)
            }
            bar.advance()
        }
        self.paths = paths
        self.keys = keys
        digest = whole.finalize().hexadecimal
        duplicates = seen.values.filter { $0.count > 1 }.sorted { $0[0] < $1[0] }
    }

    func bytes(_ place: Int) throws -> Data { try Self.bytes(paths[place]) }

    private static func bytes(_ path: String) throws -> Data {
        try RegularFile.contents(
            path, limit: RekognitionClient.maximumPhotographBytes,
            remedy: "Rekognition's API takes no larger ones")
    }
}
