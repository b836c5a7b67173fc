import Foundation
@testable import SQLiteStorage
import Testing

@Suite struct TemplateBlobTests {
    @Test("Numbers come back bit by bit") func roundTrip() throws {
        let numbers: [Float] = [0, -0.0, 1, .leastNonzeroMagnitude, -.greatestFiniteMagnitude, .pi, .infinity]
        let back = try #require([Float](littleEndian: Data(littleEndian: numbers)))
        #expect(back.map(\.bitPattern) == numbers.map(\.bitPattern))
    }

    @Test("The bytes are little-endian") func layout() {
        #expect(Data(littleEndian: [1]) == Data([0, 0, 0x80, 0x3F]))
    }

    @Test("A slice of data is read from its own beginning") func slice() {
        #expect([Float](littleEndian: Data([9, 0, 0, 0x80, 0x3F]).dropFirst()) == [1])
    }

    @Test("A part of a number is refused", arguments: [1, 2, 3, 5]) func partial(count: Int) {
        #expect([Float](littleEndian: Data(count: count)) == nil)
    }
}
