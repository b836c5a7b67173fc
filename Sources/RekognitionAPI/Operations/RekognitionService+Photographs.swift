import FaceRecognition

// Operations on photographs alone: no gallery.
extension RekognitionService {
    private struct Found: Encodable { let faceDetails: [FaceDetailShape] }

    func detectFaces(_ members: Members, _ caller: Caller) async throws -> Answer {
        let image = try members.image()
        let attributes = try members.attributes("Attributes")
        let permit = try await permit(.detect, for: caller)
        let detection = try await recognizer.detect(photograph(image), permit: permit).outcome
        return Answer(
            body: Found(
                faceDetails: detection.faces.map { FaceDetailShape($0, in: detection.photographSize, attributes) }),
            permit: permit, times: detection.times)
    }

    private struct Compared: Encodable {
        struct Source: Encodable {
            let boundingBox: BoxShape
            let confidence: Double
        }
        struct Match: Encodable {
            let similarity: Double
            let face: ComparedFaceShape
        }
        let sourceImageFace: Source
        let faceMatches: [Match]
        let unmatchedFaces: [ComparedFaceShape]
    }

    func compareFaces(_ members: Members, _ caller: Caller) async throws -> Answer {
        let source = try members.image("SourceImage"), target = try members.image("TargetImage")
        let threshold = try members.percent("SimilarityThreshold")
        let quality = try members.quality()
        let permit = try await permit(.compare, threshold: threshold, for: caller)
        let compared = try await recognizer.compare(
            photograph(source, "SourceImage"), withAllIn: photograph(target, "TargetImage"), at: threshold,
            quality: quality, permit: permit
        ).outcome
        return Answer(
            body: Compared(
                sourceImageFace: .init(
                    boundingBox: BoxShape(compared.probe.face.box, in: compared.probeSize),
                    confidence: 100 * compared.probe.face.confidence),
                faceMatches: compared.matches.map {
                    .init(similarity: $0.similarity.value, face: ComparedFaceShape($0.face, in: compared.targetSize))
                }, unmatchedFaces: compared.others.map { ComparedFaceShape($0.face, in: compared.targetSize) }),
            permit: permit, bounds: .init(threshold: compared.threshold), times: compared.times)
    }
}
