/// A number parted by some trait, for publication: counts below 5 are not told, nor what would give them away by
/// subtraction from the sum.
///
/// Where a count is suppressed, others are withheld, the smallest first, until for every choice of 1 to 4 for each
/// suppressed one there are values for the withheld ones that give the same sum: of 5 or more, and of no more than the
/// smallest that is told, since everybody knows which are withheld first. Where that cannot be reached, nothing but the
/// sum is told; a sum below 5 is suppressed itself. Two reports over different times can still be subtracted from each
/// other.
package struct Breakdown: Sendable, Hashable, Encodable {
    /// The smallest count that is told.
    package static let smallest = 5

    package enum Count: Sendable, Hashable {
        case exactly(Int)
        case fewerThanFive
        /// 5 or more, and not told because it would give away another one.
        case withheld
    }

    package struct Row: Sendable, Hashable {
        package let name: String
        package let count: Count
    }

    package let total: Count
    /// The largest first, those that are not told last, by name. None where they would give something away.
    package let rows: [Row]
    /// Whether there are rows that are not told of at all.
    package let isWithheld: Bool

    /// - Parameter counts: of each trait; all of what is counted has one.
    package init(_ counts: [String: Int]) {
        let counts = counts.filter { $0.value > 0 }
        let sum = counts.values.reduce(0, +)
        total = Count(published: sum)
        let told = counts.filter { $0.value >= Self.smallest }.sorted { ($0.value, $1.key) < ($1.value, $0.key) }
        let small = counts.count - told.count
        guard sum == 0 || sum >= Self.smallest else {
            rows = []
            isWithheld = true
            return
        }
        var withheld = 0
        if small > 0 {
            var hidden = sum - told.reduce(0) { $0 + $1.value }
            repeat {
                guard withheld < told.count else {
                    rows = []
                    isWithheld = true
                    return
                }
                hidden += told[withheld].value
                withheld += 1
            } while !Self.hide(small, in: hidden, told.prefix(withheld), before: told.dropFirst(withheld).first)
        }
        let open = told.dropFirst(withheld).reversed().map { Row(name: $0.key, count: .exactly($0.value)) }
        var closed = told.prefix(withheld).map { Row(name: $0.key, count: .withheld) }
        for (name, count) in counts where count < Self.smallest {
            closed.append(Row(name: name, count: .fewerThanFive))
        }
        rows = open + closed.sorted { $0.name < $1.name }
        isWithheld = false
    }

    /// Whether withheld counts leave open which of 1 to 4 each suppressed one is.
    /// - Parameters:
    ///   - small: how many are suppressed.
    ///   - sum: of those that are suppressed and those that are withheld, which everybody can work out.
    ///   - next: the smallest count that is told, if any is.
    private static func hide(
        _ small: Int, in sum: Int, _ withheld: ArraySlice<[String: Int].Element>, before next: [String: Int].Element?
    ) -> Bool {
        guard sum - small * (smallest - 1) >= withheld.count * smallest else { return false }
        guard let next else { return true }
        // Of equal counts the later names are withheld first.
        let most = withheld.reduce(0) { $0 + ($1.key > next.key ? next.value : next.value - 1) }
        return sum - small <= most
    }
}

extension Breakdown.Count {
    /// A count that stands for itself.
    package init(published count: Int) {
        self = count == 0 || count >= Breakdown.smallest ? .exactly(count) : .fewerThanFive
    }
}

extension Breakdown.Count: Encodable {
    /// A number, `"fewer than 5"` or `"withheld"`.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .exactly(let count): try container.encode(count)
        case .fewerThanFive: try container.encode("fewer than 5")
        case .withheld: try container.encode("withheld")
        }
    }
}

extension Breakdown.Row: Encodable {}
