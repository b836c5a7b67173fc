import CoreMetrics
import Testing

@testable import RekognitionAPI

@Suite("Metrics in Prometheus's form") struct PrometheusMetricsTests {
    @Test("Counters, gauges and histograms are written with their labels, in order")
    func text() {
        let metrics = PrometheusMetrics()
        metrics.makeCounter(label: "b_total", dimensions: [("operation", "x")]).increment(by: 2)
        metrics.makeCounter(label: "b_total", dimensions: [("operation", "x")]).increment(by: 3)
        metrics.makeRecorder(label: "a", dimensions: [], aggregate: false).record(7.5)
        let timer = metrics.makeTimer(label: "c_seconds", dimensions: [("stage", "a\"b\\c")])
        timer.recordNanoseconds(2_000_000)
        timer.recordNanoseconds(20_000_000_000)
        let lines = metrics.text.split(separator: "\n").map(String.init)
        #expect(lines.prefix(4) == ["# TYPE a gauge", "a 7.5", "# TYPE b_total counter", "b_total{operation=\"x\"} 5.0"])
        #expect(lines[4] == "# TYPE c_seconds histogram")
        let stage = #"stage="a\"b\\c""#
        #expect(lines.contains("c_seconds_bucket{\(stage),le=\"0.001\"} 0"))
        #expect(lines.contains("c_seconds_bucket{\(stage),le=\"0.0025\"} 1"))
        #expect(lines.contains("c_seconds_bucket{\(stage),le=\"10.0\"} 1"))
        #expect(lines.contains("c_seconds_bucket{\(stage),le=\"+Inf\"} 2"))
        #expect(lines.contains("c_seconds_count{\(stage)} 2"))
        #expect(lines.contains("c_seconds_sum{\(stage)} 20.002"))
    }

    @Test("Nothing counted is an empty page")
    func empty() { #expect(PrometheusMetrics().text == "") }
}
