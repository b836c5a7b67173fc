package import Foundation

/// What was done with the system in a span of time, counted from its record, for publication. Nobody's name,
/// photograph or face is in it, and no count that stands for fewer than 5 requests.
package struct TransparencyReport: Sendable, Hashable, Encodable {
    package let from: Date
    /// Not in it.
    package let to: Date
    /// Searches of galleries that were permitted, by the kind of organisation that asked.
    package let searchesByKind: Breakdown
    package let searchesByPurpose: Breakdown
    /// How many candidates, or why there was no answer.
    package let searchesByOutcome: Breakdown
    /// What else was permitted. No search is among it: two numbers that share one could be subtracted from each other.
    package let otherRequestsByOperation: Breakdown
    package let refusalsByRule: Breakdown
    package let refusalsByOperation: Breakdown
    /// Moratoria of the policy in force when the report was made that hold at some moment of this time, in a sentence
    /// each. What policies before it said is not known.
    package let moratoria: [String]
}

extension TransparencyReport {
    /// Counts entries, one after another.
    package struct Tally: Sendable {
        private let from: Date
        private let to: Date
        private var kinds: [String: Int] = [:], purposes: [String: Int] = [:], outcomes: [String: Int] = [:]
        private var others: [String: Int] = [:], rules: [String: Int] = [:], refused: [String: Int] = [:]
        /// A search whose candidates may go on in the next entry.
        private var pending: (request: UUID, candidates: Int)?

        /// - Parameters:
        ///   - from: the first moment.
        ///   - to: the first moment after.
        package init(from: Date, to: Date) {
            self.from = from
            self.to = to
        }

        /// - Parameter record: the next one; the parts of one request follow each other.
        package mutating func add(_ record: Record) {
            guard record.time >= from, record.time < to else { return }
            if record.isFirstPart {
                count(record)
            } else if let pending, pending.request == record.requestID, let more = record.candidates?.count {
                outcomes[Self.outcome(pending.candidates), default: 0] -= 1
                outcomes[Self.outcome(pending.candidates + more), default: 0] += 1
                self.pending = (record.requestID, pending.candidates + more)
            }
        }

        private mutating func count(_ record: Record) {
            switch (record.decision, record.operation) {
            case (.permitted, .identify):
                kinds[record.kind ?? Self.unstated, default: 0] += 1
                purposes[record.purpose ?? Self.unstated, default: 0] += 1
                let found = record.candidates?.count
                outcomes[found.map(Self.outcome) ?? record.outcome, default: 0] += 1
                pending = found.map { (record.requestID, $0) }
            case (.permitted, _):
                others[record.operation.rawValue, default: 0] += 1
            case (.refused, _):
                rules[record.rule, default: 0] += 1
                refused[record.operation.rawValue, default: 0] += 1
            }
        }

        /// - Parameter moratoria: of the present policy, those that hold in this time, in a sentence each.
        package func report(moratoria: [String]) -> TransparencyReport {
            TransparencyReport(
                from: from, to: to, searchesByKind: Breakdown(kinds), searchesByPurpose: Breakdown(purposes),
                searchesByOutcome: Breakdown(outcomes), otherRequestsByOperation: Breakdown(others),
                refusalsByRule: Breakdown(rules), refusalsByOperation: Breakdown(refused), moratoria: moratoria)
        }

        private static let unstated = "not stated"

        private static func outcome(_ candidates: Int) -> String {
            switch candidates {
            case ...0: "no candidate"
            case 1: "1 candidate"
            case ...5: "2 to 5 candidates"
            case ...20: "6 to 20 candidates"
            default: "more than 20 candidates"
            }
        }
    }
}
