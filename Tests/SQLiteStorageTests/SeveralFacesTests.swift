import FaceRecognition
import Foundation
import Testing

@testable import SQLiteStorage

@Suite("Several faces of a photograph") struct SeveralFacesTests {
    private let temporary = TemporaryDirectory()

    @Test("Faces of one photograph are enrolled together, and beside those that the request knows of")
    func beside() async throws {
        let store = try await temporary.store()
        let first = (0..<3).map { EnrolledFace.sample($0, photograph: 1) }
        try await store.change(.enrol(first, in: .sample(), beside: []))
        let next = EnrolledFace.sample(3, photograph: 1)
        // Two of three are known: somebody else enrolled the third.
        for known in [[], first[..<2].map(\.id), [FaceID()]] {
            #expect(await failure { try await store.change(.enrol([next], in: .sample(), beside: known)) }?.code == .overtaken)
        }
        try await store.change(.enrol([next], in: .sample(), beside: first.map(\.id)))
        let digest = try #require(next.description.photograph)
        #expect(try await store.faces(from: digest, in: .staff).map(\.id) == (first + [next]).map(\.id))
        // What is replaced is no longer there; another photograph is another matter.
        let anew = EnrolledFace.sample(4, photograph: 1)
        let gone = [first[0].id, next.id]
        try await store.change(
            .enrol([anew, .sample(5)], in: .sample(), replacing: gone, beside: first[1...].map(\.id)))
        #expect(try await store.faces(from: digest, in: .staff).map(\.id) == [first[1].id, first[2].id, anew.id])
        // An import does not ask.
        try await store.change(.enrol([.sample(6, photograph: 1)], in: .sample()))
        #expect(try await store.gallery(.staff).count == 5)
        #expect(try store.check(.staff) == [])
    }

    @Test("A gallery that has been deleted and made again takes no face that was meant for the first")
    func madeAgain() async throws {
        let store = try await temporary.store()
        try await store.change(.create(.sample()))
        let seen = try await store.description(of: .staff)
        try await store.change(.delete(.staff))
        try await store.change(
            .create(.init(name: .staff, model: seen.model, dimension: seen.dimension, created: seen.created + 1e-3)))
        let error = await failure {
            try await store.change(.enrol([.sample(1)], in: seen, beside: [], mustExist: true))
        }
        #expect(error?.code == .galleryNotFound && error?.message.contains("another one has its name") == true)
        #expect(try await store.gallery(.staff).count == 0)
        let now = try await store.description(of: .staff)
        try await store.change(.enrol([.sample(1)], in: now, beside: [], mustExist: true))
        #expect(try await store.gallery(.staff).count == 1 && store.check(.staff) == [])
    }

    @Test("Faces are read with their templates by id, in the order asked, and by person")
    func enrolled() async throws {
        let store = try await temporary.store()
        let a = EnrolledFace.sample(1, person: "Ann"), b = EnrolledFace.sample(2), c = EnrolledFace.sample(3, person: "Ann")
        try await store.enrol(a, b, c)
        let elsewhere = EnrolledFace.sample(4, person: "Ben")
        try await store.enrol(elsewhere, in: .sample(.guests))
        #expect(try await store.enrolled([c.id, FaceID(), a.id, elsewhere.id], in: .staff) == [c, a])
        #expect(try await store.enrolled([], in: .staff).isEmpty)
        #expect(try await store.enrolled(ofPerson: "Ann", in: .staff) == [a, c])
        for name in ["Ben", "ann", ""] {
            let error = await failure { _ = try await store.enrolled(ofPerson: name, in: .staff) }
            #expect(error?.code == .personNotFound && (name.isEmpty || error?.message.contains(name) == false))
        }
        let nowhere = try GalleryName("nowhere")
        #expect(await failure { _ = try await store.enrolled([a.id], in: nowhere) }?.code == .galleryNotFound)
        #expect(await failure { _ = try await store.enrolled(ofPerson: "Ann", in: nowhere) }?.code == .galleryNotFound)
        try await store.forget(a)
        #expect(try await store.enrolled([a.id], in: .staff).isEmpty)
        #expect(try await store.enrolled(ofPerson: "Ann", in: .staff) == [c])
    }

    @Test(
        "The photograph's size is kept with a face",
        arguments: [nil, PixelSize(width: 1, height: 1), PixelSize(width: 12_000, height: 9_000)])
    func size(size: PixelSize?) async throws {
        let store = try await temporary.store()
        let it = EnrolledFace.sample(1, person: "Ann")
        let face = EnrolledFace(description: it.description.with(photographSize: size), template: it.template)
        try await store.enrol(face)
        #expect(try await store.enrolled([face.id], in: .staff) == [face])
        #expect(try await store.faces(in: .staff, nil).map(\.photographSize) == [size])
    }

    @Test("A face that was sealed before photographs' sizes were kept is opened, and one of a later form is not")
    func versions() throws {
        let key = GalleryKey()
        let face = EnrolledFace.sample(1, person: "Ann"), it = face.description
        let box = try #require(it.box), text = Data(try #require(it.externalID).utf8)
        func open(_ sealed: Data) -> EnrolledFace? {
            SealedFace.open(
                sealed, with: key, id: it.id, photograph: it.photograph, person: it.person, expires: nil, of: .sample())
        }
        var first = Data([1, 7])
        for number in [
            it.enrolled.timeIntervalSinceReferenceDate, try #require(it.confidence), box.x, box.y, box.width, box.height,
        ] { withUnsafeBytes(of: number.bitPattern.littleEndian) { first.append(contentsOf: $0) } }
        withUnsafeBytes(of: UInt16(text.count).littleEndian) { first.append(contentsOf: $0) }
        first += text + Data(littleEndian: face.template.components)
        #expect(open(try key.seal(first, .face, of: it.id.bytes, extra: .max)) == face)
        // Every other length, and every other version, is no face.
        for count in [0, 1, 2, 51, 52, 59, 60, first.count - 1] {
            #expect(open(try key.seal(first.prefix(count), .face, of: it.id.bytes, extra: .max)) == nil, "\(count)")
        }
        for version: UInt8 in [0, 2, 3, 255] {
            first[0] = version
            #expect(open(try key.seal(first, .face, of: it.id.bytes, extra: .max)) == nil, "\(version)")
        }
        let sealed = try SealedFace.seal(face, with: key)
        #expect(open(sealed) == face)
    }
}

extension EnrolledFaceDescription {
    fileprivate func with(photographSize: PixelSize?) -> EnrolledFaceDescription {
        EnrolledFaceDescription(
            id: id, person: person, externalID: externalID, photograph: photograph, box: box,
            photographSize: photographSize, confidence: confidence, enrolled: enrolled, expires: expires)
    }
}
