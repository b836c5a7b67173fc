import FaceRecognition
import struct FaceRecognition.Record
import Foundation
@testable import SQLiteStorage
import Testing

@Suite struct DataDirectoryTests {
    private let temporary = TemporaryDirectory()

    private func mode(_ path: String) throws -> Int {
        try #require(FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
    }

    @Test("A directory that is made is for its owner only, and so are its files") func modes() async throws {
        let store = try await temporary.store()
        try await store.enrol(.sample(1))
        #expect(try mode(temporary.data) == 0o700)
        let files = try FileManager.default.contentsOfDirectory(atPath: temporary.data)
        #expect(files.contains("countenance.sqlite") && files.contains("countenance.sqlite-wal"))
        for file in files { #expect(try mode(temporary.data + "/" + file) == 0o600, "\(file)") }
    }

    @Test("A second owner is refused, and told who the first is") func inUse() async throws {
        let first = try await DataDirectory.open(at: temporary.data)
        let error = await failure { _ = try await DataDirectory.open(at: temporary.data, waitingUpTo: .milliseconds(60)) }
        #expect(error?.code == .dataDirectoryInUse)
        #expect(error?.message.contains("the process \(getpid());") == true)
        #expect(error?.message.contains(temporary.data) == true)
        withExtendedLifetime(first) {}
    }

    @Test("The next owner may come when the first has gone") func released() async throws {
        do { _ = try await DataDirectory.open(at: temporary.data) }
        _ = try await DataDirectory.open(at: temporary.data, waitingUpTo: .zero)
    }

    @Test("Who waits gets the directory as soon as it is free") func waiting() async throws {
        var first: DataDirectory? = try await DataDirectory.open(at: temporary.data)
        #expect(first != nil)
        let path = temporary.data
        async let second = DataDirectory.open(at: path, waitingUpTo: .seconds(60))
        try await Task.sleep(for: .milliseconds(50))
        first = nil
        #expect(try await second.path == path)
    }

    @Test("Waiting ends when the task is cancelled") func cancelled() async throws {
        let first = try await DataDirectory.open(at: temporary.data)
        let path = temporary.data
        let waiting = Task { try await DataDirectory.open(at: path, waitingUpTo: .seconds(60)) }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { _ = try await waiting.value }
        withExtendedLifetime(first) {}
    }

    @Test("The store keeps the directory as long as it lives") func storeKeepsIt() async throws {
        let store = try await temporary.store()
        let error = await failure { _ = try await DataDirectory.open(at: temporary.data, waitingUpTo: .zero) }
        #expect(error?.code == .dataDirectoryInUse)
        withExtendedLifetime(store) {}
    }

    @Test("A store that was closed answers nothing more") func closed() async throws {
        let store = try await temporary.store()
        try await store.enrol(.sample(1))
        try store.close()
        #expect(await failure { _ = try await store.append(.sample()) }?.code == .fault)
        #expect(await failure { try await store.enrol(.sample(2)) }?.code == .fault)
    }

    // Root may write anywhere that modes forbid, so these are places where nobody can.
    @Test("A place where no directory can be made is named in the error", arguments: ["/proc/countenance", "/dev/null/data"])
    func impossible(path: String) async {
        let error = await failure { _ = try await DataDirectory.open(at: path) }
        #expect(error?.code == .storageUnavailable)
        #expect(error?.message.contains(path) == true)
    }

    @Test("A directory that cannot be written to is refused") func unwritable() async {
        let error = await failure { _ = try await DataDirectory.open(at: "/proc/self") }
        #expect(error?.code == .storageUnavailable)
        #expect(error?.message.contains("/proc/self") == true)
    }

    @Test("A missing parent is not made") func missingParent() async {
        let error = await failure { _ = try await DataDirectory.open(at: temporary.path + "/missing/data") }
        #expect(error?.code == .storageUnavailable)
        #expect(error?.message.contains("parent") == true)
    }

    @Test("A file in the directory's place is refused") func file() async throws {
        try Data().write(to: URL(fileURLWithPath: temporary.data))
        let error = await failure { _ = try await DataDirectory.open(at: temporary.data) }
        #expect(error?.code == .storageUnavailable)
        #expect(error?.message.contains("is a file") == true)
    }
}
