import FaceTestSupport
import Foundation
import Testing

@testable import FaceRecognition

@Suite struct AssociationTests {
    private let bench: GroupBench

    init() throws { bench = try GroupBench([:]) }

    private func join(
        _ faces: [FaceID], to person: String = "Ann", atLeast threshold: Double? = nil, on other: GroupBench? = nil
    ) async throws -> Association {
        let bench = other ?? bench
        return try await bench.recognizer.join(
            faces, to: person, atLeast: threshold.flatMap(Similarity.init),
            comparing: threshold == nil ? nil : bench.permit(.identify), in: bench.name, permit: bench.permit(.manage)
        ).outcome
    }

    @Test("Nothing is compared without a permit to identify there, and what was compared is in the entry")
    func permitted() async throws {
        let ann = try await bench.hold(0, person: "Ann"), near = try await bench.hold(0.1), far = try await bench.hold(14)
        for comparing in [nil, try await bench.permit(.manage)] {
            let error = await #expect(throws: RecognitionError.self) {
                try await bench.recognizer.join(
                    [near], to: "Ann", atLeast: .eighty, comparing: comparing, in: bench.name, permit: bench.permit(.manage))
            }
            #expect(error?.code == .fault)
        }
        #expect(try await bench.faces.first { $0.id == near }?.person == nil)
        let joined = try await join([near, far, ann], atLeast: 80)
        #expect(joined.joined == [near])
        let entry = try #require(bench.store.records.last)
        #expect(entry.candidates?.map(\.face) == [near, far] && entry.thresholdApplied == .eighty)
    }

    private func similarity(_ distance: Double) throws -> Similarity {
        try bench.model.calibrated().similarity(of: ComparisonScore(cos(distance / 10)))
    }

    @Test("Each face has its own answer: joined, not there, another's, too far; what is theirs already has none")
    func each() async throws {
        let theirs = try await bench.hold(0, person: "Ann"), bens = try await bench.hold(0, person: "Ben")
        let near = try await bench.hold(5), far = try await bench.hold(12), missing = FaceID()
        let found = try await join([far, near, theirs, missing, bens, near], atLeast: 80)
        // What is theirs already is passed over, as Rekognition has it.
        #expect(found.joined == [near] && found.status == .active)
        #expect(found.refused.map(\.face) == [far, missing, bens])
        #expect(found.refused[1].reason == .notFound && found.refused[2].reason == .taken(by: "Ben"))
        guard case .tooFar(let similarity) = found.refused[0].reason else {
            Issue.record("\(found.refused[0].reason)")
            return
        }
        #expect(abs(similarity.value - (try self.similarity(12).value)) < 1e-3)
        let people = try await bench.faces.filter { $0.person == "Ann" }.map(\.id)
        #expect(people == [theirs, near])
        let record = bench.lastRecord
        #expect(record.operation == .manage && record.outcome == "joined" && record.joined == [near])
        #expect(record.thresholdAsked == .eighty && record.thresholdApplied == .eighty && record.model == bench.model.id)
        #expect(!String(decoding: try record.encoded(), as: UTF8.self).contains("Ann"))
    }

    @Test("A face at the threshold joins, one below it does not")
    func atThreshold() async throws {
        try await bench.hold(0, person: "Ann")
        let face = try await bench.hold(9)
        guard case .tooFar(let own) = try await join([face], atLeast: 100).refused.first?.reason else {
            Issue.record("It is not as close as that")
            return
        }
        #expect(bench.lastRecord.outcome == "none-joined" && bench.lastRecord.joined == [])
        #expect(try await join([face], atLeast: own.value.nextUp).joined.isEmpty)
        #expect(try await join([face], atLeast: own.value).joined == [face])
    }

    @Test("The mean of a person's faces counts as well as the closest of them")
    func mean() async throws {
        try await bench.hold(0, person: "Ann")
        try await bench.hold(16, person: "Ann")
        let between = try await bench.hold(8)
        #expect(try similarity(8).value < 95)
        #expect(try await join([between], atLeast: 95).joined == [between])
    }

    @Test("What joins in one request does not bring others nearer")
    func order() async throws {
        try await bench.hold(0, person: "Ann")
        let near = try await bench.hold(6), far = try await bench.hold(12)
        let found = try await join([near, far], atLeast: 80)
        #expect(found.joined == [near] && found.refused.map(\.face) == [far])
    }

    @Test("Without a threshold nothing is compared, calibrated or not")
    func noThreshold() async throws {
        let plain = try GroupBench([:], calibrated: false)
        try await plain.hold(0, person: "Ann")
        let far = try await plain.hold(30)
        await #expect(performing: { try await join([far], atLeast: 0, on: plain) }, throws: code(.notCalibrated))
        #expect(try await join([far], on: plain).joined == [far])
        #expect(plain.lastRecord.thresholdApplied == nil && plain.lastRecord.model == nil)
    }

    @Test("A person whose faces have expired takes any; a face that has expired is not there")
    func expired() async throws {
        let old = bench.clock.now.addingTimeInterval(60)
        try await bench.hold(0, person: "Ann", expires: old)
        let far = try await bench.hold(25), gone = try await bench.hold(0, expires: old)
        #expect(try await join([far], atLeast: 80).joined.isEmpty)
        bench.clock.now = old
        let found = try await join([far, gone], atLeast: 80)
        #expect(found.joined == [far] && found.refused == [.init(face: gone, reason: .notFound)])
    }

    @Test("Nobody of that name, no such gallery, and no name are errors")
    func errors() async throws {
        await #expect(performing: { try await join([FaceID()]) }, throws: code(.galleryNotFound))
        let face = try await bench.hold(0)
        await #expect(performing: { try await join([face]) }, throws: code(.personNotFound))
        await #expect(performing: { try await join([face], to: "") }, throws: code(.invalidValue))
        #expect(try await bench.faces.first?.person == nil)
    }

    @Test("A gallery of another model is compared with nothing; without a threshold it need not be")
    func otherModel() async throws {
        try await bench.hold(0, person: "Ann")
        let face = try await bench.hold(0)
        let pipeline = FacePipeline.test(model: try .test(id: TemplateModelID(rawValue: "other")))
        let other = FaceRecognizer(pipeline: pipeline, galleries: bench.store, records: bench.store)
        func join(_ threshold: Similarity?) async throws -> Association {
            try await other.join(
                [face], to: "Ann", atLeast: threshold, comparing: bench.permit(.identify), in: bench.name,
                permit: bench.permit(.manage)
            ).outcome
        }
        await #expect(performing: { try await join(.eighty) }, throws: code(.modelMismatch))
        #expect(try await join(nil).joined == [face])
    }

    @Test("No faces are an answer")
    func none() async throws {
        try await bench.hold(0, person: "Ann")
        #expect(try await join([], atLeast: 80) == Association(joined: [], refused: [], status: .active, threshold: Similarity(80)))
    }
}
