import Evaluation
import FaceRecognition
import Foundation

/// The findings of an evaluation: the JSON document, and what the report and the terminal show.
struct EvaluationDocument: Encodable {
    struct Rate: Encodable {
        let errors: Int
        let of: Int
        let people: Int
        let rate: Double?
        let low: Double?
        let high: Double?
        /// Why there is no figure: `nothing-counted`, `few-people`, `few-errors`.
        let lack: String?
        /// With too few errors: what the rate stays below, were the comparisons independent.
        let below: Double?

        init(_ rate: EstimatedRate) {
            errors = rate.counted.count
            of = rate.counted.total
            people = rate.people
            self.rate = rate.value
            low = rate.interval?.low
            high = rate.interval.flatMap { $0.high.isFinite ? $0.high : nil }
            lack =
                switch rate.lack {
                case nil: nil
                case .nothingCounted: "nothing-counted"
                case .fewPeople: "few-people"
                case .fewErrors: "few-errors"
                }
            below = rate.upperBound
        }

        /// For the terminal and the report.
        var text: String {
            guard let rate else {
                let why =
                    switch lack {
                    case "nothing-counted": "nothing to count"
                    case "few-people": "no figure: \(people) \(people == 1 ? "person" : "people")"
                    default: "no figure: \(errors) \(errors == 1 ? "error" : "errors")" + (below.map { ", below \($0.percent)" } ?? "")
                    }
                return "\(why) (\(errors) of \(of))"
            }
            let between = low.flatMap { low in high.map { ", \(low.percent) to \($0.percent)" } } ?? ""
            return "\(rate.percent)\(between) (\(errors) of \(of))"
        }
    }

    struct Figure: Encodable {
        let value: Double?
        let low: Double?
        let high: Double?
        init(_ figure: Differentials.Figure) {
            func finite(_ value: Double?) -> Double? { value.flatMap { $0.isFinite ? $0 : nil } }
            value = finite(figure.value)
            low = finite(figure.interval?.low)
            high = finite(figure.interval?.high)
        }
        var text: String {
            func short(_ value: Double) -> String { String(format: "%.2f", value) }
            guard let value else { return "beyond all bounds" }
            return short(value) + (low.map { ", \(short($0)) to \(high.map(short) ?? "no bound")" } ?? "")
        }
    }

    struct Differences: Encodable {
        let best: String
        let worst: String
        let leftOut: [String]
        let worstOverBest: Figure
        let worstOverGeometricMean: Figure
        let gini: Figure
        /// Of the permutation test.
        let p: Double?

        init?(_ differentials: Differentials?, _ test: PermutationTest?, _ grouping: Grouping) {
            guard let differentials else { return nil }
            best = grouping.labels[differentials.best]
            worst = grouping.labels[differentials.worst]
            leftOut = differentials.leftOut.map { grouping.labels[$0] }
            worstOverBest = Figure(differentials.worstOverBest)
            worstOverGeometricMean = Figure(differentials.worstOverMean)
            gini = Figure(differentials.gini)
            p = test?.p
        }
    }

    /// One rate, by group.
    struct ByGroup: Encodable {
        let measure: String
        let groups: [String: Rate]
        let differences: Differences?
        /// Of pairs of groups, where that is measured: `[a][b]`.
        var across: [String: [String: Rate]]?
    }

    struct Table: Encodable {
        let grouping: String
        let labels: [String]
        let people: [String: Int]
        let failuresToAcquire: [String: Rate]
        let measures: [ByGroup]
    }

    struct AtThreshold: Encodable {
        /// As it was asked for: `similarity 80`, `false match rate 1e-4`.
        let name: String
        let similarity: Double?
        let score: Double
        let overall: [String: Rate]
        let tables: [Table]
        /// By the model's calibration, and what was counted over that.
        var calibratedFalseMatchRate: Double?
        var countedOverCalibrated: Double?
    }

    /// Error rates over all thresholds, for the groups of one grouping.
    struct CurveSet: Encodable {
        struct Curve: Encodable {
            let name: String
            /// False match rate, false non-match rate.
            let points: [[Double]]
        }
        let grouping: String
        let curves: [Curve]
    }

    /// Counts in 200 equal bins over -1...1.
    struct Scores: Encodable {
        let different: [Int]
        let same: [Int]
    }

    /// Another system, asked through Rekognition's API.
    struct System: Encodable {
        let endpoint: String
        /// Requests that were sent this time.
        let calls: Int
        /// Answers that an earlier run had kept.
        let answeredEarlier: Int
        /// What made requests be sent again: how often each failure came.
        let askedAgain: [String: Int]
        /// Comparisons that were refused though both photographs show a face.
        let unexplained: Int
        /// Searches with as many candidates as there can be.
        let cut: Int
    }

    let evaluation: String
    /// nil for this one.
    var system: System?
    var finding: String
    let program: String
    let model: String
    let modelDigest: String
    let subject: String
    let photographs: Int
    let people: Int
    let withoutFace: Int
    let unusable: Int
    let photographsDigest: String
    let seed: UInt64
    let repetitions: Int
    let command: String
    var comparisons: [String: Int] = [:]
    var equalErrorRate: [Double?]?
    var curves: [CurveSet] = []
    var scores: Scores?
    var thresholds: [AtThreshold]
    /// Of the photographs, for everybody and for each grouping; empty where another system looked at them.
    var quality: [QualityTable] = []
    /// What the data are and what they cannot show.
    var caveats: [String]
    var secondsExtracting: Double
    var secondsComparing: Double
    var secondsBootstrapping: Double
}

extension Double {
    /// With two digits that count: 0.00012 -> 0.012%.
    var percent: String { self == 0 ? "0%" : 100 * self >= 10 ? String(format: "%.1f%%", 100 * self) : String(format: "%.2g%%", 100 * self) }
}

extension GroupFindings {
    func table(_ subjects: EvaluationSubjects) -> EvaluationDocument.Table {
        func named(_ rates: [EstimatedRate]) -> [String: EvaluationDocument.Rate] {
            Dictionary(uniqueKeysWithValues: zip(grouping.labels, rates.map(EvaluationDocument.Rate.init)))
        }
        func measure(_ name: String, _ compared: Compared) -> EvaluationDocument.ByGroup {
            .init(
                measure: name, groups: named(compared.rates),
                differences: .init(compared.differentials, compared.test, grouping))
        }
        var matches = measure("false match rate", falseMatch)
        matches.across = Dictionary(uniqueKeysWithValues: zip(grouping.labels, across.map(named)))
        return EvaluationDocument.Table(
            grouping: grouping.name, labels: grouping.labels,
            people: Dictionary(uniqueKeysWithValues: grouping.labels.indices.map { (grouping.labels[$0], grouping.members(of: $0).count) }),
            failuresToAcquire: grouping.failures(subjects),
            measures: [matches, measure("false non-match rate", falseNonMatch)])
    }
}

extension Grouping {
    func failures(_ subjects: EvaluationSubjects) -> [String: EvaluationDocument.Rate] {
        Dictionary(
            uniqueKeysWithValues: labels.indices.map { group in
                (labels[group], EvaluationDocument.Rate(EstimatedRate(counted: subjects.failuresToAcquire(group, of: self), people: members(of: group).count)))
            })
    }
}

extension IdentificationRates {
    func table(_ subjects: EvaluationSubjects) -> EvaluationDocument.Table {
        func measure(_ name: String, _ rates: [EstimatedRate], _ test: PermutationTest?) -> EvaluationDocument.ByGroup {
            .init(
                measure: name,
                groups: Dictionary(uniqueKeysWithValues: zip(grouping.labels, rates.map(EvaluationDocument.Rate.init))),
                differences: .init(Differentials(rates, of: grouping), test, grouping))
        }
        return EvaluationDocument.Table(
            grouping: grouping.name, labels: grouping.labels,
            // Of the probes; those of the gallery only have no group.
            people: Dictionary(uniqueKeysWithValues: zip(grouping.labels, peopleTakenForStrangers.map(\.people))),
            failuresToAcquire: grouping.failures(subjects),
            measures: [
                measure("false positive identification rate (FPIR)", falsePositive, falsePositiveTest),
                measure("false negative identification rate (FNIR)", falseNegative, falseNegativeTest),
                measure("rank-1 miss rate", rankOneMiss, nil),
                measure("people taken for a stranger", peopleTakenForStrangers, nil),
            ])
    }
}
