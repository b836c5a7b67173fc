public import FaceRecognition

extension ComparisonSurvey {
    /// Scores of different people, counted in equal bins over -1...1.
    /// - Precondition: `bins` is 1 or more.
    public func nonMatedHistogram(bins: Int) -> [Int] {
        var counts = Array(repeating: 0, count: bins)
        for bin in 0..<GroupHistograms.bins { counts[bin * bins / GroupHistograms.bins] += histograms[0].inBin(0, 0, bin) }
        return counts
    }

    /// Scores of one person's photographs, counted alike.
    public func matedHistogram(bins: Int) -> [Int] {
        var counts = Array(repeating: 0, count: bins)
        for one in mated { counts[GroupHistograms.bin(one.score) * bins / GroupHistograms.bins] += 1 }
        return counts
    }

    /// How many comparisons of people of two groups reach a score. Below `floor` the score is rounded down to a bin's
    /// edge, so that the count is never too low, and too high by at most the share of a bin 0.00025 wide.
    public func falseMatches(at score: ComparisonScore, by grouping: Int, _ a: Int, _ b: Int) -> Int {
        let histogram = histograms[grouping]
        guard score.value > -1 else { return histogram.total(a, b) }
        guard score.value <= 1 else { return 0 }
        if score.value >= Double(floor) {
            let groups = groupings[grouping].ofPerson
            return hits(reaching: score).count { hit in
                let x = groups[Int(hit.first)], y = groups[Int(hit.second)]
                return x == a && y == b || x == b && y == a
            }
        }
        return histogram.count(a, b, from: GroupHistograms.bin(Float(score.value)))
    }

    /// The comparisons of different people that reach a score, as far as they were kept.
    func hits(reaching score: ComparisonScore) -> ArraySlice<Hit> {
        hits[..<hits.partitioningIndex { Double($0.score) < score.value }]
    }

    /// The share of all comparisons of different people that reach a score.
    public func falseMatchRate(at score: ComparisonScore) -> CountedRate {
        let count =
            score.value >= Double(floor) ? hits(reaching: score).count : falseMatches(at: score, by: 0, 0, 0)
        return CountedRate(count: count, total: nonMated)
    }

    /// The lowest score that at most the share `rate` of all comparisons of different people reaches.
    public func score(at rate: FalseMatchRate) -> ComparisonScore {
        let limit = CountedRate.largestCount(upTo: rate.value, of: nonMated)
        guard limit < nonMated else { return ComparisonScore(-.infinity) }
        if limit < hits.count { return ComparisonScore(Double(hits[limit].score).nextUp) }
        let bin = Array(0...GroupHistograms.bins).partitioningIndex { histograms[0].count(0, 0, from: $0) <= limit }
        let edge = bin < GroupHistograms.bins ? GroupHistograms.edge(bin) : (1.0).nextUp
        return ComparisonScore(hits.isEmpty ? edge : min(edge, Double(floor)))
    }

    /// The share of comparisons of one person's photographs that do not reach a score; a photograph without a template
    /// reaches none.
    public func falseNonMatchRate(at score: ComparisonScore) -> CountedRate {
        let trials = falseNonMatches(at: score)
        return CountedRate(count: trials.errors.reduce(0, +), total: trials.trials.reduce(0, +))
    }

    func falseNonMatches(at score: ComparisonScore) -> ClusteredRate {
        var errors = (0..<subjects.people).map(subjects.mated(failingToAcquire:))
        var trials = errors
        let first = mated.partitioningIndex { Double($0.score) >= score.value }
        for (i, one) in mated.enumerated() {
            trials[Int(one.person)] += 1
            if i < first { errors[Int(one.person)] += 1 }
        }
        return ClusteredRate(errors: errors, trials: trials)
    }

    /// False non-match rates by group, each with an interval.
    public func falseNonMatchRates(
        at score: ComparisonScore, by grouping: Int, plan: BootstrapPlan = BootstrapPlan()
    ) -> [EstimatedRate] {
        falseNonMatches(at: score).rates(by: groupings[grouping], plan: plan)
    }
}
