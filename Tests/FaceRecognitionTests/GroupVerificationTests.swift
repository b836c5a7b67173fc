import FaceTestSupport
import Foundation
import Testing

@testable import FaceRecognition

@Suite struct GroupVerificationTests {
    private func compare(
        _ bench: GroupBench, _ probe: String, _ target: String, at threshold: Similarity? = nil,
        quality: QualityBar = .none
    ) async throws -> GroupVerification {
        try await bench.recognizer.compare(
            bench.photograph(probe), withAllIn: bench.photograph(target), at: threshold, quality: quality,
            permit: bench.permit(.compare, elsewhere: true)
        ).outcome
    }

    @Test("Every face of the target is answered, closest first, and the threshold parts them")
    func all() async throws {
        let bench = try GroupBench(["p": [.at(0, size: 20)], "g": [.at(12, size: 30),  .at(8, size: 20), .at(3, size: 10)]])
        let found = try await compare(bench, "p", "g")
        #expect(found.answers.map(\.face.face.box.width) == [10, 20, 30])
        #expect(found.answers.map(\.similarity) == found.answers.map(\.similarity).sorted(by: >))
        #expect(found.threshold == .eighty)
        #expect(found.matches.map(\.face.face.box.width) == [10, 20] && found.others.map(\.face.face.box.width) == [30])
        #expect(found.probe.facesInPhotograph == 1 && found.probeSize == PixelSize(width: 100, height: 50))
        #expect(found.targetSize == found.probeSize)
        let record = bench.lastRecord
        #expect(record.outcome == "match" && record.photographs?.count == 2 && record.thresholdApplied == .eighty)
        #expect(record.similarity == found.answers[0].similarity && record.thresholdAsked == nil)
        // At a face's own similarity it is a match, at the next number above it is none.
        let second = found.answers[1].similarity
        #expect(try await compare(bench, "p", "g", at: second).matches.count == 2)
        let above = try #require(Similarity(second.value.nextUp))
        #expect(try await compare(bench, "p", "g", at: above).matches.count == 1)
        #expect(try await compare(bench, "p", "g", at: Similarity(100)).matches.isEmpty)
        #expect(bench.lastRecord.outcome == "no-match")
    }

    @Test("Among faces that are equally close the larger one comes first")
    func ties() async throws {
        let bench = try GroupBench(["p": [.at(0, size: 20)], "g": [.at(5, size: 10), .at(5, size: 30), .at(5, size: 20)]])
        #expect(try await compare(bench, "p", "g").answers.map(\.face.face.box.width) == [30, 20, 10])
    }

    @Test("No face on either side is an error that says which photograph, and is recorded")
    func noFace() async throws {
        let bench = try GroupBench(["p": [.at(0, size: 20)]])
        for (probe, target) in [("p", "nothing"), ("nothing", "p"), ("nothing", "nothing")] {
            await #expect(performing: { try await compare(bench, probe, target) }, throws: code(.noFace))
            #expect(bench.lastRecord.outcome == "no-face" && bench.lastRecord.photographs?.count == 2)
        }
    }

    @Test("What does not pass the bar is not compared: an error for the probe, an answer for the target")
    func quality() async throws {
        let bench = try GroupBench([
            "p": [.at(0, size: 20, mesh: true)], "b": [.at(0, size: 20, confidence: 0.65, mesh: true)],
            "g": [.at(0, size: 30, confidence: 0.65, mesh: true), .at(8, size: 20, mesh: true)],
        ])
        #expect(try await compare(bench, "p", "g", quality: .low).answers.map(\.face.face.box.width) == [20])
        #expect(try await compare(bench, "p", "b", quality: .low).answers.isEmpty)
        #expect(bench.lastRecord.outcome == "no-match" && bench.lastRecord.similarity == nil)
        await #expect(performing: { try await compare(bench, "b", "p", quality: .low) }, throws: code(.noFace))
        #expect(try await compare(bench, "b", "p").matches.count == 1)
        // Of several the probe is the largest that passes.
        #expect(try await compare(bench, "g", "p", quality: .low).probe.face.box.width == 20)
    }

    @Test("Without a calibration nothing is compared, and no photograph is read")
    func notCalibrated() async throws {
        let bench = try GroupBench(["p": [.at(0, size: 20)]], calibrated: false)
        await #expect(performing: { try await compare(bench, "p", "p") }, throws: code(.notCalibrated))
        #expect(bench.reads.count == 0)
    }

    @Test("A photograph of 27 people is compared whole, as well as four at once")
    func many() async throws {
        let bench = try GroupBench([
            "p": [.at(0, size: 20)], "g": (3..<30).map { .at(Double($0), size: 10 + Double($0) / 4) },
        ])
        try await withThrowingTaskGroup(of: GroupVerification.self) { group in
            for _ in 0..<4 { group.addTask { try await compare(bench, "p", "g", at: Similarity(0)) } }
            for try await found in group {
                #expect(found.answers.map(\.face.face.box.width) == (3..<30).map { 10 + Double($0) / 4 })
            }
        }
    }
}
