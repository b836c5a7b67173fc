import FaceRecognition

/// One way to sort people into groups: a column of a manifest, such as ethnicity.
public struct Grouping: Sendable, Hashable {
    /// What people are called who have no label in this column: they are counted, and no figure is theirs.
    public static let unstated = "(not stated)"
    /// More groups than this cannot be shown, and are most likely a column of names.
    public static let mostGroups = 64

    public let name: String
    /// Sorted, the unstated one last where there is one.
    public let labels: [String]
    /// For each person the number of its label.
    public let ofPerson: [Int]

    /// - Parameter values: for each person a label; nil or empty where it is not known.
    /// - Throws: `.invalidValue` for more than 64 groups.
    public init(name: String, values: [String?]) throws {
        let stated = Set(values.compactMap { $0 }.filter { !$0.isEmpty }).sorted()
        let lacks = values.contains { $0?.isEmpty ?? true }
        guard stated.count <= Self.mostGroups else {
            throw RecognitionError(
                .invalidValue,
                "The column \(name) has \(stated.count) different values; groups can be \(Self.mostGroups) at most.")
        }
        let numbers = Dictionary(uniqueKeysWithValues: stated.enumerated().map { ($1, $0) })
        self.name = name
        labels = stated + (lacks ? [Self.unstated] : [])
        ofPerson = values.map { $0.flatMap { numbers[$0] } ?? stated.count }
    }

    /// Everybody in one group.
    public static func everybody(_ people: Int) -> Grouping {
        Grouping(name: "all", labels: ["everybody"], ofPerson: Array(repeating: 0, count: people))
    }

    private init(name: String, labels: [String], ofPerson: [Int]) {
        self.name = name
        self.labels = labels
        self.ofPerson = ofPerson
    }

    /// Whether the group stands for people without a label.
    public func isUnstated(_ group: Int) -> Bool { labels[group] == Self.unstated }

    /// The same people under other labels, by a permutation of the people.
    func relabelled(_ order: [Int]) -> Grouping {
        Grouping(name: name, labels: labels, ofPerson: order.map { ofPerson[$0] })
    }
}
