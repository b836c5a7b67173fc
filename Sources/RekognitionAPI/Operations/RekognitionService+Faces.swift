import FaceRecognition

// Faces in a collection.
extension RekognitionService {
    private struct Indexed: Encodable {
        struct FaceRecord: Encodable {
            let face: FaceShape
            let faceDetail: FaceDetailShape
        }
        struct Unindexed: Encodable {
            let reasons: [ReasonShape]
            let faceDetail: FaceDetailShape
        }
        let faceRecords: [FaceRecord]
        let faceModelVersion: String
        let unindexedFaces: [Unindexed]
    }

    /// As many of a photograph's faces are enrolled at the most.
    private static let maximumFacesOfPhotograph = 100

    func indexFaces(_ members: Members, _ caller: Caller) async throws -> Answer {
        let name = try members.collection()
        let image = try members.image()
        let externalID = try members.text("ExternalImageId", .externalImageID)
        let attributes = try members.attributes("DetectionAttributes")
        let limit = min(try members.integer("MaxFaces", 1...Int.max) ?? .max, Self.maximumFacesOfPhotograph)
        let quality = try members.quality(else: .auto)
        let permit = try await permit(.enrol, name, for: caller)
        let enrolment = try await recognizer.enrolFaces(
            of: photograph(image), externalID: externalID, limit: limit, quality: quality, in: name, permit: permit
        ).outcome
        func detail(_ face: DescribedFace) -> FaceDetailShape {
            FaceDetailShape(face, in: enrolment.photographSize, attributes)
        }
        return Answer(
            body: Indexed(
                faceRecords: enrolment.faces.map {
                    .init(face: FaceShape($0.enrolled, model: model), faceDetail: detail($0.seen))
                }, faceModelVersion: model.rawValue,
                unindexedFaces: enrolment.left.map {
                    .init(
                        reasons: ($0.exceedsLimit ? [.exceedsMaxFaces] : []) + $0.shortcomings.map(ReasonShape.init),
                        faceDetail: detail($0.seen))
                }),
            permit: permit, times: enrolment.times)
    }

    private struct Listed: Encodable {
        let faces: [FaceShape]
        let nextToken: String?
        let faceModelVersion: String
    }

    func listFaces(_ members: Members, _ caller: Caller) async throws -> Answer {
        let name = try members.collection()
        let count = try members.pageSize(0...4_096, standard: 1_000)
        let person = try members.userID()
        let ids = try members.faceIDs(atMost: 4_096)
        // A place in one list is none in another: the filters belong to it.
        let list = "faces of \(name) \(person ?? "") \((ids ?? []).map(\.rawValue).joined())"
        let after = try members.text("NextToken", .pageToken).map { try pages.row($0, of: list) }
        let permit = try await permit(.manage, name, for: caller)
        let page = try await keeper.faces(in: name, of: person, among: ids, after: after, count: count, permit: permit)
            .outcome
        return Answer(
            body: Listed(
                faces: page.faces.map { FaceShape($0, model: page.model) },
                nextToken: try page.next.map { try pages.token(.row($0), of: list) },
                faceModelVersion: page.model.rawValue), permit: permit)
    }

    private struct Deleted: Encodable {
        struct Unsuccessful: Encodable {
            let faceId: String
            let userId: String?
            let reasons: [String]
        }
        let deletedFaces: [String]
        let unsuccessfulFaceDeletions: [Unsuccessful]
    }

    func deleteFaces(_ members: Members, _ caller: Caller) async throws -> Answer {
        let name = try members.collection()
        let ids = try members.required("FaceIds", members.faceIDs(atMost: 4_096))
        let permit = try await permit(.forget, name, for: caller)
        let forgetting = try await keeper.forget(ids, in: name, permit: permit).outcome
        return Answer(
            body: Deleted(
                deletedFaces: forgetting.forgotten.map(\.rawValue),
                unsuccessfulFaceDeletions: forgetting.refused.map {
                    switch $0.reason {
                    case .notFound: .init(faceId: $0.face.rawValue, userId: nil, reasons: ["FACE_NOT_FOUND"])
                    case .ofPerson(let person):
                        .init(
                            faceId: $0.face.rawValue, userId: person, reasons: ["ASSOCIATED_TO_AN_EXISTING_USER"])
                    }
                }), permit: permit)
    }
}

extension PageTokens {
    /// - Throws: `InvalidPaginationTokenException`.
    func row(_ token: String, of list: String) throws -> Int64 {
        guard case .row(let row) = try cursor(token, of: list) else { preconditionFailure("A list of rows has rows") }
        return row
    }
}
