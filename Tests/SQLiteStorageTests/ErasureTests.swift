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

    @Test("Nor do many, forgotten one by one among others that stay", arguments: [64, 512])
    func scattered(dimension: Int) async throws {
        let store = try await temporary.store()
        let faces = (0..<300).map { EnrolledFace.sample($0, dimension: dimension, person: "Marked Name \(1_000 + $0 * 7 % 300)") }
        try await store.change(.enrol(faces, in: .sample(dimension: dimension)))
        // 89 and 300 have no common factor: an order that jumps about.
        for step in 0..<20 {
            let gone = (0..<12).map { faces[(step * 12 + $0) * 89 % 300] }
            try await store.change(.forget(gone.map(\.id), in: .staff))
        }
        for step in 0..<240 {
            let face = faces[step * 89 % 300]
            #expect(try !temporary.contains(face.mark), "face \(step)")
            #expect(try !temporary.contains(Data(face.description.person!.utf8)), "face \(step)")
        }
        #expect(try await store.gallery(.staff).count == 60)
        #expect(try temporary.contains(faces[240 * 89 % 300].mark))
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
