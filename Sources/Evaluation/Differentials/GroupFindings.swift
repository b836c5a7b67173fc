public import FaceRecognition

/// What an evaluation says about one grouping at one threshold: the rates, how far apart they are, and whether that is
/// more than chance.
public struct GroupFindings: Sendable {
    public struct Compared: Sendable {
        /// One for each group.
        public let rates: [EstimatedRate]
        /// nil where fewer than two groups have counts that carry a rate.
        public let differentials: Differentials?
        public let test: PermutationTest?

        public init(rates: [EstimatedRate], differentials: Differentials?, test: PermutationTest?) {
            self.rates = rates
            self.differentials = differentials
            self.test = test
        }
    }

    public let grouping: Grouping
    public let threshold: ComparisonScore
    /// False match rates of every pair of groups: `[a][b]`.
    public let across: [[EstimatedRate]]
    /// Within each group.
    public let falseMatch: Compared
    public let falseNonMatch: Compared

    /// The findings for one of the survey's groupings at each threshold.
    public static func all(
        _ survey: ComparisonSurvey, by grouping: Int, at thresholds: [ComparisonScore],
        plan: BootstrapPlan = BootstrapPlan()
    ) -> [GroupFindings] {
        let matches = FalseMatchRates(survey, by: grouping, at: thresholds, plan: plan)
        let groups = survey.groupings[grouping]
        return thresholds.indices.map { i in
            let within = matches.withinGroups(i)
            let misses = survey.falseNonMatchRates(at: thresholds[i], by: grouping, plan: plan)
            let matchDifferentials = Differentials(within, of: groups)
            let missDifferentials = Differentials(misses, of: groups)
            return GroupFindings(
                grouping: groups, threshold: thresholds[i],
                across: groups.labels.indices.map { a in groups.labels.indices.map { matches.rate(i, a, $0) } },
                falseMatch: Compared(
                    rates: within, differentials: matchDifferentials,
                    test: matchDifferentials.flatMap {
                        PermutationTest(
                            falseMatchesOf: survey, by: grouping, groups: $0.ranking.sorted(), at: thresholds[i],
                            seed: plan.seed)
                    }),
                falseNonMatch: Compared(
                    rates: misses, differentials: missDifferentials,
                    test: missDifferentials.flatMap {
                        PermutationTest(
                            falseNonMatchesOf: survey, by: grouping, groups: $0.ranking.sorted(), at: thresholds[i],
                            seed: plan.seed)
                    }))
        }
    }
}
