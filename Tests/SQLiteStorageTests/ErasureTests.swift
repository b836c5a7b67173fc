import FaceRecognition
import struct FaceRecognition.Record
import Foundation
import GRDB
@testable import SQLiteStorage
import Testing

/// Nothing of a person is left in the data directory's files, closed or open.
@Suite struct ErasureTests {
    private let temporary = TemporaryDirectory()

    @Test("A forgotten face leaves neither its template nor a name behind") func forget() async throws {
        let store = try await temporary.store()
        let face = EnrolledFace.sample(1, dimension: 512, person: "Marked Name")
        try await store.enrol(face, in: .sample(dimension: 512))
        // The search finds what is there.
        #expect(try temporary.contains(face.mark))
        #expect(try temporary.contains(Data("Marked Name".utf8)))
        try await store.forget(face)
        #expect(try !temporary.contains(face.mark))
        #expect(try !temporary.contains(Data("Marked Name".utf8)))
    }

    // Names of all lengths, and enrolling in between, make SQLite move rows from page to page: `secure_delete` alone
    // leaves copies of some of them behind then.
    @Test("Nor do many that are forgotten among others that stay, while more are enrolled") func scattered() async throws {
        let store = try await temporary.store()
        var random = SeededGenerator(state: 1)
        var enrolled: [EnrolledFace] = [], forgotten: [EnrolledFace] = []
        for round in 0..<6 {
            let new = (0..<80).map { number in
                let length = Int.random(in: 0...([5, 60, 900].randomElement(using: &random)!), using: &random)
                let person = "Marked \(Int.random(in: 100_000..<1_000_000, using: &random)) " + String(repeating: "x", count: length)
                return EnrolledFace.sample(100 * round + number, dimension: 64, person: person)
            }
            try await store.change(.enrol(new, in: .sample(dimension: 64)))
            enrolled = (enrolled + new).shuffled(using: &random)
            let gone = enrolled.prefix(60)
            try await store.change(.forget(gone.map(\.id), in: .staff))
            enrolled.removeFirst(60)
            forgotten += gone
        }
        let files = try temporary.bytes()
        for face in forgotten {
            #expect(files.range(of: face.mark) == nil)
            #expect(files.range(of: Data(face.description.person!.utf8.prefix(14))) == nil)
        }
        #expect(files.range(of: enrolled[0].mark) != nil)
        #expect(Set(try await store.faces(in: .staff, nil)) == Set(enrolled.map(\.description)))
    }

    @Test("Nor does a deleted gallery") func delete() async throws {
        let store = try await temporary.store()
        let face = EnrolledFace.sample(1, person: "Marked Name")
        try await store.enrol(face)
        try await store.change(.delete(.staff))
        #expect(try !temporary.contains(face.mark))
        #expect(try !temporary.contains(Data("Marked Name".utf8)))
    }

    @Test("What could not be erased at once is erased when the store is opened again") func later() async throws {
        let face = EnrolledFace.sample(1, person: "Marked Name")
        do {
            let store = try await temporary.store()
            try await store.enrol(face)
            // As if the power had gone right after the commit.
            try store.onConnection { db in
                try db.execute(sql: "PRAGMA secure_delete = OFF")
                try db.inOneTransaction { try db.apply(.forget([face.id], in: .staff)) }
            }
        }
        #expect(try temporary.contains(face.mark))
        _ = try await temporary.store()
        #expect(try !temporary.contains(face.mark))
        #expect(try !temporary.contains(Data("Marked Name".utf8)))
    }
}
