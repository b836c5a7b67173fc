import FaceRecognition
import Foundation
import Metrics

/// What the service counts, by names and values from closed lists: nothing that a client sends becomes a label.
struct ServiceMetrics: Sendable {
    func request(_ operation: Operation?, outcome: String, took duration: Duration) {
        let dimensions = [("operation", operation?.rawValue ?? "none"), ("outcome", outcome)]
        Counter(label: "countenance_requests_total", dimensions: dimensions).increment()
        Timer(label: "countenance_request_seconds", dimensions: [dimensions[0]]).record(duration: duration)
    }

    /// How long each of the pipeline's stages took in a request, and what the edge took: HTTP, signature, JSON and
    /// base64.
    func stages(_ times: StageTimes, edge: Duration) {
        for (stage, duration) in times.durations {
            Timer(label: "countenance_stage_seconds", dimensions: [("stage", stage.rawValue)]).record(duration: duration)
        }
        Timer(label: "countenance_stage_seconds", dimensions: [("stage", "edge")]).record(duration: edge)
    }

    func inFlight(_ count: Int) { Gauge(label: "countenance_requests_in_flight").record(count) }
}
