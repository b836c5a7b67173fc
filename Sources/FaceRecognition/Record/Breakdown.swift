/// A number parted by some trait, for publication: counts below 5 are not told, nor what would give them away by
/// subtraction from the sum.
///
/// Where a count is suppressed, others are withheld, the smallest first, until for every choice of 1 to 4 for each
/// suppressed one there are values of 5 or more for the withheld ones that give the same sum. Where that cannot be
/// reached, nothing but the sum is told; a sum below 5 is suppressed itself. Two reports over different times can
/// still be subtracted from each other.
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
            } while hidden - small * (Self.smallest - 1) < withheld * Self.smallest
        }
        let open = told.dropFirst(withheld).reversed().map { Row(name: $0.key, count: .exactly($0.value)) }
        var closed = told.prefix(withheld).map { Row(name: $0.key, count: .withheld) }
        for (name, count) in counts where count < Self.smallest {
            closed.append(Row(name: name, count: .fewerThanFive))
        }
        rows = open + closed.sorted { $0.name < $1.name }
        isWithheld = false
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
