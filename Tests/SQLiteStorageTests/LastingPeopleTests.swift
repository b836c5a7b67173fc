import FaceRecognition
import struct FaceRecognition.Record
import Foundation
import GRDB
import Testing

@testable import SQLiteStorage

/// People who are made by themselves, tags, tokens and pages, on disk.
@Suite struct LastingPeopleTests {
    private let temporary = TemporaryDirectory()

    @Test("A person who is made stays through every change, and is there after reopening") func stays() async throws {
        let faces = (0..<3).map { EnrolledFace.sample($0, dimension: 8) }
        do {
            let store = try await temporary.store()
            try await store.change(.enrol(faces, in: .sample(dimension: 8)))
            try await store.change(.createPerson("Ann", in: .staff))
            #expect(await failure { try await store.change(.createPerson("Ann", in: .staff)) }?.code == .personExists)
            #expect(try await store.person("Ann", in: .staff) == PersonDescription(name: "Ann", faces: 0, status: .created))
            #expect(try await store.description(of: .staff).people == 1)
            #expect(try store.check(.staff) == [])
            try await store.change(.join([faces[0].id, faces[1].id], person: "Ann", in: .staff, mustExist: true))
            #expect(try await store.person("Ann", in: .staff)?.status == .active)
            try await store.change(.leave([faces[0].id], in: .staff, of: "Ann"))
            try await store.forget(faces[1])
            try store.close()
        }
        let store = try await temporary.store()
        #expect(try await store.people(in: .staff) == [PersonDescription(name: "Ann", faces: 0, status: .active)])
        #expect(try store.check(.staff) == [])
        let nobody = await failure { try await store.change(.join([faces[0].id], person: "Ben", in: .staff, mustExist: true)) }
        #expect(nobody?.code == .personNotFound && nobody?.message.contains("Ben") == false)
        try await store.change(.join([faces[0].id], person: "Ann", in: .staff))
        try await store.change(.deletePerson("Ann", in: .staff))
        #expect(try await store.people(in: .staff).isEmpty)
        #expect(try await store.faces(in: .staff, nil).map(\.person) == [nil, nil])
        #expect(await failure { try await store.change(.deletePerson("Ann", in: .staff)) }?.code == .personNotFound)
        #expect(try store.check(.staff) == [])
    }

    @Test("A person who is deleted or forgotten leaves no name behind", arguments: [true, false])
    func erased(deleted: Bool) async throws {
        let store = try await temporary.store()
        let face = EnrolledFace.sample(1)
        try await store.enrol(face)
        for name in ["Marked Ann", "Marked Ben"] { try await store.change(.createPerson(name, in: .staff)) }
        let marks = try store.marks()
        if deleted {
            try await store.change(.join([face.id], person: "Marked Ann", in: .staff))
            try await store.change(.deletePerson("Marked Ann", in: .staff))
        } else {
            try await store.change(.forget([], in: .staff, person: "Marked Ann"))
        }
        let kept = try store.marks()
        #expect(marks.count == 3 && kept.count == 2)
        for mark in marks.subtracting(kept) { #expect(try !temporary.contains(mark)) }
        for mark in kept { #expect(try temporary.contains(mark)) }
        #expect(try await store.people(in: .staff).map(\.name) == ["Marked Ben"])
        #expect(try store.check(.staff) == [])
    }

    @Test("A search for people follows a deletion") func searched() async throws {
        let store = try await temporary.store()
        let a = EnrolledFace.sample(1, person: "Ann"), b = EnrolledFace.sample(2, person: "Ann")
        try await store.enrol(a, b)
        func found() async throws -> Int {
            try await store.gallery(.staff, people: true).people(for: a.template, limit: 5, atLeast: ComparisonScore(-1)).count
        }
        #expect(try await found() == 1)
        try await store.change(.deletePerson("Ann", in: .staff))
        #expect(try await found() == 0)
        try await store.change(.createPerson("Ann", in: .staff))
        #expect(try await found() == 0)
        try await store.change(.join([b.id], person: "Ann", in: .staff))
        #expect(try await found() == 1)
    }

    @Test("What leaves must be whose the request thinks it is") func overtaken() async throws {
        let store = try await temporary.store()
        let a = EnrolledFace.sample(1, person: "Ann"), b = EnrolledFace.sample(2, person: "Ben"), c = EnrolledFace.sample(3)
        try await store.enrol(a, b, c)
        for other in [b.id, c.id, FaceID()] {
            #expect(await failure { try await store.change(.leave([a.id, other], in: .staff, of: "Ann")) }?.code == .overtaken)
        }
        #expect(await failure { try await store.change(.leave([a.id], in: .staff, of: "Cem")) }?.code == .overtaken)
        #expect(try await store.faces(in: .staff, nil).map(\.person) == ["Ann", "Ben", nil])
        // Twice is once.
        try await store.change(.leave([a.id, a.id], in: .staff, of: "Ann"))
        #expect(try await store.faces(in: .staff, nil).map(\.person) == [nil, "Ben", nil])
    }

    @Test("Several faces of one photograph are in a gallery; one that the request does not know of overtakes it")
    func beside() async throws {
        let store = try await temporary.store()
        let first = EnrolledFace.sample(1, photograph: 7), second = EnrolledFace.sample(2, photograph: 7)
        let third = EnrolledFace.sample(3, photograph: 7)
        try await store.change(.enrol([first, second], in: .sample(), beside: []))
        #expect(await failure { try await store.change(.enrol([third], in: .sample(), beside: [first.id])) }?.code == .overtaken)
        try await store.change(.enrol([third], in: .sample(), beside: [second.id, first.id]))
        let fourth = EnrolledFace.sample(4, photograph: 7)
        try await store.change(.enrol([fourth], in: .sample(), replacing: [first.id], beside: [second.id, third.id]))
        try await store.change(.enrol([.sample(5, photograph: 7)], in: .sample()))
        #expect(try await store.faces(from: try #require(first.description.photograph), in: .staff).count == 4)
        #expect(await failure { try await store.change(.enrol([fourth], in: .sample())) }?.code == .overtaken)
    }

    @Test("A photograph's size is kept with the face") func photographSize() async throws {
        let store = try await temporary.store()
        var faces: [EnrolledFace] = []
        for (seed, size) in [PixelSize(width: 4_000, height: 3_000), nil].enumerated() {
            let it = EnrolledFace.sample(seed)
            faces.append(
                EnrolledFace(
                    description: EnrolledFaceDescription(
                        id: it.id, person: nil, externalID: "key", photograph: it.description.photograph,
                        box: it.description.box, photographSize: size, confidence: it.description.confidence,
                        enrolled: it.description.enrolled), template: it.template))
        }
        try await store.change(.enrol(faces, in: .sample()))
        #expect(try await store.templates(in: .staff, from: 0, count: 9).faces == faces)
    }
}

@Suite struct RequestTokenTests {
    private let temporary = TemporaryDirectory()
    private func token(_ word: String = "word", _ request: String = "request") -> RequestToken {
        RequestToken(word, caller: "caller", request: Data(request.utf8))
    }

    @Test("A token is kept with the change, and tells where the entry is") func kept() async throws {
        do {
            let store = try await temporary.store()
            try await store.enrol(.sample(1))
            #expect(try await store.entry(of: token()) == nil)
            _ = try await store.apply(.createPerson("Ann", in: .staff), once: token(), recordedAs: .sample("made"))
            try store.close()
        }
        let store = try await temporary.store()
        #expect(try await store.entry(of: token())?.outcome == "made")
        #expect(await failure { _ = try await store.entry(of: token("word", "another")) }?.code == .tokenMismatch)
        #expect(try await store.entry(of: token("another")) == nil)
        // What is there may not be tried out.
        #expect(try !temporary.contains(token().request) && !temporary.contains(token().name))
    }

    @Test("A change under a known token is overtaken, or a mismatch, and changes nothing") func known() async throws {
        let store = try await temporary.store()
        try await store.enrol(.sample(1))
        _ = try await store.apply(.createPerson("Ann", in: .staff), once: token(), recordedAs: .sample())
        let again = await failure { _ = try await store.apply(.createPerson("Ben", in: .staff), once: token(), recordedAs: .sample()) }
        #expect(again?.code == .overtaken)
        let other = await failure {
            _ = try await store.apply(.createPerson("Ben", in: .staff), once: token("word", "another"), recordedAs: .sample())
        }
        #expect(other?.code == .tokenMismatch)
        #expect(try await store.people(in: .staff).map(\.name) == ["Ann"])
        #expect(try store.recordCount() == 2)
    }

    @Test("A change that fails keeps no token") func failed() async throws {
        let store = try await temporary.store()
        try await store.enrol(.sample(1, person: "Ann"))
        let error = await failure {
            _ = try await store.apply(.createPerson("Ann", in: .staff), once: token(), recordedAs: .sample())
        }
        #expect(error?.code == .personExists)
        #expect(try await store.entry(of: token()) == nil)
    }

    @Test("After 24 hours a token is forgotten") func expired() async throws {
        let store = try await temporary.store()
        try await store.enrol(.sample(1))
        let start = Date()
        _ = try await store.apply(.createPerson("Ann", in: .staff), once: token(), recordedAs: .sample())
        try store.onConnection { db in
            let tokens = RequestTokens(db: db, key: try store.keys.ring().digestKey)
            #expect(try tokens.entry(of: token(), now: start.addingTimeInterval(86_399)) == 1)
            #expect(try tokens.entry(of: token(), now: Date().addingTimeInterval(86_400)) == nil)
            try tokens.keep(token("another"), entry: 0, now: Date().addingTimeInterval(86_400))
            #expect(try Int.fetchOne(db, sql: "SELECT count(*) FROM request_token") == 1)
        }
    }

    @Test("Many at once with one token: one is done") func atOnce() async throws {
        let store = try await temporary.store()
        try await store.enrol(.sample(1))
        let codes = await withTaskGroup(of: RecognitionError.Code?.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    await failure {
                        _ = try await store.apply(.createPerson("Ann", in: .staff), once: token(), recordedAs: .sample())
                    }?.code
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(codes.count { $0 == nil } == 1 && codes.count { $0 == .overtaken } == 7)
    }
}

@Suite struct PageTests {
    private let temporary = TemporaryDirectory()

    private func faces(
        _ store: SQLiteStore, of person: String? = nil, among: [FaceID]? = nil, count: Int, now: Date = Date()
    ) async throws -> [[FaceID]] {
        var pages: [[FaceID]] = [], after: Int64?
        repeat {
            let page = try await store.faces(in: .staff, of: person, among: among, after: after, count: count, now: now)
            pages.append(page.faces.map(\.id))
            after = page.next
        } while after != nil
        return pages
    }

    @Test("Pages have every face once, in order, and none is empty but the only one") func pages() async throws {
        let store = try await temporary.store()
        try await store.change(.create(.sample(dimension: 4)))
        #expect(try await faces(store, count: 3) == [[]])
        var all: [FaceID] = []
        for seed in 0..<7 {
            let one = EnrolledFace.sample(seed, dimension: 4, person: seed.isMultiple(of: 2) ? "Ann" : nil)
            try await store.enrol(one, .sample(100 + seed, dimension: 4), in: .sample(dimension: 4))
            try await store.enrol(.sample(200 + seed, dimension: 4), in: .sample(.guests, dimension: 4))
            all = try await store.faces(in: .staff, nil).map(\.id)
            for count in [all.count - 1, all.count, all.count + 1] where count > 0 {
                let pages = try await faces(store, count: count)
                #expect(pages.flatMap { $0 } == all)
                #expect(pages.count == (count < all.count ? 2 : 1))
            }
        }
        let anns = try await store.faces(in: .staff, .person("Ann")).map(\.id)
        #expect(try await faces(store, of: "Ann", count: 3) == [Array(anns[0..<3]), [anns[3]]])
        #expect(try await faces(store, of: "Nobody", count: 3) == [[]])
        let some = [all[5], all[2], FaceID(), all[11]]
        #expect(try await faces(store, among: some, count: 2) == [[all[2], all[5]], [all[11]]])
        #expect(try await faces(store, of: "Ann", among: some, count: 2) == [some.filter(anns.contains).sorted()])
        #expect(try await faces(store, among: [], count: 2) == [[]])
    }

    @Test("Expired faces are on no page, and make none shorter") func expired() async throws {
        let store = try await temporary.store()
        let enrolled = (0..<6).map { seed in
            var face = EnrolledFace.sample(seed, dimension: 4)
            if seed.isMultiple(of: 2) { face.description.expires = Date(timeIntervalSince1970: 2_000_000_000) }
            return face
        }
        try await store.change(.enrol(enrolled, in: .sample(dimension: 4)))
        let odd = [1, 3, 5].map { enrolled[$0].id }
        #expect(try await faces(store, count: 2, now: Date(timeIntervalSince1970: 2_000_000_000)) == [[odd[0], odd[1]], [odd[2]]])
        #expect(try await faces(store, count: 9, now: Date(timeIntervalSince1970: 1_999_999_999.999)) == [enrolled.map(\.id)])
    }

    @Test("People come in the order in which they were made, galleries by name") func people() async throws {
        let store = try await temporary.store()
        try await store.enrol(.sample(1, person: "Zoe"), .sample(2, person: "Ann"))
        try await store.change(.createPerson("Ben", in: .staff))
        var names: [[String]] = [], after: Int64?
        repeat {
            let page = try await store.people(in: .staff, after: after, count: 2)
            names.append(page.people.map(\.name))
            after = page.next
        } while after != nil
        #expect(names == [["Zoe", "Ann"], ["Ben"]])
        #expect(try await store.people(in: .staff, after: nil, count: 3).next == nil)
    }
}

@Suite struct TagTests {
    private let temporary = TemporaryDirectory()

    @Test("Tags are sealed, stay with their gallery and go with it") func tags() async throws {
        do {
            let store = try await temporary.store()
            try await store.change(.create(.sample(), tags: ["Marked Key": "Marked Value"]))
            #expect(try await store.tags(of: .staff) == ["Marked Key": "Marked Value"])
            try await store.change(.tag(.staff, adding: ["a": "1", "b": ""], removing: ["Marked Key", "none"]))
            try store.close()
        }
        let store = try await temporary.store()
        #expect(try await store.tags(of: .staff) == ["a": "1", "b": ""])
        #expect(try !temporary.contains(Data("Marked".utf8)))
        #expect(try store.check(.staff) == [])
        let many = Dictionary(uniqueKeysWithValues: (0..<199).map { ("\($0)", "") })
        #expect(await failure { try await store.change(.tag(.staff, adding: many, removing: [])) }?.code == .limitExceeded)
        #expect(try await store.tags(of: .staff).count == 2)
        try await store.change(.tag(.staff, adding: many, removing: ["a"]))
        try await store.change(.delete(.staff))
        try await store.change(.create(.sample()))
        #expect(try await store.tags(of: .staff) == [:])
        #expect(await failure { _ = try await store.tags(of: .guests) }?.code == .galleryNotFound)
    }

    @Test("Damaged tags are told by the check") func damaged() async throws {
        do {
            let store = try await temporary.store()
            try await store.change(.create(.sample(), tags: ["a": "b"]))
            try store.close()
        }
        try temporary.tamper("UPDATE tags SET sealed = zeroblob(40)")
        let store = try await temporary.store()
        #expect(try store.check(.staff).count == 1)
        #expect(await failure { _ = try await store.tags(of: .staff) }?.code == .storageCorrupt)
    }
}
