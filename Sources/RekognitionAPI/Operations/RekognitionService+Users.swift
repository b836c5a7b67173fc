import FaceRecognition
import Foundation

extension RekognitionService {
    func createUser(_ members: Members, _ caller: Caller, _ body: Data) async throws -> Answer {
        let (name, user, token) = try userRequest(.createUser, members, caller, body)
        let permit = try await permit(.manage, name, for: caller)
        _ = try await keeper.createPerson(user, in: name, token: token, permit: permit)
        return Answer(body: EmptyShape(), permit: permit)
    }

    func deleteUser(_ members: Members, _ caller: Caller, _ body: Data) async throws -> Answer {
        let (name, user, token) = try userRequest(.deleteUser, members, caller, body)
        let permit = try await permit(.manage, name, for: caller)
        _ = try await keeper.deletePerson(user, in: name, token: token, permit: permit)
        return Answer(body: EmptyShape(), permit: permit)
    }

    private struct Listed: Encodable {
        struct User: Encodable {
            let userId: String
            let userStatus: String
        }
        let users: [User]
        let nextToken: String?
    }

    func listUsers(_ members: Members, _ caller: Caller) async throws -> Answer {
        let name = try members.collection()
        let count = try members.pageSize(1...500, standard: 500)
        let list = "users of \(name)"
        let after = try members.text("NextToken", .pageToken).map { try pages.row($0, of: list) }
        let permit = try await permit(.manage, name, for: caller)
        let page = try await keeper.people(in: name, after: after, count: count, permit: permit).outcome
        return Answer(
            body: Listed(
                users: page.people.map { .init(userId: $0.name, userStatus: $0.status.shape) },
                nextToken: try page.next.map { try pages.token(.row($0), of: list) }),
            permit: permit)
    }

    private struct Associated: Encodable {
        struct Face: Encodable { let faceId: String }
        struct Unsuccessful: Encodable {
            let faceId: String
            var userId: String?
            var confidence: Double?
            let reasons: [String]
        }
        let associatedFaces: [Face]
        let unsuccessfulFaceAssociations: [Unsuccessful]
        let userStatus: String
    }

    /// The similarity to the user's other faces that a face must reach when the request does not say, as Rekognition's
    /// documentation has it.
    private static let standardUserMatch = Similarity(75)!

    func associateFaces(_ members: Members, _ caller: Caller, _ body: Data) async throws -> Answer {
        let (name, user, token) = try userRequest(.associateFaces, members, caller, body)
        let faces = try members.required("FaceIds", members.faceIDs(atMost: 100))
        let threshold = try members.percent("UserMatchThreshold")
        let permit = try await permit(.manage, name, for: caller)
        // Whether a face is a person's is what a search would tell as well.
        let comparing = try await self.permit(.identify, name, threshold: threshold, for: caller)
        let association = try await recognizer.join(
            faces, to: user, atLeast: threshold ?? Self.standardUserMatch, comparing: comparing, in: name, token: token,
            permit: permit
        ).outcome
        return Answer(
            body: Associated(
                associatedFaces: association.joined.map { .init(faceId: $0.rawValue) },
                unsuccessfulFaceAssociations: association.refused.map {
                    switch $0.reason {
                    case .notFound: .init(faceId: $0.face.rawValue, reasons: ["FACE_NOT_FOUND"])
                    case .taken(by: let person):
                        .init(faceId: $0.face.rawValue, userId: person, reasons: ["ASSOCIATED_TO_A_DIFFERENT_USER"])
                    case .tooFar(let similarity):
                        .init(
                            faceId: $0.face.rawValue, confidence: similarity.value, reasons: ["LOW_MATCH_CONFIDENCE"])
                    }
                }, userStatus: association.status.shape),
            permit: permit, bounds: association.threshold.map { .init(threshold: $0) })
    }

    private struct Disassociated: Encodable {
        struct Face: Encodable { let faceId: String }
        struct Unsuccessful: Encodable {
            let faceId: String
            var userId: String?
            let reasons: [String]
        }
        let disassociatedFaces: [Face]
        let unsuccessfulFaceDisassociations: [Unsuccessful]
        let userStatus: String
    }

    func disassociateFaces(_ members: Members, _ caller: Caller, _ body: Data) async throws -> Answer {
        let (name, user, token) = try userRequest(.disassociateFaces, members, caller, body)
        let faces = try members.required("FaceIds", members.faceIDs(atMost: 100))
        let permit = try await permit(.manage, name, for: caller)
        let parting = try await keeper.leave(faces, from: user, in: name, token: token, permit: permit).outcome
        return Answer(
            body: Disassociated(
                disassociatedFaces: parting.left.map { .init(faceId: $0.rawValue) },
                // A face that is nobody's has left already, which Rekognition passes over.
                unsuccessfulFaceDisassociations: parting.refused.compactMap {
                    switch $0.reason {
                    case .notFound: .init(faceId: $0.face.rawValue, reasons: ["FACE_NOT_FOUND"])
                    case .ofAnother(nil): nil
                    case .ofAnother(let person?):
                        .init(faceId: $0.face.rawValue, userId: person, reasons: ["ASSOCIATED_TO_A_DIFFERENT_USER"])
                    }
                }, userStatus: parting.status.shape),
            permit: permit)
    }

    /// What the four requests that change a user have in common.
    private func userRequest(
        _ operation: Operation, _ members: Members, _ caller: Caller, _ body: Data
    ) throws -> (GalleryName, user: String, RequestToken?) {
        let token = try members.text("ClientRequestToken", .requestToken)
        return (
            try members.collection(), try members.required("UserId", members.userID()),
            // It stands for the operation and every member.
            token.map {
                RequestToken($0, caller: caller.organisation, request: Data("\(operation.rawValue)\n".utf8) + body)
            }
        )
    }
}

extension PersonDescription.Status {
    /// Rekognition's `UserStatus`. What it calls UPDATING is over here before the answer is sent.
    fileprivate var shape: String {
        switch self {
        case .created: "CREATED"
        case .active: "ACTIVE"
        }
    }
}
