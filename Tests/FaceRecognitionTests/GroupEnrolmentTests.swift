import FaceTestSupport
import Foundation
import Testing

@testable import FaceRecognition

@Suite struct GroupEnrolmentTests {
    private static let group: [DetectedFace] = [.at(0, size: 10), .at(40, size: 30), .at(60, size: 20)]
    private let bench: GroupBench

    init() throws {
        bench = try GroupBench([
            "g": Self.group, "b": [.at(0, size: 20, confidence: 0.65, mesh: true), .at(40, size: 10)],
            "m": [.at(0, size: 30, confidence: 0.65, mesh: true), .at(40, size: 20, mesh: true), .at(60, size: 10, mesh: true)],
        ])
    }

    @Test("All faces are enrolled, the largest first, with the photograph's size")
    func all() async throws {
        try await bench.createGallery()
        let found = try await bench.enrolFaces("g", as: "key")
        #expect(found.faces.map(\.seen.face.box.width) == [30, 20, 10] && found.left.isEmpty)
        #expect(found.faces.allSatisfy { $0.isNew && $0.enrolled.box == $0.seen.face.box })
        #expect(found.faces.allSatisfy { $0.enrolled.photographSize == found.photographSize && $0.enrolled.externalID == "key" })
        #expect(try await bench.faces == found.faces.map(\.enrolled))
        let record = bench.lastRecord
        #expect(record.outcome == "enrolled" && record.enrolled == found.faces.map(\.enrolled.id))
        #expect(record.model == bench.model.id && record.photographs?.count == 1 && record.forgotten == nil)
    }

    @Test("With a limit of n the n largest are enrolled and the others said to exceed it", arguments: 1...4)
    func limit(most: Int) async throws {
        try await bench.createGallery()
        let found = try await bench.enrolFaces("g", limit: most)
        #expect(found.faces.map(\.seen.face.box.width) == Array([30, 20, 10].prefix(most)))
        #expect(found.left.map(\.seen.face.box.width) == Array([30, 20, 10].dropFirst(most)))
        #expect(found.left.allSatisfy { $0.exceedsLimit && $0.shortcomings.isEmpty })
        #expect(bench.lastRecord.enrolled?.count == min(most, 3))
    }

    @Test("A limit below 1 is refused, and no photograph is read")
    func noLimit() async throws {
        try await bench.createGallery()
        await #expect(performing: { try await bench.enrolFaces("g", limit: 0) }, throws: code(.invalidValue))
        #expect(bench.reads.count == 0)
    }

    @Test("No face is an answer, and so is none that passes the bar; the gallery stays as it is")
    func none() async throws {
        try await bench.createGallery()
        let nothing = try await bench.enrolFaces("nothing")
        #expect(nothing.faces.isEmpty && nothing.left.isEmpty && bench.lastRecord.outcome == "no-face")
        let bad = try await bench.enrolFaces("b", limit: 1, quality: .low)
        #expect(bad.faces.isEmpty && bench.lastRecord.outcome == "none-good-enough")
        #expect(bad.left.map(\.shortcomings) == [[.lowConfidence], [.lowFaceQuality]])
        #expect(bad.left.map(\.exceedsLimit) == [false, false])
        #expect(bench.lastRecord.enrolled == nil && bench.lastRecord.photographs?.count == 1)
        #expect(try await bench.faces.isEmpty)
    }

    @Test("The limit counts those that pass the bar")
    func limitAndBar() async throws {
        try await bench.createGallery()
        let found = try await bench.enrolFaces("m", limit: 1, quality: .low)
        #expect(found.faces.map(\.seen.face.box.width) == [20])
        #expect(found.left.map(\.seen.face.box.width) == [30, 10])
        #expect(found.left.map(\.exceedsLimit) == [false, true])
        #expect(found.left.map(\.shortcomings) == [[.lowConfidence], []])
    }

    @Test("A gallery that is not there is not made, and no photograph is read")
    func noGallery() async throws {
        await #expect(performing: { try await bench.enrolFaces("g") }, throws: code(.galleryNotFound))
        #expect(bench.reads.count == 0 && bench.lastRecord.outcome == "gallery-not-found")
    }

    @Test("A gallery of another model is refused, and no photograph is read")
    func otherModel() async throws {
        let other = try TemplateModel.test(id: TemplateModelID(rawValue: "other"))
        _ = try await bench.keeper.create(bench.name, for: other, permit: bench.permit(.manage))
        await #expect(performing: { try await bench.enrolFaces("g") }, throws: code(.modelMismatch))
        #expect(bench.reads.count == 0)
    }

    @Test("A gallery that is deleted before its faces are added stays deleted")
    func deletedMeanwhile() async throws {
        try await bench.createGallery()
        let store = bench.store, name = bench.name
        store.beforeNextChange { try await store.apply(.delete(name), recordedAs: store.records[0]) }
        await #expect(performing: { try await bench.enrolFaces("g") }, throws: code(.galleryNotFound))
        #expect(try await store.galleries().isEmpty)
    }

    @Test("The same photograph again gives the faces that are there, and adds only those that are missing")
    func twice() async throws {
        try await bench.createGallery()
        let first = try await bench.enrolFaces("g", as: "key", limit: 1)
        let all = try await bench.enrolFaces("g", as: "key")
        #expect(all.faces.map(\.isNew) == [false, true, true] && all.faces[0].enrolled == first.faces[0].enrolled)
        #expect(bench.lastRecord.enrolled == all.faces[1...].map(\.enrolled.id))
        let again = try await bench.enrolFaces("g", as: "key")
        #expect(again.faces.map(\.enrolled) == all.faces.map(\.enrolled) && !again.faces.contains(where: \.isNew))
        #expect(bench.lastRecord.outcome == "enrolled-already" && bench.lastRecord.enrolled == nil)
        #expect(try await bench.faces.count == 3)
        // One that was forgotten is missing.
        _ = try await bench.keeper.forget(.face(all.faces[1].enrolled.id), in: bench.name, permit: bench.permit(.forget))
        #expect(try await bench.enrolFaces("g", as: "key").faces.map(\.isNew) == [false, true, false])
    }

    @Test("With another external id, or with none, the faces are enrolled anew")
    func otherExternalID() async throws {
        try await bench.createGallery()
        for (i, key) in ["one", nil, "two"].enumerated() {
            let found = try await bench.enrolFaces("g", as: key)
            #expect(found.faces.count == 3 && found.faces.allSatisfy(\.isNew))
            #expect(try await bench.faces.count == 3 * (i + 1))
        }
        #expect(try await bench.enrolFaces("g", as: nil).faces.map(\.isNew) == [false, false, false])
    }

    @Test("A face that has expired is enrolled anew, and its remains go in the same change")
    func expired() async throws {
        try await bench.createGallery(retention: 60)
        let first = try await bench.enrolFaces("g", as: "key")
        #expect(first.faces.allSatisfy { $0.enrolled.expires == bench.clock.now.addingTimeInterval(60) })
        bench.clock.now += 59.999
        #expect(try await bench.enrolFaces("g", as: "key").faces.map(\.isNew) == [false, false, false])
        bench.clock.now += 0.001
        let second = try await bench.enrolFaces("g", as: "key")
        #expect(second.faces.map(\.isNew) == [true, true, true])
        #expect(try await bench.faces == second.faces.map(\.enrolled))
        #expect(bench.lastRecord.forgotten == first.faces.map(\.enrolled.id))
    }

    @Test("Of two who enrol one photograph at once, the second finds the faces of the first")
    func race() async throws {
        try await bench.createGallery()
        bench.store.beforeNextChange { try await bench.enrolFaces("g", as: "key", limit: 2) }
        let late = try await bench.enrolFaces("g", as: "key")
        #expect(late.faces.map(\.isNew) == [false, false, true])
        #expect(try await bench.faces.count == 3)
        #expect(bench.store.records.suffix(2).map(\.outcome) == ["enrolled", "enrolled"])
    }

    @Test("To enrol the one face of a photograph finds it among several, by what was asked")
    func oneOfSeveral() async throws {
        try await bench.createGallery()
        _ = try await bench.enrolFaces("g", as: "first")
        let second = try await bench.enrolFaces("g", as: "second", limit: 1).faces[0].enrolled
        func enrol(_ person: String?, _ key: String?) async throws -> Enrolment {
            try await bench.recognizer.enrol(
                bench.photograph("g"), as: person, externalID: key, in: bench.name, permit: bench.permit(.enrol)
            ).outcome
        }
        let found = try await enrol(nil, "second")
        #expect(!found.isNew && found.face == second)
        await #expect(performing: { try await enrol(nil, "third") }, throws: code(.enrolledOtherwise))
        await #expect(performing: { try await enrol("Ann", nil) }, throws: code(.enrolledOtherwise))
        #expect(try await bench.faces.count == 4)
    }

    @Test("A gallery that keeps crops keeps each face's")
    func crops() async throws {
        _ = try await bench.keeper.create(bench.name, for: bench.model, keepsCrops: true, permit: bench.permit(.manage))
        for face in try await bench.enrolFaces("g").faces {
            #expect(try await bench.store.crop(of: face.enrolled.id, in: bench.name) != nil)
        }
    }
}
