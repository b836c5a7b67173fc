import Synchronization

/// A secret that a test changes while a verifier asks for it.
final class LockedSecret: Sendable {
    private let answer: Mutex<@Sendable () throws -> String?>

    init(_ secret: String) { answer = Mutex({ secret }) }

    func set(_ answer: @escaping @Sendable () throws -> String?) { self.answer.withLock { $0 = answer } }
    func value() throws -> String? { try answer.withLock { $0 }() }
}
