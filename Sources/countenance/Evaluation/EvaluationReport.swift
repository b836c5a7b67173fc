import Foundation

/// An evaluation as one page of HTML: no network, no script, drawings as SVG that read in grey as well.
struct EvaluationReport {
    let html: String

    /// - Parameter photographs: a section that shows some; empty where nobody asked for it.
    init(_ document: EvaluationDocument, photographs: String = "") {
        var body = "<h1>How often is it wrong, and for whom?</h1>\n<p class=\"finding\">\(document.finding.escaped)</p>\n"
        body += Self.facts(document)
        if !document.curves.isEmpty {
            body += "<h2>Errors against each other</h2>\n" + Self.section(document.curves.map(DETDrawing.init).map(\.svg))
        }
        if let scores = document.scores {
            body += "<h2>Scores</h2>\n" + ScoreDrawing(scores, thresholds: document.thresholds).svg
        }
        let counted = document.isOfSearches ? "searches" : "comparisons"
        for row in document.thresholds { body += Self.threshold(row, counted) }
        if !document.quality.isEmpty { body += Self.quality(document.quality) }
        body += photographs
        body += "<h2>What these data are, and what they cannot show</h2>\n<ul>\n"
        body += document.caveats.map { "<li>\($0.escaped)</li>\n" }.joined() + "</ul>\n"
        body += "<h2>How to make this report again</h2>\n<pre>\(document.command.escaped)</pre>\n"
        body += """
            <dl><dt>Program</dt><dd>Countenance \(document.program)</dd>\(Self.system(document))
            <dt>Photographs</dt><dd>SHA-256 over all of theirs <code>\(document.photographsDigest)</code></dd>
            <dt>Chance</dt><dd>seed \(document.seed), \(document.repetitions) repetitions</dd></dl>

            """
        html = """
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'\(photographs.isEmpty ? "" : "; img-src data:")">
            <title>Evaluation: \(document.evaluation)</title>
            <style>\(Self.style)</style></head><body><main>
            \(body)</main></body></html>

            """
    }

    static let style = """
        :root{color-scheme:light}*{box-sizing:border-box}body{margin:0;font:1rem/1.5 system-ui,sans-serif;color:#111;background:#fff}
        main{max-width:60rem;margin:0 auto;padding:1rem}h1{font-size:1.6rem;line-height:1.2}h2{margin-top:2rem;border-top:2px solid #111;padding-top:.5rem;font-size:1.25rem}
        h3{font-size:1.05rem}.finding{font-size:1.15rem;border-left:.4rem solid #111;padding:.4rem .8rem;background:#f2f2f2}
        .wide{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.9rem}caption{text-align:left;font-weight:600;padding:.3rem 0}
        th,td{border:1px solid #999;padding:.25rem .5rem;text-align:left;vertical-align:top}thead th{background:#eee}
        figure{margin:1rem 0}figcaption{margin-bottom:.5rem}svg{width:100%;min-width:34rem;max-width:44rem;height:auto;display:block}pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#f2f2f2;padding:.5rem}
        .photographs img{display:block;max-width:100%;height:auto}.photographs td{overflow-wrap:anywhere}code{overflow-wrap:anywhere}dt{font-weight:600}dd{margin:0 0 .4rem}.none{color:#555}
        """

    private static func quality(_ tables: [EvaluationDocument.QualityTable]) -> String {
        var text = "<h2>How well the faces can be seen</h2>\n<p>Medians, and the middle half of the photographs. Where groups differ here, a difference of rates may be the photographs'.</p>\n"
        for table in tables {
            text += "<div class=\"wide\"><table><caption>Photographs by \(table.grouping.escaped)</caption><thead><tr><th scope=\"col\">Group</th><th scope=\"col\">Photographs</th><th scope=\"col\">With several faces</th><th scope=\"col\">Between the eyes, pixels</th><th scope=\"col\">Sharpness, of 100</th><th scope=\"col\">Brightness, of 100</th><th scope=\"col\">Turned away, degrees</th></tr></thead><tbody>\n"
            for label in table.labels {
                guard let group = table.groups[label] else { continue }
                let cells = [group.eyeDistance, group.sharpness, group.brightness, group.turn].map { "<td>\($0?.text ?? "unknown")</td>" }
                text += "<tr><th scope=\"row\">\(label.escaped)</th><td>\(group.photographs)</td><td>\(group.withSeveralFaces)</td>\(cells.joined())</tr>\n"
            }
            text += "</tbody></table></div>\n"
        }
        return text
    }

    private static func system(_ document: EvaluationDocument) -> String {
        guard let system = document.system else {
            return "<dt>Model</dt><dd>\(document.model.escaped), SHA-256 <code>\(document.modelDigest.escaped)</code></dd>"
        }
        return "<dt>System</dt><dd>\(system.endpoint.escaped), asked through Rekognition's API; face model: \(document.model.escaped)</dd>"
    }

    private static func section(_ drawings: [String]) -> String { drawings.joined(separator: "\n") + "\n" }

    private static func facts(_ document: EvaluationDocument) -> String {
        var text = "<p>\(document.photographs) photographs of \(document.people) people; \(document.withoutFace) without a face, \(document.unusable) that could not be read. "
        if document.isOfSearches {
            let counts = document.comparisons
            text += "Searches: \(counts["probes"] ?? 0), among \((counts["gallery"] ?? 0).faces); mated: \(counts["probesWithMate"] ?? 0); non-mated: \(counts["probesWithoutMate"] ?? 0); people searched for: \(counts["probePeople"] ?? 0)"
        } else {
            text += "Comparisons: "
            text += document.comparisons.sorted { $0.key < $1.key }.map { "\($0.key.spaced): \($0.value)" }.joined(separator: "; ")
        }
        if let equal = document.equalErrorRate, let value = equal[0] {
            text += ". Equal error rate \(value.percent)"
            if let low = equal[1], let high = equal[2] { text += " (\(low.percent) to \(high.percent))" }
        }
        return text + ".</p>\n"
    }

    /// - Parameter counted: what the rates are of, in a word.
    private static func threshold(_ row: EvaluationDocument.AtThreshold, _ counted: String) -> String {
        var text = "<h2>At \(row.name.escaped)</h2>\n<ul>\n"
        for (name, rate) in row.overall.sorted(by: { $0.key < $1.key }) {
            text += "<li>\(name.escaped): \(rate.text.escaped)</li>\n"
        }
        if let expected = row.calibratedFalseMatchRate {
            let here = row.countedOverCalibrated.map { String(format: "%.2f times that was counted here", $0) } ?? "too few here to check it"
            text += "<li>The calibration says \(expected.percent) for false matches; \(here).</li>\n"
        }
        text += "</ul>\n"
        for table in row.tables {
            for measure in table.measures {
                text += "<div class=\"wide\"><table><caption>\(measure.measure.escaped), by \(table.grouping.escaped)</caption><thead><tr><th scope=\"col\">Group</th><th scope=\"col\">Rate, 95% interval (errors of \(counted))</th><th scope=\"col\">People</th><th scope=\"col\">Photographs without a template</th></tr></thead><tbody>\n"
                for label in table.labels {
                    let rate = measure.groups[label]
                    let failed = table.failuresToAcquire[label]
                    text += "<tr><th scope=\"row\">\(label.escaped)</th><td\(rate?.rate == nil ? " class=\"none\"" : "")>\(rate?.text.escaped ?? "")</td><td>\(table.people[label] ?? 0)</td><td>\(failed.map { "\($0.errors) of \($0.of)" } ?? "")</td></tr>\n"
                }
                text += "</tbody></table></div>\n"
                if let d = measure.differences {
                    text += "<div class=\"wide\"><table><caption>Differentials of the \(measure.measure.escaped)</caption><thead><tr><th scope=\"col\">Worst (\(d.worst.escaped)) over best (\(d.best.escaped))</th><th scope=\"col\">Worst over geometric mean</th><th scope=\"col\">Gini aggregate</th><th scope=\"col\">p, if only chance</th></tr></thead><tbody><tr><td>\(d.worstOverBest.text)</td><td>\(d.worstOverGeometricMean.text)</td><td>\(d.gini.text)</td><td>\(d.p.map { String(format: "%.3f", $0) } ?? "not tested")</td></tr></tbody></table></div>\n"
                    if !d.leftOut.isEmpty {
                        text += "<p>Left out, since their counts carry no rate: \(d.leftOut.joined(separator: ", ").escaped).</p>\n"
                    }
                } else {
                    text += "<p>Fewer than two groups have counts that carry a rate, so nothing is compared.</p>\n"
                }
                if let across = measure.across, table.labels.count > 1 {
                    text += HeatMap(labels: table.labels, rates: across, title: "\(measure.measure) of pairs of groups, by \(table.grouping)").svg
                }
            }
        }
        return text
    }
}

extension EvaluationDocument {
    /// Whether galleries were searched, rather than photographs compared with each other.
    fileprivate var isOfSearches: Bool { evaluation == "identification" }
}

extension String {
    var escaped: String {
        printable.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
            .replacingOccurrences(of: ">", with: "&gt;").replacingOccurrences(of: "\"", with: "&quot;")
    }
    /// `ofOnePerson` -> `of one person`.
    fileprivate var spaced: String { reduce(into: "") { $0 += $1.isUppercase ? " \($1.lowercased())" : String($1) } }
}
