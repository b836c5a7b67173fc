import FaceRecognition
import Foundation
import Testing

@testable import Evaluation

@Suite struct PairProtocolTests {
    static let good = ["2\t1", "Ann\t1\t4", "Ann\t2\tBen_Bo\t12", "Cy\t3\t1000", "Ben_Bo\t1\tCy\t1"]

    @Test("Folds, paths and kinds are read", arguments: ["\n", "\r\n"])
    func reads(newline: String) throws {
        let list = try PairProtocol(parsing: Self.good.joined(separator: newline) + newline)
        #expect(list.folds.map(\.count) == [2, 2])
        #expect(list.folds[0][0] == .init(first: "Ann/Ann_0001.jpg", second: "Ann/Ann_0004.jpg", samePerson: true))
        #expect(
            list.folds[0][1]
                == .init(first: "Ann/Ann_0002.jpg", second: "Ben_Bo/Ben_Bo_0012.jpg", samePerson: false))
        #expect(list.folds[1][0].second == "Cy/Cy_1000.jpg")
        #expect(list.photographs.count == 8)
    }

    @Test(
        "A malformed line is refused by its number",
        arguments: [
            (1, ""), (1, "10"), (1, "2\tx"), (1, "1\t1"), (1, "2\t0"), (1, "2\t1\t1"), (2, "Ann\t1"), (2, ""),
            (2, "Ann\t1\tBen\t1"), (2, "Ann 1 4"), (2, "Ann\t1\t1"), (2, "Ann\t0\t1"), (2, "Ann\t1\t10000"), (2, "\t1\t2"),
            (2, "../Ann\t1\t2"), (2, "..\t1\t2"), (3, "Ann\t2\t3"), (3, "Ann\t1\tAnn\t2"), (3, "Ann\t1\tBen\tx"),
        ])
    func malformed(line: Int, text: String) throws {
        var lines = Self.good
        lines[line - 1] = text
        #expect { try PairProtocol(parsing: lines.joined(separator: "\n")) } throws: {
            let error = $0 as? RecognitionError
            return error?.code == .invalidValue && error!.message.hasPrefix("Line \(line) ")
                && !error!.message.contains("Ann")
        }
    }

    @Test("A list that ends early or goes on is refused")
    func length() {
        let lines = Self.good
        #expect(throws: RecognitionError.self) { try PairProtocol(parsing: lines.dropLast().joined(separator: "\n")) }
        #expect(throws: RecognitionError.self) {
            try PairProtocol(parsing: (lines + ["Ann\t1\t2"]).joined(separator: "\n"))
        }
        #expect(throws: RecognitionError.self) { try PairProtocol(parsing: "") }
    }

    static let lfw = ProcessInfo.processInfo.environment["COUNTENANCE_DATASETS"].map { $0 + "/lfw" }

    @Test("LFW's own list names photographs that are there", .enabled(if: lfw != nil, "needs COUNTENANCE_DATASETS"))
    func official() throws {
        let folder = try #require(Self.lfw)
        let list = try PairProtocol(parsing: String(contentsOfFile: folder + "/pairs.txt", encoding: .utf8))
        #expect(list.folds.count == 10)
        #expect(list.folds.allSatisfy { $0.count == 600 && $0.count(where: \.samePerson) == 300 })
        #expect(list.photographs.count == 7_701)
        #expect(list.photographs.allSatisfy { FileManager.default.fileExists(atPath: "\(folder)/\($0)") })
    }
}
