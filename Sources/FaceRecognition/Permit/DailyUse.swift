package import Foundation
import Synchronization

/// Counts what organisations were permitted today, for limits a day.
///
/// A request counts from the moment it is permitted, so that requests at the same time cannot pass a limit together. What
/// was permitted before this process began is counted in the record, once.
package final class DailyUse: Sendable {
    /// How many searches and comparisons an organisation was permitted for a purpose since a moment.
    package typealias Count = @Sendable (_ organisation: String, _ purpose: String, _ since: Date) async throws -> Int

    private struct Key: Hashable {
        let organisation: String
        let purpose: String
    }
    private struct State {
        var day = Date.distantPast
        var counts: [Key: Int] = [:]
    }

    private let state = Mutex(State())
    private let count: Count

    package init(count: @escaping Count) { self.count = count }

    private static let day: TimeInterval = 86_400

    static func end(ofDayOf time: Date) -> Date { start(ofDayOf: time).addingTimeInterval(day) }

    /// Days are those of UTC.
    private static func start(ofDayOf time: Date) -> Date {
        Date(timeIntervalSince1970: (time.timeIntervalSince1970 / day).rounded(.down) * day)
    }

    /// - Returns: false when none is left.
    func take(one organisation: String, for purpose: String, of limit: Int, at time: Date) async throws -> Bool {
        let key = Key(organisation: organisation, purpose: purpose), today = Self.start(ofDayOf: time)
        // A request that began before midnight and comes after those of the new day is counted by itself.
        guard state.withLock({ $0.day <= today }) else { return try await count(organisation, purpose, today) < limit }
        if state.withLock({ $0.day != today || $0.counts[key] == nil }) {
            let before = try await count(organisation, purpose, today)
            state.withLock { state in
                if state.day < today { state = State(day: today) }
                // Another request may have counted meanwhile, and taken some already.
                state.counts[key] = max(before, state.counts[key] ?? 0)
            }
        }
        return state.withLock { state in
            guard let used = state.counts[key], used < limit else { return false }
            state.counts[key] = used + 1
            return true
        }
    }
}
