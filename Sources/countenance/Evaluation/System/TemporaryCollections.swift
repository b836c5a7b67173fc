import FaceRecognition
import Foundation
import RekognitionAPI

/// Collections that an evaluation makes in another system, and deletes again whatever happens. A collection's name is
/// written down before it is made: one that an end by force has left behind is deleted the next time.
struct TemporaryCollections {
    private let system: String
    private let dataFolder: URL

    init(of system: String, in dataFolder: URL) {
        self.system = system
        self.dataFolder = dataFolder
    }

    /// Runs `body` with a collection that is gone when this returns, also by an error or by a cancellation.
    /// - Throws: what `body` throws; ``RekognitionFailure``, also when the collection could not be deleted.
    func using<Result>(
        _ client: RekognitionClient, _ body: (_ name: String, _ model: String?) async throws -> Result
    ) async throws -> Result {
        let name = "countenance-evaluation-\(UUID().uuidString.lowercased())"
        try remember(names() + [name])
        let result: Result
        do {
            let model = try await client.createCollection(name)
            result = try await body(name, model)
        } catch {
            // What went wrong first is what is told.
            do { try await delete(name, client) } catch {
                Console.note("A temporary collection could not be deleted from \(system); the same command deletes it next time.")
            }
            throw error
        }
        try await delete(name, client)
        return result
    }

    /// Deletes what an earlier run left behind.
    func deleteLeftovers(_ client: RekognitionClient) async throws {
        for name in try names() { try await delete(name, client) }
    }

    /// In a task of its own, since the one that asks may be cancelled.
    private func delete(_ name: String, _ client: RekognitionClient) async throws {
        try await Task.detached { try await client.deleteCollection(name) }.value
        try remember(names().filter { $0 != name })
    }

    private var path: String { get throws { try SystemAnswers.path(of: system, ".collections", in: dataFolder) } }

    private func names() throws -> [String] {
        let path = try path
        guard FileManager.default.fileExists(atPath: path) else { return [] }
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { throw SystemAnswers.unavailable(path) }
        return text.split(separator: "\n").map(String.init)
    }

    private func remember(_ names: [String]) throws {
        let path = try path
        if names.isEmpty {
            guard unlink(path) == 0 || errno == ENOENT else { throw SystemAnswers.unavailable(path) }
            return
        }
        do {
            try Data(names.map { $0 + "\n" }.joined().utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch { throw SystemAnswers.unavailable(path) }
    }
}
