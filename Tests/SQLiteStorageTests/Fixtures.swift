import FaceRecognition
import struct FaceRecognition.Record
import Foundation
import GRDB
@testable import SQLiteStorage

/// A directory that is gone after the test.
final class TemporaryDirectory: Sendable {
    let path: String

    init() {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("storage-\(UUID().uuidString)").path
        try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Where the data directory goes: not there yet.
    var data: String { path + "/data" }
    var file: String { data + "/countenance.sqlite" }

    /// An earlier store that nobody holds any more may take a moment to let go of the directory.
    func store() async throws -> SQLiteStore {
        try await SQLiteStore.open(in: try await DataDirectory.open(at: data))
    }

    /// All bytes of the data directory's files, one file after another.
    func bytes() throws -> Data {
        try FileManager.default.subpathsOfDirectory(atPath: data).reduce(into: Data()) { all, name in
            var isFolder: ObjCBool = false
            let path = data + "/" + name
            if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue {
                all += try Data(contentsOf: URL(fileURLWithPath: path))
            }
        }
    }

    /// Whether a file of the data directory has these bytes.
    func contains(_ bytes: Data) throws -> Bool { try self.bytes().range(of: bytes) != nil }

    /// Changes the file with SQL of the test's own, past the store, which must be closed.
    func tamper(_ sql: String) throws {
        try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
        let database = try DatabaseQueue(path: file)
        try database.inDatabase { try $0.execute(sql: sql) }
        try database.close()
    }

    /// Overwrites some bytes of the file; the store must be closed.
    func overwrite(at offset: Int, with bytes: [UInt8]) throws {
        let handle = try FileHandle(forUpdating: URL(fileURLWithPath: file))
        try handle.seek(toOffset: UInt64(offset))
        try handle.write(contentsOf: bytes)
        try handle.close()
    }
}

extension GalleryName {
    static let staff = try! GalleryName("staff")
    static let guests = try! GalleryName("guests")
}

extension GalleryDescription {
    static func sample(
        _ name: GalleryName = .staff, model: String = "model", dimension: Int = 128, retention: TimeInterval? = nil,
        keepsCrops: Bool = false
    ) -> GalleryDescription {
        GalleryDescription(
            name: name, model: TemplateModelID(rawValue: model), dimension: dimension,
            created: Date(timeIntervalSinceReferenceDate: 800_000_000.123456), retention: retention,
            keepsCrops: keepsCrops)
    }
}

extension EnrolledFace {
    /// A face with numbers of its own, the same for the same seed.
    static func sample(
        _ seed: Int, model: String = "model", dimension: Int = 128, person: String? = nil, photograph: Int? = nil
    ) -> EnrolledFace {
        var random = SeededGenerator(state: UInt64(seed))
        func next() -> Double { Double.random(in: 0..<1, using: &random) }
        let template = try! Template(
            model: TemplateModelID(rawValue: model), normalising: (0..<dimension).map { _ in Float(next() - 0.5) })
        let digest = PhotographDigest(bytes: Data(repeating: 0, count: 24) + withUnsafeBytes(of: photograph ?? seed) { Data($0) })
        return EnrolledFace(
            description: EnrolledFaceDescription(
                person: person, externalID: person.map { "key of " + $0 }, photograph: digest,
                box: BoundingBox(x: -next(), y: next(), width: 100 * next(), height: 100 * next()), confidence: next(),
                enrolled: Date(timeIntervalSinceReferenceDate: 8e8 + next())),
            template: template)
    }

    /// A good part of the template's bytes as they are kept.
    var mark: Data { Data(littleEndian: Array(template.components[8..<24])) }
}

extension Record {
    static func sample(_ outcome: String = "tested") -> Record {
        try! Record(
            encoded: Data(
                """
                {"caller":"local-operator","decision":"permitted","operation":"manage","outcome":"\(outcome)","purpose":"trial",
                "requestID":"\(UUID().uuidString)","rule":"trial","time":"2026-01-02T03:04:05Z"}
                """.utf8))
    }
}

extension SQLiteStore {
    @discardableResult
    func change(_ change: GalleryChange) async throws -> RecordReceipt {
        try await apply(change, recordedAs: .sample())
    }

    @discardableResult
    func enrol(_ faces: EnrolledFace..., in gallery: GalleryDescription = .sample()) async throws -> RecordReceipt {
        try await apply(.enrol(faces, in: gallery, beside: []), recordedAs: .sample("enrolled"))
    }

    @discardableResult
    func forget(_ faces: EnrolledFace..., in name: GalleryName = .staff) async throws -> RecordReceipt {
        try await apply(.forget(faces.map(\.id), in: name), recordedAs: .sample("forgotten"))
    }

    /// A good part of every sealed face, name and crop: what must be gone when they are forgotten.
    func marks(of gallery: GalleryName? = nil) throws -> Set<Data> {
        try onConnection { db in
            let condition = gallery.map { "AND gallery = (SELECT id FROM gallery WHERE name = '\($0)')" } ?? ""
            return try ["face", "person", "crop JOIN face ON face = number"].reduce(into: []) { marks, table in
                let column = table.hasPrefix("crop") ? "crop.sealed" : "sealed"
                marks.formUnion(
                    try Data.fetchAll(db, sql: "SELECT \(column) FROM \(table) WHERE live \(condition)").map { $0.suffix(32) })
            }
        }
    }

    func recordCount() throws -> Int { try records(from: 0, count: .max).count }
}

/// The error that `body` throws, for a look at its code and its words.
func failure(_ body: () async throws -> Void) async -> RecognitionError? {
    do { try await body() } catch { return error as? RecognitionError }
    return nil
}

/// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): the same numbers for the same seed.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
