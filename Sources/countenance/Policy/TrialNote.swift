import Foundation
import Synchronization

/// Says with an answer, in one line, that nobody has decided yet who may do what.
enum TrialNote {
    /// Whether something was permitted by the trial policy.
    static let applies = Atomic(false)

    static func show() {
        guard applies.load(ordering: .relaxed) else { return }
        // Behind the answer, also where the answer goes to a file.
        fflush(nil)
        Console.note(
            "The trial policy applies: you may try everything on this machine; faces are kept 30 days unless their gallery says otherwise; `countenance policy --help` tells of real ones."
        )
    }
}
