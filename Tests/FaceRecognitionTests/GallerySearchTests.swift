import FaceTestSupport
import Foundation
import Testing

@testable import FaceRecognition

/// Searching with photographs of several faces, with enrolled faces and with people.
@Suite struct GallerySearchTests {
    private let bench: GroupBench

    init() throws {
        bench = try GroupBench([
            "p": [.at(0, size: 20)],
            "g": [
                .at(0, size: 30, confidence: 0.65, mesh: true), .at(8, size: 20, mesh: true), .at(40, size: 10, mesh: true),
            ], "b": [.at(0, size: 30, confidence: 0.65, mesh: true)],
        ])
    }

    private func identify(_ text: String, quality: QualityBar = .none) async throws -> Identification {
        try await bench.recognizer.identify(
            bench.photograph(text), in: bench.name, quality: quality, permit: bench.permit(.identify)
        ).outcome
    }

    private func identify(like face: FaceID, at similarity: Double = 0, limit: Int = 5) async throws -> GallerySearch {
        try await bench.recognizer.identify(
            like: face, in: bench.name, at: Similarity(similarity).map { OperatingPoint(similarity: $0) }, limit: limit,
            permit: bench.permit(.identify)
        ).outcome
    }

    private func people(_ probe: PeopleProbe, at similarity: Double = 0, limit: Int = 5) async throws -> PeopleSearch {
        try await bench.recognizer.identifyPeople(
            probe, in: bench.name, at: Similarity(similarity).map { OperatingPoint(similarity: $0) }, limit: limit,
            permit: bench.permit(.identify)
        ).outcome
    }

    // MARK: With a photograph

    @Test("Without a bar the largest face is searched with, and the others are given with what the detector tells")
    func largest() async throws {
        let near = try await bench.hold(0)
        let found = try await identify("g")
        #expect(found.answers.map(\.candidate.face.id) == [near] && found.probe.face.box.width == 30)
        #expect(found.others.map(\.face.face.box.width) == [20, 10] && found.others.allSatisfy(\.shortcomings.isEmpty))
        #expect(found.others.allSatisfy { $0.face.face.mesh == nil } && found.probe.face.mesh != nil)
        #expect(found.photographSize == PixelSize(width: 100, height: 50) && found.probe.facesInPhotograph == 3)
    }

    @Test("With a bar the largest face that passes is searched with, and why the larger one is not")
    func bar() async throws {
        let near = try await bench.hold(8)
        let found = try await identify("g", quality: .low)
        #expect(found.answers.map(\.candidate.face.id) == [near] && found.probe.face.box.width == 20)
        #expect(found.others.map(\.face.face.box.width) == [30, 10])
        #expect(found.others.map(\.shortcomings) == [[.lowConfidence], []])
    }

    @Test("None that passes is no face")
    func barForAll() async throws {
        try await bench.hold(0)
        await #expect(performing: { try await identify("b", quality: .low) }, throws: code(.noFace))
        #expect(bench.lastRecord.outcome == "no-face" && bench.lastRecord.photographs?.count == 1)
    }

    // MARK: Like an enrolled face

    @Test("Like a face are the others, closest first, equals by face id, and never the face itself")
    func like() async throws {
        let probe = try await bench.hold(0)
        let twins = [try await bench.hold(0), try await bench.hold(0)]
        let far = try await bench.hold(5)
        let found = try await identify(like: probe)
        #expect(found.answers.map(\.candidate.face.id) == twins.sorted() + [far])
        #expect(found.gallerySize == 4 && found.comparisons == 3)
        let record = bench.lastRecord
        #expect(record.operation == .identify && record.candidates?.map(\.face) == twins.sorted() + [far])
        #expect(record.photographs == nil && record.thresholdApplied == Similarity(0) && record.model == bench.model.id)
        #expect(record.expectedFalseCandidates == found.expectedFalseCandidates)
        for limit in 1...3 {
            #expect(try await identify(like: probe, limit: limit).answers.count == limit)
            // Whichever of the three equals is the probe.
            #expect(try await identify(like: twins[1], limit: limit).answers.count == limit)
        }
        #expect(try await identify(like: probe, at: 100).answers.map(\.candidate.face.id) == twins.sorted())
    }

    @Test("A face alone resembles nobody", arguments: [1, 4_096])
    func alone(limit: Int) async throws {
        let face = try await bench.hold(0)
        #expect(try await identify(like: face, limit: limit).answers.isEmpty)
        #expect(bench.lastRecord.outcome == "no-candidate" && bench.lastRecord.expectedFalseCandidates == 0)
    }

    @Test("Limits that are none are refused", arguments: [0, 4_097])
    func limits(limit: Int) async throws {
        let face = try await bench.hold(0, person: "Ann")
        await #expect(performing: { try await identify(like: face, limit: limit) }, throws: code(.invalidValue))
        for probe in [PeopleProbe.face(face), .person("Ann")] {
            await #expect(performing: { try await people(probe, limit: limit) }, throws: code(.invalidValue))
        }
    }

    @Test("A face that is not there, is forgotten, or has expired is not searched with; one that has expired is not found")
    func gone() async throws {
        let face = try await bench.hold(0), other = try await bench.hold(1, expires: bench.clock.now.addingTimeInterval(60))
        #expect(try await identify(like: face).answers.map(\.candidate.face.id) == [other])
        bench.clock.now += 60
        #expect(try await identify(like: face).answers.isEmpty)
        for missing in [other, FaceID()] {
            await #expect(performing: { try await identify(like: missing) }, throws: code(.faceNotFound))
            await #expect(performing: { try await people(.face(missing)) }, throws: code(.faceNotFound))
        }
        _ = try await bench.keeper.forget(.face(face), in: bench.name, permit: bench.permit(.forget))
        await #expect(performing: { try await identify(like: face) }, throws: code(.faceNotFound))
        #expect(bench.lastRecord.outcome == "face-not-found")
    }

    @Test("Where the searched face is forgotten while it is searched with, its state after that is searched")
    func forgottenMeanwhile() async throws {
        let face = try await bench.hold(0), other = try await bench.hold(1)
        let both = try await bench.store.enrolled([face, other], in: bench.name)
        _ = try await bench.keeper.forget(.face(face), in: bench.name, permit: bench.permit(.forget))
        // The codes are those of before, what lies behind them is as it is now.
        var index = try GalleryIndex(model: bench.model.id, dimension: bench.model.dimension)
        try index.append(both.enumerated().map { .init(row: Int64($0), template: $1.template, enrolled: 0) })
        let outdated = Gallery(bench.name, index: index, rows: MemoryRows(held: [1: both[1]], people: []))
        let found = try await bench.store.search(outdated, on: Workers(count: 1)) {
            try $0.candidates(for: [both[0].template], limit: 5, atLeast: ComparisonScore(-1), excluding: face)[0]
        }
        #expect(found.map(\.face.id) == [other])
    }

    @Test("No gallery, another model, and no calibration are errors")
    func errors() async throws {
        await #expect(performing: { try await identify(like: FaceID()) }, throws: code(.galleryNotFound))
        await #expect(performing: { try await people(.person("Ann")) }, throws: code(.galleryNotFound))
        let plain = try GroupBench([:], calibrated: false)
        let face = try await plain.hold(0, person: "Ann")
        await #expect(
            performing: {
                try await plain.recognizer.identify(like: face, in: plain.name, permit: plain.permit(.identify))
            }, throws: code(.notCalibrated))
    }

    // MARK: People

    @Test("A face finds people, its own among them; nobody's faces are not found")
    func peopleLikeFace() async throws {
        let ann = try await bench.hold(0, person: "Ann")
        try await bench.hold(8, person: "Ben")
        let nobody = try await bench.hold(3)
        #expect(try await people(.face(nobody)).answers.map(\.candidate.face.person) == ["Ann", "Ben"])
        let found = try await people(.face(ann))
        #expect(found.answers.map(\.candidate.face.person) == ["Ann", "Ben"] && found.photograph == nil)
        #expect(bench.lastRecord.outcome == "candidates" && bench.lastRecord.photographs == nil)
    }

    @Test("A person is searched for by the mean of their faces, and is left out")
    func peopleLikePerson() async throws {
        try await bench.hold(0, person: "Ann")
        try await bench.hold(10, person: "Ann")
        let ben = try await bench.hold(5, person: "Ben")
        try await bench.hold(12, person: "Cy")
        let found = try await people(.person("Ann"))
        #expect(found.answers.map(\.candidate.face.person) == ["Ben", "Cy"])
        #expect(try #require(found.answers.first).similarity.value == 100)
        // Four faces and Ann's mean, without her three.
        #expect(found.search.gallerySize == 4 && found.search.comparisons == 2)
        #expect(bench.lastRecord.candidates?.first?.face == ben)
        #expect(try await people(.person("Ann"), limit: 1).answers.map(\.candidate.face.person) == ["Ben"])
        #expect(try await people(.person("Ben"), limit: 1).answers.map(\.candidate.face.person) == ["Ann"])
    }

    @Test("Nobody of that name is an error; a person without faces that count resembles nobody")
    func noFaces() async throws {
        try await bench.hold(0, person: "Ann", expires: bench.clock.now.addingTimeInterval(60))
        try await bench.hold(0, person: "Ben")
        await #expect(performing: { try await people(.person("Cy")) }, throws: code(.personNotFound))
        #expect(try await people(.person("Ann")).answers.count == 1)
        bench.clock.now += 60
        #expect(try await people(.person("Ann")).answers.isEmpty)
        #expect(bench.lastRecord.outcome == "no-candidate")
        #expect(try await people(.person("Ben")).answers.isEmpty)
    }

    @Test("A photograph finds people by its largest face that passes the bar")
    func peopleLikePhotograph() async throws {
        try await bench.hold(0, person: "Ann")
        try await bench.hold(8, person: "Ben")
        let found = try await people(.photograph(bench.photograph("g"), .low))
        #expect(found.answers.first?.candidate.face.person == "Ben")
        #expect(found.photograph?.others.count == 2 && found.identification?.probe.face.box.width == 20)
        #expect(bench.lastRecord.photographs?.count == 1)
        await #expect(performing: { try await people(.photograph(bench.photograph("b"), .low)) }, throws: code(.noFace))
    }

    @Test("Equals among people come by the id of their closest face")
    func peopleTies() async throws {
        let ids = [try await bench.hold(0, person: "Ben"), try await bench.hold(0, person: "Ann")]
        let probe = try await bench.hold(0)
        #expect(try await people(.face(probe)).answers.map(\.candidate.face.id) == ids.sorted())
    }
}
