import FaceRecognition

/// The error rate at the threshold where false matches and false non-matches are equally frequent, with an interval.
///
/// The interval comes from the bootstrap over people at 48 thresholds around it, with a straight line between them.
public struct EqualErrorRate: Sendable, Hashable {
    public let value: Double
    /// nil where too few errors lie around it, or comparisons that reach so low were not kept.
    public let interval: Interval?

    /// - Returns: nil when the group has no comparisons of one kind.
    public init?(_ survey: ComparisonSurvey, by grouping: Int = 0, group: Int = 0, plan: BootstrapPlan = BootstrapPlan()) {
        let curve = ErrorCurve(survey, by: grouping, group: group)
        guard let value = curve.equalErrorRate else { return nil }
        self.value = value
        let place = curve.points.partitioningIndex { $0.falseNonMatches.value >= $0.falseMatches.value }
        let centre = curve.points[min(place, curve.points.count - 1)].threshold.value
        let thresholds = (-24...24).map { ComparisonScore(centre + Double($0) * 0.005) }
            .filter { $0.value >= Double(survey.floor) && $0.value <= 1 }
        let matches = FalseMatchRates(survey, by: grouping, at: thresholds, acrossGroups: false, plan: plan)
        let rates = thresholds.indices.map { i in
            (
                matches.rate(i, group, group).replicates,
                survey.falseNonMatchRates(at: thresholds[i], by: grouping, plan: plan)[group].replicates
            )
        }.filter { $0.0.count == plan.repetitions && $0.1.count == plan.repetitions }
        guard rates.count >= 2 else {
            interval = nil
            return
        }
        var replicates: [Double] = []
        for b in 0..<plan.repetitions {
            guard let next = rates.firstIndex(where: { $0.1[b] >= $0.0[b] }), next > 0 else { continue }
            let one = rates[next - 1], other = rates[next]
            replicates.append(ErrorCurve.crossing(one.0[b], one.1[b], other.0[b], other.1[b]))
        }
        // A repetition whose crossing lies outside the thresholds says nothing: more than a few, and there is no interval.
        interval = replicates.count * 100 >= plan.repetitions * 99 ? Interval(replicates: replicates) : nil
    }
}
