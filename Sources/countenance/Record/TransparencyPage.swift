import FaceRecognition
import Foundation

/// A transparency report as one page of HTML: no network, no script.
struct TransparencyPage {
    struct Section {
        let title: String
        let breakdown: Breakdown
    }

    let html: String

    static func sections(_ report: TransparencyReport) -> [Section] {
        [
            Section(title: "Searches, by kind of organisation", breakdown: report.searchesByKind),
            Section(title: "Searches, by purpose", breakdown: report.searchesByPurpose),
            Section(title: "Searches, by outcome", breakdown: report.searchesByOutcome),
            Section(title: "Refusals, by rule", breakdown: report.refusalsByRule),
            Section(title: "Refusals, by operation", breakdown: report.refusalsByOperation),
            Section(title: "Other requests, by operation", breakdown: report.otherRequestsByOperation),
        ]
    }

    init(_ report: TransparencyReport) {
        let days = "\(report.from.day) to \(report.to.day)"
        var body = """
            <h1>Who searched for faces, and what was refused</h1>
            <p class="finding">\(days), the last moment not included: \(report.searchesByPurpose.total.words) \
            searches, \(report.refusalsByRule.total.words) refusals.</p>
            <p>Counted from the record of the installation. Counts below 5 are not told; others are withheld where \
            they would give one of these away by subtraction.</p>

            """
        for section in Self.sections(report) {
            body += "<h2>\(section.title.escaped): \(section.breakdown.total.words)</h2>\n"
            if section.breakdown.isWithheld {
                body += "<p class=\"none\">Too few to be broken down.</p>\n"
            } else if section.breakdown.rows.isEmpty {
                body += "<p class=\"none\">None.</p>\n"
            } else {
                body += BarDrawing(section.breakdown.rows, title: section.title).svg
            }
        }
        body += "<h2>Moratoria of the present policy</h2>\n"
        body += """
            <p>Of the policy that was in force when this report was made, those that hold at some moment of its time. \
            What policies before it said is not told here.</p>

            """
        body +=
            report.moratoria.isEmpty
            ? "<p class=\"none\">None.</p>\n"
            : "<ul>\n" + report.moratoria.map { "<li>\($0.escaped)</li>\n" }.joined() + "</ul>\n"
        html = """
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
            <title>Transparency report: \(days)</title>
            <style>\(EvaluationReport.style)</style></head><body><main>
            \(body)</main></body></html>

            """
    }
}

/// Counts as bars, each with its number; a count that is not told has no bar.
struct BarDrawing {
    let svg: String

    init(_ rows: [Breakdown.Row], title: String) {
        let left = 250.0, width = 260.0, step = 26.0
        let numbers: [Double] = rows.map { row in
            guard case .exactly(let count) = row.count else { return 0 }
            return Double(count)
        }
        let most = max(1, numbers.max() ?? 1)
        var bars = "", words: [String] = []
        for (i, row) in rows.enumerated() {
            let y = Double(i) * step + 4, length = width * numbers[i] / most
            let name = row.name.count > 34 ? "\(row.name.prefix(33))\u{2026}" : row.name
            bars += "<text x=\"\(left - 8)\" y=\"\(y + 15)\" text-anchor=\"end\">\(name.escaped)</text>"
            bars +=
                "<rect x=\"\(left)\" y=\"\(y)\" width=\"\(String(format: "%.1f", length))\" height=\"\(step - 6)\" fill=\"#555\"/>"
            bars += "<text x=\"\(String(format: "%.1f", left + length + 8))\" y=\"\(y + 15)\">\(row.count.words)</text>"
            words.append("\(row.name): \(row.count.words)")
        }
        svg =
            "<figure class=\"wide\"><svg viewBox=\"0 0 640 \(Double(rows.count) * step + 8)\" role=\"img\" aria-label=\"\("\(title). \(words.joined(separator: "; "))".escaped)\" font-size=\"14\" font-family=\"sans-serif\">\(bars)</svg></figure>\n"
    }
}
