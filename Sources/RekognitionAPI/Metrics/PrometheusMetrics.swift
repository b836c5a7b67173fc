package import CoreMetrics
import Synchronization

/// Keeps what swift-metrics counts, and writes it in Prometheus's text form
/// (https://prometheus.io/docs/instrumenting/exposition_formats/, version 0.0.4).
///
/// Counters, gauges (the last value of a recorder) and timers (histograms in seconds). Cost of a count: a lock.
package final class PrometheusMetrics: MetricsFactory, Sendable {
    /// Upper bounds of the histograms, in seconds: from a scan of a small gallery to a photograph that waits.
    private static let bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

    private struct Key: Hashable, Comparable {
        let label: String
        let dimensions: [Dimension]
        static func < (a: Key, b: Key) -> Bool { (a.label, a.text) < (b.label, b.text) }

        init(_ label: String, _ dimensions: [(String, String)]) {
            self.label = label
            self.dimensions = dimensions.map(Dimension.init)
        }

        /// As Prometheus reads them. Made when the metrics are read, not for each count.
        var text: String { dimensions.map { "\($0.name)=\"\(Self.escaped($0.value))\"" }.joined(separator: ",") }

        struct Dimension: Hashable {
            let name: String
            let value: String
        }

        private static func escaped(_ value: String) -> String {
            value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
        }
    }

    private let values = Mutex<[Key: Value]>([:])

    package init() {}

    /// All values now.
    package var text: String {
        let values = self.values.withLock { $0 }.sorted { $0.key < $1.key }
        var lines: [String] = []
        var last: String?
        for (key, value) in values {
            if key.label != last {
                lines.append("# TYPE \(key.label) \(value.kind.rawValue)")
                last = key.label
            }
            lines += value.lines(key.label, key.text)
        }
        return lines.joined(separator: "\n") + (lines.isEmpty ? "" : "\n")
    }

    private func value(_ kind: Value.Kind, _ label: String, _ dimensions: [(String, String)]) -> Value {
        let key = Key(label, dimensions)
        return values.withLock { values in
            if let value = values[key], value.kind == kind { return value }
            let value = Value(kind)
            values[key] = value
            return value
        }
    }

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        value(.counter, label, dimensions)
    }
    package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        value(.gauge, label, dimensions)
    }
    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        value(.histogram, label, dimensions)
    }
    // Values stay: a counter that went back to nothing would tell of a restart that was none.
    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}

    private final class Value: CounterHandler, RecorderHandler, TimerHandler, Sendable {
        enum Kind: String { case counter, gauge, histogram }

        private struct State {
            var number = 0.0
            var count = 0
            var buckets = [Int](repeating: 0, count: PrometheusMetrics.bounds.count)
        }

        let kind: Kind
        private let state = Mutex(State())

        init(_ kind: Kind) { self.kind = kind }

        func increment(by amount: Int64) { state.withLock { $0.number += Double(amount) } }
        func reset() { state.withLock { $0.number = 0 } }
        func record(_ value: Int64) { record(Double(value)) }
        func record(_ value: Double) { state.withLock { $0.number = value } }
        func recordNanoseconds(_ duration: Int64) {
            let seconds = Double(duration) / 1e9
            state.withLock { state in
                state.number += seconds
                state.count += 1
                for (i, bound) in PrometheusMetrics.bounds.enumerated() where seconds <= bound { state.buckets[i] += 1 }
            }
        }

        func lines(_ label: String, _ dimensions: String) -> [String] {
            let state = state.withLock { $0 }
            let braces = dimensions.isEmpty ? "" : "{\(dimensions)}"
            guard kind == .histogram else { return ["\(label)\(braces) \(state.number)"] }
            let more = dimensions.isEmpty ? "" : "\(dimensions),"
            return zip(PrometheusMetrics.bounds, state.buckets).map { "\(label)_bucket{\(more)le=\"\($0)\"} \($1)" } + [
                "\(label)_bucket{\(more)le=\"+Inf\"} \(state.count)", "\(label)_sum\(braces) \(state.number)",
                "\(label)_count\(braces) \(state.count)",
            ]
        }
    }
}
