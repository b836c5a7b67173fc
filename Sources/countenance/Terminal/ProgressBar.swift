import Foundation
import Synchronization

/// A line on the terminal that says how far a long work has come, how fast, and how long it will take. Silent where
/// standard error is no terminal.
final class ProgressBar: Sendable {
    private struct State {
        var done = 0
        var lastDrawn: ContinuousClock.Instant?
    }

    private let total: Int
    private let unit: String
    private let start = ContinuousClock.now
    private let state = Mutex(State())

    init(total: Int, unit: String) {
        self.total = total
        self.unit = unit
    }

    func advance(by count: Int = 1) { move { $0 + count } }

    /// Says how much is done altogether.
    func reach(_ done: Int) { move { _ in done } }

    private func move(_ next: (Int) -> Int) {
        guard Console.errorIsTerminal else { return }
        state.withLock { state in
            state.done = next(state.done)
            let now = ContinuousClock.now
            if let last = state.lastDrawn, now - last < .milliseconds(100), state.done < total { return }
            state.lastDrawn = now
            let seconds = (now - start).milliseconds / 1_000
            let rate = Double(state.done) / max(seconds, 1e-3)
            let left = Double(total - state.done) / max(rate, 1e-9)
            let width = 24
            let filled = total > 0 ? state.done * width / total : width
            let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled)
            let line = String(
                format: "\r\u{1B}[K[%@] %d of %d %@, %.1f a second, %@ left", bar, state.done, total, unit, rate,
                Self.clock(left))
            FileHandle.standardError.write(Data(line.utf8))
        }
    }

    func finish() {
        guard Console.errorIsTerminal else { return }
        FileHandle.standardError.write(Data("\r\u{1B}[K".utf8))
    }

    private static func clock(_ seconds: Double) -> String {
        let s = Int(min(seconds, 359_999).rounded(.up))
        return s < 3_600
            ? String(format: "%d:%02d", s / 60, s % 60) : String(format: "%d:%02d:%02d", s / 3_600, s / 60 % 60, s % 60)
    }
}
