import FaceRecognition

/// Whom the photographs of an evaluation show, and to which groups these people belong.
public struct EvaluationSubjects: Sendable {
    /// How many people there are.
    public let people: Int
    /// For each photograph that has a template, the number of its person.
    public let ofPhotographs: [Int]
    /// For each person, how many of its photographs have a template, and how many have none: failures to acquire.
    public let acquired: [Int]
    public let failed: [Int]
    public let groupings: [Grouping]

    /// - Parameters:
    ///   - acquired: for each photograph with a template the number of its person, 0..<people.
    ///   - failed: the same for each photograph without one.
    /// - Throws: `.invalidValue` when a number or a grouping does not fit the people.
    public init(people: Int, acquired: [Int], failed: [Int] = [], groupings: [Grouping] = []) throws {
        guard (acquired + failed).allSatisfy({ (0..<people).contains($0) }),
            groupings.allSatisfy({ $0.ofPerson.count == people })
        else {
            throw RecognitionError(.invalidValue, "Photographs and groups must name the \(people) people of the evaluation.")
        }
        self.people = people
        ofPhotographs = acquired
        self.acquired = acquired.reduce(into: Array(repeating: 0, count: people)) { $0[$1] += 1 }
        self.failed = failed.reduce(into: Array(repeating: 0, count: people)) { $0[$1] += 1 }
        self.groupings = groupings
    }

    /// Photographs without a template, of all photographs of a group's people.
    public func failuresToAcquire(_ group: Int, of grouping: Grouping) -> CountedRate {
        let members = grouping.members(of: group)
        let lost = members.map { failed[$0] }.reduce(0, +)
        return CountedRate(count: lost, total: lost + members.map { acquired[$0] }.reduce(0, +))
    }

    /// Comparisons of two photographs of one person of which at least one has no template.
    func mated(failingToAcquire person: Int) -> Int {
        failed[person] * acquired[person] + failed[person] * (failed[person] - 1) / 2
    }

    func mated(_ person: Int) -> Int { acquired[person] * (acquired[person] - 1) / 2 }
}

extension Grouping {
    /// The people of a group.
    public func members(of group: Int) -> [Int] { ofPerson.indices.filter { ofPerson[$0] == group } }
}
