import Foundation
import Testing

extension EndToEnd {
    @Suite("A signal ends a command in order")
    struct InterruptionTests {
        @Test(
            "An enrolment that is interrupted keeps what it reported, and goes on when it is run again",
            arguments: [SIGINT, SIGTERM])
        func enrol(signal: Int32) async throws {
            let place = try Place()
            let count = 120
            // No more than a person may have.
            for i in 1...count {
                try place.photograph("people/\(i % 2 == 0 ? "ada" : "ben")/\(i).jpg", of: "obama.jpg", padding: i)
            }
            let running = try place.start(["enrol", "--gallery", "g", "--json", "people"])
            try await running.begin()
            kill(running.process, signal)
            let ended = try await running.end()
            #expect(ended.code == 128 + signal)
            #expect(ended.err.isOneSentence && ended.err.contains("Interrupted"), "\(ended.err)")
            let reported = try ended.jsonLines().map { try #require($0["face"].string) }
            #expect(!reported.isEmpty && reported.count < count)
            let kept = try await place.run("gallery", "faces", "g", "--json").jsonLines().compactMap {
                $0["face"].string
            }
            #expect(Set(kept).isSuperset(of: reported))
            let again = try await place.run("enrol", "--gallery", "g", "people")
            #expect(
                again.code == 0 && again.out.contains("\(count - kept.count) enrolled, \(kept.count) enrolled before"))
        }
    }
}
