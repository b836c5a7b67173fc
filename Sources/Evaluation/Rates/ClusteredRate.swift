/// A rate whose errors belong to one person each, such as false non-matches: the bootstrap over people is then that of
/// clusters (Field and Welsh, JRSS B 69(3), 2007).
struct ClusteredRate {
    /// For each person.
    let errors: [Int]
    let trials: [Int]

    /// By group, with replicates.
    func rates(by grouping: Grouping, plan: BootstrapPlan) -> [EstimatedRate] {
        let groups = grouping.labels.count
        let weights = PersonWeights(grouping, seed: plan.seed)
        var sums = Array(repeating: (errors: 0, trials: 0, people: 0), count: groups)
        let involved = grouping.ofPerson.indices.filter { trials[$0] > 0 }
        for person in involved {
            let group = grouping.ofPerson[person]
            sums[group].errors += errors[person]
            sums[group].trials += trials[person]
            sums[group].people += 1
        }
        var replicates: [[Double]] = Array(repeating: [], count: groups)
        if sums.contains(where: { $0.errors >= EstimatedRate.leastErrors }) {
            var drawn = weights.none
            for repetition in 0..<plan.repetitions {
                weights(repetition, into: &drawn)
                var own = Array(repeating: (errors: 0, trials: 0), count: groups)
                for person in involved where drawn[person] > 0 {
                    let group = grouping.ofPerson[person], weight = Int(drawn[person])
                    own[group].errors += weight * errors[person]
                    own[group].trials += weight * trials[person]
                }
                // Nobody drawn who has a trial: as good as no knowledge; the rate itself stands in.
                for group in 0..<groups {
                    replicates[group].append(
                        own[group].trials > 0
                            ? Double(own[group].errors) / Double(own[group].trials)
                            : Double(sums[group].errors) / Double(max(1, sums[group].trials)))
                }
            }
        }
        return (0..<groups).map { group in
            EstimatedRate(
                CountedRate(count: sums[group].errors, total: sums[group].trials), people: sums[group].people
            ) { replicates[group] }
        }
    }
}
