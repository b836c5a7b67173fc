import Crypto
import FaceRecognition
import FaceTestSupport
import Foundation
import Testing

@testable import GalleryExchange

@Suite struct ExchangeTests {
    /// Gone after the test.
    final class Place: Sendable {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("exchange-\(UUID().uuidString)").path
        init() { try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
        deinit { try? FileManager.default.removeItem(atPath: path) }
        var folder: String { path + "/export" }
        var key: String { path + "/export.key" }
        func bytes(_ name: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: folder + "/" + name)) }
        func write(_ bytes: Data, _ name: String) throws {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try bytes.write(to: URL(fileURLWithPath: folder + "/" + name))
        }
    }

    private let place = Place()
    private let installation = UUID()
    private let name = try! GalleryName("g")

    private func faces(_ count: Int, dimension: Int = 16) -> [EnrolledFace] {
        var random = SeededGenerator(seed: 1)
        return (0..<count).map { (i: Int) -> EnrolledFace in
            let person: String? = i % 3 == 0 ? "Marked Name \(i) ö\n\"" : nil
            let box: BoundingBox? = i % 5 == 0 ? nil : BoundingBox(x: 1, y: -2.5, width: 3, height: 4)
            let expires: Date? = i % 7 == 0 ? Date(timeIntervalSince1970: 1_900_000_000) : nil
            let description = EnrolledFaceDescription(
                person: person, externalID: i % 2 == 0 ? "key/\(i)" : nil,
                photograph: PhotographDigest(bytes: Data(repeating: UInt8(i % 256), count: 32)), box: box,
                photographSize: i % 4 == 0 ? nil : PixelSize(width: 640 + i, height: 480), confidence: 0.5,
                enrolled: Date(timeIntervalSince1970: 1_700_000_000 + Double(i)), expires: expires)
            return EnrolledFace(description: description, template: .random(dimension, using: &random))
        }
    }

    private func export(_ faces: [EnrolledFace], key: ExportKey?, dimension: Int = 16) throws {
        let gallery = GalleryDescription(
            name: name, model: .test, dimension: dimension, created: Date(timeIntervalSince1970: 1_600_000_000),
            retention: 86_400)
        let exporter = try GalleryExporter(
            of: gallery, faces: faces.count, installation: installation, to: place.folder, key: key)
        for first in stride(from: 0, to: faces.count, by: 7) {
            try exporter.append(Array(faces[first..<min(faces.count, first + 7)]))
        }
        try exporter.finish()
    }

    private func importer(_ key: ExportKey? = nil, normalising: Bool = false, installation: UUID? = nil) throws -> GalleryImporter {
        try GalleryImporter(
            place.folder, as: name, key: key, normalising: normalising, installation: installation ?? self.installation)
    }

    private func imported(_ key: ExportKey? = nil, installation: UUID? = nil) throws -> [EnrolledFace] {
        let importer = try importer(key, installation: installation)
        var all: [EnrolledFace] = []
        while case let lot = try importer.next(10), !lot.isEmpty { all += lot }
        return all
    }

    private func sentence(_ body: () throws -> Void) -> String {
        do { try body() } catch { return (error as? RecognitionError)?.message ?? "\(error)" }
        return ""
    }

    @Test("What was exported comes back the same, plain and encrypted", arguments: [false, true], [0, 1, 7, 50])
    func roundTrip(encrypted: Bool, count: Int) throws {
        let faces = faces(count), key = encrypted ? try ExportKey.make(at: place.key) : nil
        try export(faces, key: key)
        #expect(try imported(encrypted ? ExportKey.read(place.key) : nil) == faces)
        #expect(try importer(key).gallery.retention == 86_400)
        // Digests of photographs mean nothing elsewhere.
        #expect(try imported(key, installation: UUID()).allSatisfy { $0.description.photograph == nil })
        #expect(!FileManager.default.fileExists(atPath: place.folder + ".part"))
    }

    @Test("An encrypted export gives nothing away but how much it is") func sealed() throws {
        let faces = faces(50)
        try export(faces, key: ExportKey.make(at: place.key))
        for file in try FileManager.default.contentsOfDirectory(atPath: place.folder) {
            let bytes = try place.bytes(file)
            #expect(bytes.range(of: Data("Marked Name".utf8)) == nil)
            let mark = faces[3].template.components[2..<8].withUnsafeBytes { Data($0) }
            #expect(bytes.range(of: mark) == nil)
        }
        #expect(try FileManager.default.attributesOfItem(atPath: place.key)[.posixPermissions] as? Int == 0o600)
    }

    @Test("Every change to an encrypted export is found out") func tampered() throws {
        let key = try ExportKey.make(at: place.key)
        // Several pieces.
        try export(faces(3_000, dimension: 128), key: key, dimension: 128)
        for file in ["templates.npy.sealed", "faces.jsonl.sealed", "manifest.json", "manifest.hmac"] {
            let whole = try place.bytes(file)
            for i in [0, 8, 9, 40, 41, 100, whole.count / 2, whole.count - 17, whole.count - 1] where i < whole.count && i >= 0 {
                var flipped = whole
                flipped[i] ^= 1
                try place.write(flipped, file)
                #expect(throws: RecognitionError.self, "\(file), byte \(i)") { try imported(key) }
            }
            try place.write(whole, file)
        }
        #expect(try imported(key).count == 3_000)
        let other = try ExportKey.make(at: place.key + "2")
        #expect(sentence { _ = try imported(other) }.contains("key"))
        #expect(sentence { _ = try imported(nil) }.contains("--key"))
    }

    @Test("A sealed file that is cut short, put in another order or in another's place is found out, digest or no digest")
    func pieces() throws {
        let key = SymmetricKey(size: .bits256), path = place.path + "/a", border = SealedFile.pieceLength + SealedFile.tagLength
        let plain = Data((0..<(SealedFile.pieceLength * 2 + 10)).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        func sink(_ path: String, _ name: String) throws {
            let sink = try SealedSink(path, key: key, name: name)
            for first in stride(from: 0, to: plain.count, by: 300_001) {
                try sink.write(plain[first..<min(plain.count, first + 300_001)])
            }
            _ = try sink.finish()
        }
        func read(_ name: String = "a") throws -> Data {
            let source = try SealedSource(path, key: key, name: name)
            return try source.readAll(.max)
        }
        try sink(path, "a")
        #expect(try read() == plain)
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        for length in [0, 9, 40, 41, 41 + border, 41 + 2 * border, 41 + border + 5, whole.count - 1] {
            try whole.prefix(length).write(to: URL(fileURLWithPath: path))
            #expect(throws: RecognitionError.self, "\(length)") { try read() }
        }
        let header = whole.prefix(41), one = whole.dropFirst(41).prefix(border)
        let two = whole.dropFirst(41 + border).prefix(border), three = whole.dropFirst(41 + 2 * border)
        for bytes in [header + two + one + three, header + one + three, header + one + one + three, whole + three] {
            try bytes.write(to: URL(fileURLWithPath: path))
            #expect(throws: RecognitionError.self) { try read() }
        }
        try whole.write(to: URL(fileURLWithPath: path))
        #expect(throws: RecognitionError.self) { try read("b") }
        // A length that is a whole number of pieces.
        for count in [0, SealedFile.pieceLength, 2 * SealedFile.pieceLength] {
            let sink = try SealedSink(path, key: key, name: "a")
            try sink.write(plain.prefix(count))
            _ = try sink.finish()
            #expect(try read() == plain.prefix(count))
        }
    }

    @Test("Another system's templates need a manifest of four members and an .npy file") func foreign() throws {
        try place.write(Data(#"{"format":"countenance-gallery","version":1,"model":"test-1","dimension":2}"#.utf8), "manifest.json")
        var numbers = NumPyFile.header(rows: 2, columns: 2)
        for number in [Float(1), 0, 0, 1] { withUnsafeBytes(of: number.bitPattern) { numbers.append(contentsOf: $0) } }
        try place.write(numbers, "templates.npy")
        let first = try imported()
        #expect(first.map(\.template.components) == [[1, 0], [0, 1]])
        // The same ids each time.
        #expect(try imported().map(\.id) == first.map(\.id) && first[0].id != first[1].id)
        try place.write(Data("{\"person\":\"Ann\"}\n{\"externalID\":\"b\",\"id\":\"\(first[0].id)\"}".utf8), "faces.jsonl")
        #expect(try imported().map(\.description.person) == ["Ann", nil])
    }

    @Test(
        "A bad row or line is named",
        arguments: [
            ("[3, 4]", "{}", "row 0"), ("[nan, 0]", "{}", "row 0"), ("[inf, 0]", "{}", "row 0"), ("[0, 0]", "{}", "row 0"),
            ("[1, 0]", "{\"id\":\"7\"}", "Line 1"), ("[1, 0]", "not JSON", "Line 1"), ("[1, 0]", "", "0 lines"),
            ("[1, 0]", "{}\n{}", "more lines"), ("[1, 0]", "{\"enrolled\":\"yesterday\"}", "enrolled"),
            ("[1, 0]", "{\"photograph\":\"xyz\"}", "Line 1"), ("[1, 0]", "[]", "Line 1"),
            ("[1, 0]", "{\"photographSize\":{\"width\":0,\"height\":5}}", "photographSize"),
        ]) func badRow(row: String, lines: String, expected: String) throws {
        try place.write(Data(#"{"format":"countenance-gallery","version":1,"model":"test-1","dimension":2}"#.utf8), "manifest.json")
        var numbers = NumPyFile.header(rows: 1, columns: 2)
        for text in row.dropFirst().dropLast().split(separator: ", ") {
            withUnsafeBytes(of: Float(text)!.bitPattern) { numbers.append(contentsOf: $0) }
        }
        try place.write(numbers, "templates.npy")
        try place.write(Data(lines.utf8), "faces.jsonl")
        #expect(sentence { _ = try imported() }.contains(expected))
        if row == "[3, 4]" {
            #expect(sentence { _ = try imported() }.contains("--normalise"))
            let normalised = try importer(normalising: true).next(1)
            #expect(normalised[0].template.components == [0.6, 0.8])
        }
    }

    @Test(
        "A manifest that is none is refused",
        arguments: [
            "", "[]", "{}", "nonsense", #"{"format":"other","version":1,"model":"m","dimension":2}"#,
            #"{"format":"countenance-gallery","version":2,"model":"m","dimension":2}"#,
            #"{"format":"countenance-gallery","version":1,"model":"m","dimension":0}"#,
            #"{"format":"countenance-gallery","version":1,"model":"m","dimension":-9223372036854775808}"#,
            #"{"format":"countenance-gallery","version":1,"model":"m","dimension":2,"retention":-1}"#,
            #"{"format":"countenance-gallery","version":1,"model":"m","dimension":2,"files":{"../../etc/passwd":"00"}}"#,
            #"{"format":"countenance-gallery","version":1,"model":"m","dimension":3}"#,
            #"{"format":"countenance-gallery","version":1,"model":"m","dimension":2,"faces":9}"#,
        ]) func badManifest(text: String) throws {
        try place.write(Data(text.utf8), "manifest.json")
        try place.write(NumPyFile.header(rows: 0, columns: 2), "templates.npy")
        #expect(throws: RecognitionError.self) { try imported() }
    }

    @Test("Bytes that are no matrix are refused with a sentence, whatever they are") func hostile() throws {
        var random = SeededGenerator(seed: 9)
        let good = NumPyFile.header(rows: 3, columns: 4) + Data(count: 48)
        #expect(good.count % 64 == 48 && NumPyFile.header(rows: 99_999_999, columns: 1_024).count % 64 == 0)
        func read(_ bytes: Data) throws {
            try place.write(bytes, "a")
            let reader = try NumPyReader(PlainSource(place.folder + "/a"), path: "a")
            _ = try reader.read(reader.rows)
        }
        try read(good)
        for text in [
            "{'descr': '>f4', 'fortran_order': False, 'shape': (3, 4), }", "{'descr': '<f4', 'fortran_order': True, 'shape': (3, 4), }",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }", "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4, 5), }",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (999999999999, 1024), }",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 0), }", "{'descr': '|O', 'fortran_order': False, 'shape': (3, 4), }",
        ] {
            let header = Data([0x93]) + Data("NUMPY".utf8) + [1, 0, UInt8(text.utf8.count), 0] + Data(text.utf8)
            #expect(throws: RecognitionError.self, "\(text)") { try read(header + Data(count: 48)) }
        }
        #expect(throws: RecognitionError.self) { try read(good.dropLast()) }
        #expect(throws: RecognitionError.self) { try read(good + [0]) }
        for _ in 0..<2_000 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                bytes[Int.random(in: 0..<80, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            do { try read(bytes) } catch { #expect(error is RecognitionError) }
        }
    }

    @Test("An export is never written over another, and an interrupted one is begun anew") func again() throws {
        let faces = faces(5)
        do {
            let gallery = GalleryDescription(name: name, model: .test, dimension: 16, created: Date())
            let exporter = try GalleryExporter(of: gallery, faces: 5, installation: installation, to: place.folder, key: nil)
            try exporter.append(Array(faces[..<2]))
            // Too few: the gallery changed meanwhile.
            #expect(throws: RecognitionError.self) { try exporter.finish() }
        }
        #expect(!FileManager.default.fileExists(atPath: place.folder))
        try export(faces, key: nil)
        #expect(throws: RecognitionError.self) { try export(faces, key: nil) }
        #expect(try imported() == faces)
    }

    @Test("A key is never written over another, and one that others can read is not used") func keys() throws {
        _ = try ExportKey.make(at: place.key)
        #expect(throws: RecognitionError.self) { try ExportKey.make(at: place.key) }
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: place.key)
        #expect(sentence { _ = try ExportKey.read(place.key) }.contains("chmod 600"))
        #expect(throws: RecognitionError.self) { try ExportKey.read(place.path + "/none") }
    }
}
