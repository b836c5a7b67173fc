import Foundation

/// Error rates of groups against each other, both axes logarithmic. Lines differ by dashes and by a letter at their end,
/// so that they can be told apart without colour (colours: Okabe and Ito, 2008).
struct DETDrawing {
    let svg: String

    private static let colours = ["#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00"]
    private static let dashes = ["", "8 4", "2 3", "10 3 2 3", "5 5", "1 5", "12 4"]

    init(_ set: EvaluationDocument.CurveSet) {
        let left = 70.0, top = 20.0, width = 480.0, height = 380.0
        func x(_ rate: Double) -> Double { left + width * (log10(max(rate, 1e-6)) + 6) / 6 }
        func y(_ rate: Double) -> Double { top + height * (0 - log10(max(rate, 1e-4))) / 4 }
        var lines = ""
        for power in -6...0 {
            let at = x(pow(10, Double(power)))
            lines += "<line x1=\"\(at.svg)\" y1=\"\(top)\" x2=\"\(at.svg)\" y2=\"\(top + height)\" stroke=\"#ccc\"/><text x=\"\(at.svg)\" y=\"\(top + height + 18)\" text-anchor=\"middle\">\(power == 0 ? "1" : "1e\(power)")</text>"
        }
        for power in -4...0 {
            let at = y(pow(10, Double(power)))
            lines += "<line x1=\"\(left)\" y1=\"\(at.svg)\" x2=\"\(left + width)\" y2=\"\(at.svg)\" stroke=\"#ccc\"/><text x=\"\(left - 8)\" y=\"\((at + 4).svg)\" text-anchor=\"end\">\(power == 0 ? "1" : "1e\(power)")</text>"
        }
        var legend = ""
        for (i, curve) in set.curves.enumerated() {
            let colour = Self.colours[i % Self.colours.count], dash = Self.dashes[i % Self.dashes.count]
            let letter = String(UnicodeScalar(UInt8(65 + i % 26)))
            let points = curve.points.filter { $0[0] > 0 && $0[1] > 0 }
            let path = points.map { "\(x($0[0]).svg),\(y($0[1]).svg)" }.joined(separator: " ")
            lines += "<polyline fill=\"none\" stroke=\"\(colour)\" stroke-width=\"2\" stroke-dasharray=\"\(dash)\" points=\"\(path)\"/>"
            if let only = points.first, points.count == 1 {
                lines += "<circle cx=\"\(x(only[0]).svg)\" cy=\"\(y(only[1]).svg)\" r=\"4\" fill=\"\(colour)\"/>"
            }
            if let end = points.last {
                lines += "<text x=\"\((x(end[0]) - 12).svg)\" y=\"\((y(end[1]) - 4).svg)\" font-weight=\"bold\" fill=\"\(colour)\">\(letter)</text>"
            }
            let why = curve.points.isEmpty ? "nothing to compare" : "no false non-match"
            let row = top + height + 62 + 22 * Double(i)
            legend += "<line x1=\"\(left)\" y1=\"\(row - 5)\" x2=\"\(left + 50)\" y2=\"\(row - 5)\" stroke=\"\(colour)\" stroke-width=\"2\" stroke-dasharray=\"\(dash)\"/><text x=\"\(left + 60)\" y=\"\(row)\">\(letter): \(curve.name.escaped)\(points.isEmpty ? ": \(why), no line" : "")</text>"
        }
        let size = top + height + 62 + 22 * Double(set.curves.count)
        let ends = set.curves.map { curve in
            let at = curve.points.first { $0[0] <= 1e-3 }
            return "\(curve.name): false non-match rate \(at?[1].percent ?? "unknown") at a false match rate of 0.1%"
        }.joined(separator: "; ")
        svg = "<figure><figcaption>Detection error trade-off by \(set.grouping.escaped): further down and to the left is better. Groups that make no error at a rate have no line there.</figcaption><div class=\"wide\"><svg viewBox=\"0 0 600 \(size)\" role=\"img\" aria-label=\"\(("Curves. " + ends).escaped)\" font-size=\"14\" font-family=\"sans-serif\">\(lines)<text x=\"\(left + width / 2)\" y=\"\(top + height + 38)\" text-anchor=\"middle\">false match rate</text><text transform=\"translate(16 \(top + height / 2)) rotate(-90)\" text-anchor=\"middle\">false non-match rate</text>\(legend)</svg></div></figure>"
    }
}

/// How the scores of one person's photographs and of different people's lie, each to its own height.
struct ScoreDrawing {
    let svg: String

    init(_ scores: EvaluationDocument.Scores, thresholds: [EvaluationDocument.AtThreshold]) {
        let left = 20.0, top = 30.0, width = 560.0, height = 220.0
        func x(_ score: Double) -> Double { left + width * (score + 1) / 2 }
        func area(_ counts: [Int], _ style: String) -> String {
            let most = Double(max(1, counts.max() ?? 1))
            let points = counts.enumerated().map { i, count in
                "\(x(-1 + (Double(i) + 0.5) * 2 / Double(counts.count)).svg),\((top + height * (1 - Double(count) / most)).svg)"
            }.joined(separator: " ")
            return "<polygon points=\"\(left),\(top + height) \(points) \(left + width),\(top + height)\" \(style)/>"
        }
        var marks = ""
        for (i, row) in thresholds.filter({ $0.similarity != nil && $0.score.isFinite }).enumerated() {
            let at = x(row.score).svg
            marks += "<line x1=\"\(at)\" y1=\"\(top - 4)\" x2=\"\(at)\" y2=\"\(top + height)\" stroke=\"#000\" stroke-dasharray=\"2 3\"/><text x=\"\(at)\" y=\"\(i % 2 == 0 ? top - 6 : top - 18)\" text-anchor=\"middle\" font-size=\"11\">\(row.similarity?.formatted() ?? "")</text>"
        }
        for tick in stride(from: -1.0, through: 1, by: 0.25) {
            marks += "<text x=\"\(x(tick).svg)\" y=\"\(top + height + 18)\" text-anchor=\"middle\">\(tick.formatted())</text>"
        }
        svg = "<figure><figcaption>Scores of different people (grey) and of one person's photographs (outlined), each to its own height; the dotted lines are similarities.</figcaption><div class=\"wide\"><svg viewBox=\"0 0 600 300\" role=\"img\" aria-label=\"Two distributions of scores: \(scores.different.reduce(0, +)) comparisons of different people and \(scores.same.reduce(0, +)) of one person.\" font-size=\"13\" font-family=\"sans-serif\">\(area(scores.different, "fill=\"#bbb\" stroke=\"#777\""))\(area(scores.same, "fill=\"none\" stroke=\"#000\" stroke-width=\"2\""))\(marks)<text x=\"300\" y=\"292\" text-anchor=\"middle\">comparison score</text></svg></div></figure>\n"
    }
}

/// Rates of pairs of groups: darker is higher, and each field has its number, so that no colour is needed.
struct HeatMap {
    let svg: String

    init(labels: [String], rates: [String: [String: EvaluationDocument.Rate]], title: String) {
        let side = 74.0, margin = 190.0, size = Double(labels.count)
        // Half a line's width above the first field; below the last one room for the longest label, aslant.
        let top = 1.0, bottom = top + size * side, below = 28 + 3.5 * Double(labels.map(\.count).max() ?? 0)
        let values = labels.flatMap { a in labels.compactMap { rates[a]?[$0]?.rate }.filter { $0 > 0 } }
        let low = log10(values.min() ?? 1), high = log10(values.max() ?? 1)
        var fields = "", words: [String] = []
        for (i, a) in labels.enumerated() {
            let middle = (Double(i) + 0.5) * side
            fields += "<text x=\"\(margin - 8)\" y=\"\(top + middle + 4)\" text-anchor=\"end\">\(a.escaped)</text>"
            fields += "<text transform=\"translate(\(margin + middle) \(bottom + 16)) rotate(30)\">\(a.escaped)</text>"
            for (j, b) in labels.enumerated() where j <= i {
                let rate = rates[a]?[b], value = rate?.rate
                let depth = value.map { $0 > 0 && high > low ? (log10($0) - low) / (high - low) : 0 } ?? 0
                let grey = Int(255 - 190 * depth)
                let x = margin + Double(j) * side, y = top + Double(i) * side
                fields += "<rect x=\"\(x)\" y=\"\(y)\" width=\"\(side)\" height=\"\(side)\" stroke=\"#555\" fill=\"\(value == nil ? "#fff" : "rgb(\(grey),\(grey),\(grey))")\"/><text x=\"\(x + side / 2)\" y=\"\(y + side / 2 + 4)\" text-anchor=\"middle\" fill=\"\(depth > 0.55 ? "#fff" : "#111")\">\(value?.percent ?? "too few")</text>"
                words.append("\(a) with \(b): \(value?.percent ?? "too few")")
            }
        }
        svg = "<figure><figcaption>\(title.escaped)</figcaption><div class=\"wide\"><svg viewBox=\"0 0 \(margin + size * side + 110) \(bottom + below)\" role=\"img\" aria-label=\"\(words.joined(separator: "; ").escaped)\" font-size=\"13\" font-family=\"sans-serif\">\(fields)</svg></div></figure>\n"
    }
}

extension Double {
    fileprivate var svg: String { String(format: "%.1f", self) }
}
