import Evaluation
import FaceRecognition
import Foundation

extension EvaluationDocument {
    /// How well the faces of a group's photographs can be seen: it stands beside the rates, since it confounds them.
    struct Quality: Encodable {
        /// The middle, and the middle half's ends.
        struct Spread: Encodable {
            let lower: Double
            let median: Double
            let upper: Double

            /// nil for no values.
            init?(_ values: [Double]) {
                guard !values.isEmpty else { return nil }
                let sorted = values.sorted()
                func at(_ share: Double) -> Double {
                    let place = share * Double(sorted.count - 1), below = Int(place)
                    return sorted[below] + (place - Double(below)) * (sorted[min(below + 1, sorted.count - 1)] - sorted[below])
                }
                (lower, median, upper) = (at(0.25), at(0.5), at(0.75))
            }

            /// `45 (38 to 51)`
            var text: String { String(format: "%.0f (%.0f to %.0f)", median, lower, upper) }
        }

        /// Those with a template.
        let photographs: Int
        let withSeveralFaces: Int
        /// In the photograph's pixels.
        let eyeDistance: Spread?
        /// 0...100, as `SampleQuality` has it.
        let sharpness: Spread?
        /// 0...100.
        let brightness: Spread?
        /// How far the face is turned away from the camera, sideways and up or down, in degrees.
        let turn: Spread?

        init(_ samples: [AuditedSample]) {
            photographs = samples.count
            withSeveralFaces = samples.count { $0.facesInPhotograph > 1 }
            eyeDistance = Spread(samples.map(\.quality.eyeDistance))
            sharpness = Spread(samples.map(\.quality.sharpness))
            brightness = Spread(samples.map(\.quality.brightness))
            turn = Spread(samples.compactMap { $0.quality.pose?.turn })
        }
    }

    /// By group of one grouping.
    struct QualityTable: Encodable {
        let grouping: String
        let labels: [String]
        let groups: [String: Quality]

        /// - Parameters:
        ///   - people: whom each photograph shows.
        init(_ samples: some Sequence<AuditedSample?>, people: [Int], by grouping: Grouping) {
            self.grouping = grouping.name
            labels = grouping.labels
            let group = zip(samples, people).compactMap { sample, person in
                sample.map { (sample: $0, label: grouping.labels[grouping.ofPerson[person]]) }
            }
            groups = Dictionary(grouping: group, by: \.label).mapValues { Quality($0.map(\.sample)) }
        }
    }
}

extension HeadPose {
    /// The angle between where the face looks and the camera, in degrees: of yaw and pitch together.
    fileprivate var turn: Double {
        let cosine = cos(yaw * .pi / 180) * cos(pitch * .pi / 180)
        return acos(max(-1, min(1, cosine))) * 180 / .pi
    }
}
