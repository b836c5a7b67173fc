import Testing

@testable import RekognitionAPI

@Suite("Admission") struct AdmissionTests {
    private func limits(requests: Int, bytes: Int = 1_000, ofOneKey: Int) -> Admission.Limits {
        var limits = Admission.Limits(requests: requests)
        limits.bytes = bytes
        limits.requestsOfOneKey = ofOneKey
        return limits
    }

    /// Whether there is a place for one more while `held` are there.
    private func isTaken(
        _ admission: Admission, holding held: [(key: String, bytes: Int)], then key: String, _ bytes: Int
    ) async throws -> Bool {
        guard let first = held.first else {
            do {
                try await admission.admitting(key: key, bytes: bytes) {}
                return true
            } catch let error as ServiceError {
                #expect(error.name == .throttling)
                return false
            }
        }
        return try await admission.admitting(key: first.key, bytes: first.bytes) {
            try await isTaken(admission, holding: Array(held.dropFirst()), then: key, bytes)
        }
    }

    @Test("Requests, bytes and one key's share have limits that hold at n and break at n + 1")
    func bounds() async throws {
        let some = Admission(limits(requests: 3, ofOneKey: 2))
        #expect(try await isTaken(some, holding: [("a", 1), ("b", 1)], then: "c", 1))
        #expect(try await !isTaken(some, holding: [("a", 1), ("b", 1), ("c", 1)], then: "d", 1))
        #expect(try await isTaken(some, holding: [("a", 1)], then: "a", 1))
        #expect(try await !isTaken(some, holding: [("a", 1), ("a", 1)], then: "a", 1))
        #expect(try await isTaken(some, holding: [("a", 1), ("a", 1)], then: "b", 1))
        #expect(try await isTaken(some, holding: [("a", 600)], then: "b", 400))
        #expect(try await !isTaken(some, holding: [("a", 600)], then: "b", 401))
        #expect(some.current == 0)
    }

    @Test("A place is free again when the request fails")
    func failure() async throws {
        let one = Admission(limits(requests: 1, ofOneKey: 1))
        for _ in 0..<3 {
            await #expect(throws: CancellationError.self) {
                try await one.admitting(key: "a", bytes: 1_000) { throw CancellationError() }
            }
        }
        #expect(one.current == 0)
    }
}
