package import Foundation

/// What an endpoint says of a photograph that was sent to it.
package enum PhotographAnswer<Found: Sendable>: Sendable {
    case found(Found)
    /// Rekognition answers a photograph without a face, where one is needed, with `InvalidParameterException`.
    case noFace
    /// It was not taken for a photograph, or was too large.
    case unusable
}

extension PhotographAnswer {
    fileprivate init(_ ask: () async throws -> Found) async throws {
        do { self = .found(try await ask()) } catch let failure as RekognitionFailure {
            switch failure.name {
            case "InvalidParameterException": self = .noFace
            case "InvalidImageFormatException", "ImageTooLargeException": self = .unusable
            default: throw failure
            }
        }
    }
}

// The operations that measuring needs.
extension RekognitionClient {
    private struct Image: Encodable { let bytes: Data }
    private struct Nothing: Decodable {}

    /// How many faces a photograph shows.
    package func countFaces(in photograph: Data) async throws -> PhotographAnswer<Int> {
        struct Question: Encodable { let image: Image }
        struct Answer: Decodable, Sendable {
            struct Face: Decodable {}
            let faceDetails: [Face]
        }
        return try await PhotographAnswer {
            try await ask(.detectFaces, Question(image: Image(bytes: photograph)), as: Answer.self).faceDetails.count
        }
    }

    /// The similarity of the largest face of `source` and the most similar one of `target`, 0...100. A face that is given
    /// as unmatched, though every similarity was asked for, stands for 0; no face is `noFace`.
    package func compare(_ source: Data, _ target: Data) async throws -> PhotographAnswer<Double> {
        struct Question: Encodable {
            let sourceImage: Image
            let targetImage: Image
            let similarityThreshold = 0
            let qualityFilter = "NONE"
        }
        struct Answer: Decodable, Sendable {
            struct Match: Decodable { let similarity: Double }
            struct Face: Decodable {}
            let faceMatches: [Match]
            let unmatchedFaces: [Face]
        }
        let question = Question(sourceImage: Image(bytes: source), targetImage: Image(bytes: target))
        switch try await PhotographAnswer({ try await ask(.compareFaces, question, as: Answer.self) }) {
        case .found(let answer):
            let best = answer.faceMatches.map(\.similarity).max() ?? (answer.unmatchedFaces.isEmpty ? nil : 0)
            return try best.map { .found(try Self.checked($0)) } ?? .noFace
        case .noFace: return .noFace
        case .unusable: return .unusable
        }
    }

    private struct Collection: Encodable { let collectionId: String }

    /// - Returns: what the endpoint calls its face model; nil when it does not say.
    package func createCollection(_ id: String) async throws -> String? {
        struct Answer: Decodable, Sendable { let faceModelVersion: String? }
        return try await ask(.createCollection, Collection(collectionId: id), as: Answer.self).faceModelVersion
    }

    /// One that is not there is deleted.
    package func deleteCollection(_ id: String) async throws {
        do { _ = try await ask(.deleteCollection, Collection(collectionId: id), as: Nothing.self) } catch
            let failure as RekognitionFailure where failure.name == "ResourceNotFoundException"
        {}
    }

    /// Puts the largest face of a photograph into a collection, whatever its quality.
    package func index(_ photograph: Data, as label: String, in collection: String) async throws -> PhotographAnswer<Void> {
        struct Question: Encodable {
            let collectionId: String
            let image: Image
            let externalImageId: String
            let maxFaces = 1
            let qualityFilter = "NONE"
        }
        struct Answer: Decodable, Sendable {
            struct Record: Decodable {}
            let faceRecords: [Record]
        }
        let question = Question(collectionId: collection, image: Image(bytes: photograph), externalImageId: label)
        switch try await PhotographAnswer({ try await ask(.indexFaces, question, as: Answer.self) }) {
        case .found(let answer): return answer.faceRecords.isEmpty ? .noFace : .found(())
        case .noFace: return .noFace
        case .unusable: return .unusable
        }
    }

    package struct Candidate: Sendable, Codable, Hashable {
        /// As the face was indexed.
        package let label: String
        /// 0...100.
        package let similarity: Double
        package init(label: String, similarity: Double) {
            self.label = label
            self.similarity = similarity
        }
    }

    /// The most candidates that a search gives.
    package static let mostCandidates = 4_096

    /// Everybody whose similarity to the largest face of a photograph is at least `threshold`, at most 4,096.
    package func search(
        for photograph: Data, in collection: String, threshold: Double
    ) async throws -> PhotographAnswer<[Candidate]> {
        struct Question: Encodable {
            let collectionId: String
            let image: Image
            let faceMatchThreshold: Double
            let maxFaces = RekognitionClient.mostCandidates
            let qualityFilter = "NONE"
        }
        struct Answer: Decodable, Sendable {
            struct Match: Decodable {
                struct Face: Decodable { let externalImageId: String }
                let similarity: Double
                let face: Face
            }
            let faceMatches: [Match]
        }
        let question = Question(
            collectionId: collection, image: Image(bytes: photograph), faceMatchThreshold: threshold)
        return try await PhotographAnswer {
            try await ask(.searchFacesByImage, question, as: Answer.self).faceMatches.map {
                Candidate(label: $0.face.externalImageId, similarity: try Self.checked($0.similarity))
            }
        }
    }

    /// - Throws: ``RekognitionFailure`` for what is no similarity: a figure may not rest on it.
    private static func checked(_ similarity: Double) throws -> Double {
        guard (0...100).contains(similarity) else { throw RekognitionFailure(name: "not-understood", isTransient: false) }
        return similarity
    }
}
