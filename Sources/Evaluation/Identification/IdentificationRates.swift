public import FaceRecognition

/// Open-set identification at a threshold, by group of the probe's person (ISO/IEC 19795-1; NIST IR 8271, FRTE 1:N).
///
/// The bootstrap draws the probes' people; the gallery is held fixed, so that the intervals are about other probes, not
/// about other galleries.
public struct IdentificationRates: Sendable {
    public let grouping: Grouping
    public let threshold: ComparisonScore
    /// FPIR: of the probes whose person is not in the gallery, those for whom somebody is found.
    public let falsePositive: [EstimatedRate]
    /// FNIR: of the probes whose person is in the gallery, those for whom that person is not found. A probe or a reference
    /// without a template finds nobody.
    public let falseNegative: [EstimatedRate]
    /// The same, where the person must be the first candidate.
    public let rankOneMiss: [EstimatedRate]
    /// Of all probes, those for whom a stranger is found: what the ACLU counted.
    public let strangerFound: [EstimatedRate]
    /// Of the people, those for whom a stranger is found on any of their photographs.
    public let peopleTakenForStrangers: [EstimatedRate]
    /// Is the difference of false positives, and of false negatives, between groups more than chance?
    public let falsePositiveTest: PermutationTest?
    public let falseNegativeTest: PermutationTest?

    public init(
        _ outcomes: [ProbeOutcome], by grouping: Grouping, at threshold: ComparisonScore,
        plan: BootstrapPlan = BootstrapPlan()
    ) {
        func rate(of who: (ProbeOutcome) -> Bool, _ isError: (ProbeOutcome) -> Bool) -> ClusteredRate {
            var errors = Array(repeating: 0, count: grouping.ofPerson.count), trials = errors
            for outcome in outcomes where who(outcome) {
                trials[outcome.person] += 1
                if isError(outcome) { errors[outcome.person] += 1 }
            }
            return ClusteredRate(errors: errors, trials: trials)
        }
        let positive = rate(of: { !$0.hasMate }) { $0.findsStranger(at: threshold) }
        let negative = rate(of: \.hasMate) { !$0.findsMate(at: threshold) }
        let all = rate(of: { _ in true }) { $0.findsStranger(at: threshold) }
        self.grouping = grouping
        self.threshold = threshold
        falsePositive = positive.rates(by: grouping, plan: plan)
        falseNegative = negative.rates(by: grouping, plan: plan)
        rankOneMiss = rate(of: \.hasMate) { !$0.findsMateFirst(at: threshold) }.rates(by: grouping, plan: plan)
        strangerFound = all.rates(by: grouping, plan: plan)
        peopleTakenForStrangers = ClusteredRate(
            errors: all.errors.map { min(1, $0) }, trials: all.trials.map { min(1, $0) }
        ).rates(by: grouping, plan: plan)
        func test(_ rate: ClusteredRate, _ estimated: [EstimatedRate]) -> PermutationTest? {
            let groups = Differentials(estimated, of: grouping)?.ranking.sorted() ?? []
            return PermutationTest(of: rate, by: grouping, groups: groups, seed: plan.seed)
        }
        falsePositiveTest = test(positive, falsePositive)
        falseNegativeTest = test(negative, falseNegative)
    }
}
