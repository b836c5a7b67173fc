import Foundation

/// Memory that decodes share: one that needs more than is left waits until others are done. It holds a thread of the
/// caller's meanwhile, so it is for threads that may block.
public final class DecodingBudget: Sendable {
    private let bytes: Int
    private let condition = NSCondition()
    // Read and changed only between the condition's `lock` and `unlock`.
    private nonisolated(unsafe) var left: Int

    /// - Parameter bytes: what all decodes at once may take; one that alone needs more runs when no other does.
    public init(bytes: Int) {
        self.bytes = bytes
        left = bytes
    }

    func spending<Result>(_ wanted: Int, _ body: () throws -> Result) rethrows -> Result {
        let share = min(max(0, wanted), bytes)
        condition.lock()
        while left < share { condition.wait() }
        left -= share
        condition.unlock()
        defer {
            condition.lock()
            left += share
            condition.broadcast()
            condition.unlock()
        }
        return try body()
    }
}
