import FaceRecognition

/// `Face`: an enrolled face.
struct FaceShape: Encodable {
    let faceId: String
    let boundingBox: BoxShape?
    let imageId: String?
    let externalImageId: String?
    let confidence: Double?
    let indexFacesModelVersion: String
    let userId: String?

    init(_ face: EnrolledFaceDescription, model: TemplateModelID) {
        faceId = face.id.rawValue
        boundingBox = BoxShape(face)
        imageId = face.photograph?.imageID
        externalImageId = face.externalID
        confidence = face.confidence.map { 100 * $0 }
        indexFacesModelVersion = model.digits
        userId = face.person
    }
}

/// `FaceMatch`.
struct FaceMatchShape: Encodable {
    let similarity: Double
    let face: FaceShape

    init(_ answer: Identification.Answer, model: TemplateModelID) {
        similarity = answer.similarity.value
        face = FaceShape(answer.candidate.face, model: model)
    }
}

/// `UserMatch`.
struct UserMatchShape: Encodable {
    struct User: Encodable {
        let userId: String
        let userStatus: String
    }
    let similarity: Double
    let user: User

    init?(_ answer: Identification.Answer) {
        guard let name = answer.candidate.face.person else { return nil }
        similarity = answer.similarity.value
        // Whoever is found has a face.
        user = User(userId: name, userStatus: "ACTIVE")
    }
}

extension PhotographDigest {
    /// Rekognition's image id: the first 16 bytes of the digest, written as a UUID of version 8 (RFC 9562).
    fileprivate var imageID: String {
        var digits = bytes.prefix(16).map { $0 }
        digits[6] = digits[6] & 0x0F | 0x80
        digits[8] = digits[8] & 0x3F | 0x80
        var text = ""
        for (i, byte) in digits.enumerated() {
            if [4, 6, 8, 10].contains(i) { text += "-" }
            text += byte < 16 ? "0\(String(byte, radix: 16))" : String(byte, radix: 16)
        }
        return text
    }
}

extension TemplateModelID {
    /// The model's version where Rekognition allows digits and points only: the numbers in its id.
    fileprivate var digits: String {
        let numbers = rawValue.split { !$0.isASCII || !$0.isNumber }
        return numbers.isEmpty ? "0" : numbers.joined(separator: ".")
    }
}
