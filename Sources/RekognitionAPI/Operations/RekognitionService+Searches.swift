import FaceRecognition

extension RekognitionService {
    private struct FacesFound: Encodable {
        var searchedFaceId: String?
        var searchedFaceBoundingBox: BoxShape?
        var searchedFaceConfidence: Double?
        let faceMatches: [FaceMatchShape]
        let faceModelVersion: String
    }

    /// How many faces or users a search gives when it does not say.
    private static let standardLimit = 80

    func searchFaces(_ members: Members, _ caller: Caller) async throws -> Answer {
        let name = try members.collection()
        let face = try members.required("FaceId", members.faceID())
        let bounds = try members.searchBounds(
            limit: "MaxFaces", 1...4_096, standard: Self.standardLimit, threshold: "FaceMatchThreshold")
        let permit = try await permit(bounds, in: name, for: caller)
        let search = try await recognizer.identify(like: face, in: name, at: bounds.point, limit: bounds.limit, permit: permit).outcome
        return Answer(
            body: FacesFound(
                searchedFaceId: face.rawValue, faceMatches: search.answers.map { FaceMatchShape($0, model: model) },
                faceModelVersion: model.rawValue), permit: permit, bounds: .init(search), times: search.times)
    }

    func searchFacesByImage(_ members: Members, _ caller: Caller) async throws -> Answer {
        let name = try members.collection()
        let image = try members.image()
        let bounds = try members.searchBounds(
            limit: "MaxFaces", 1...4_096, standard: Self.standardLimit, threshold: "FaceMatchThreshold")
        let quality = try members.quality()
        let permit = try await permit(bounds, in: name, for: caller)
        let found = try await recognizer.identify(
            photograph(image), in: name, at: bounds.point, limit: bounds.limit, quality: quality, permit: permit
        ).outcome
        return Answer(
            body: FacesFound(
                searchedFaceBoundingBox: BoxShape(found.probe.face.box, in: found.photographSize),
                searchedFaceConfidence: 100 * found.probe.face.confidence,
                faceMatches: found.answers.map { FaceMatchShape($0, model: model) }, faceModelVersion: model.rawValue),
            permit: permit, bounds: .init(found.search), times: found.times)
    }

    // MARK: Users

    private struct UsersFound: Encodable {
        struct SearchedFace: Encodable { let faceId: String }
        struct SearchedUser: Encodable { let userId: String }
        let userMatches: [UserMatchShape]
        let faceModelVersion: String
        let searchedFace: SearchedFace?
        let searchedUser: SearchedUser?
    }

    func searchUsers(_ members: Members, _ caller: Caller) async throws -> Answer {
        let name = try members.collection()
        let face = try members.faceID(), user = try members.userID()
        let bounds = try members.searchBounds(
            limit: "MaxUsers", 1...500, standard: Self.standardLimit, threshold: "UserMatchThreshold")
        let probe: PeopleProbe
        switch (face, user) {
        case (let face?, nil): probe = .face(face)
        case (nil, let user?): probe = .person(user)
        default: throw ServiceError.invalid("A search for users needs either FaceId or UserId.")
        }
        let permit = try await permit(bounds, in: name, for: caller)
        let found = try await recognizer.identifyPeople(probe, in: name, at: bounds.point, limit: bounds.limit, permit: permit).outcome
        return Answer(
            body: UsersFound(
                userMatches: found.search.answers.compactMap(UserMatchShape.init), faceModelVersion: model.rawValue,
                searchedFace: face.map { .init(faceId: $0.rawValue) }, searchedUser: user.map { .init(userId: $0) }),
            permit: permit, bounds: .init(found.search), times: found.search.times)
    }

    private struct UsersFoundByImage: Encodable {
        struct Searched: Encodable { let faceDetail: FaceDetailShape }
        struct Unsearched: Encodable {
            let faceDetails: FaceDetailShape
            let reasons: [ReasonShape]
        }
        let userMatches: [UserMatchShape]
        let faceModelVersion: String
        /// nil where there is no face to search with: an answer here, unlike in a search for faces.
        let searchedFace: Searched?
        let unsearchedFaces: [Unsearched]
    }

    func searchUsersByImage(_ members: Members, _ caller: Caller) async throws -> Answer {
        let name = try members.collection()
        let image = try members.image()
        let bounds = try members.searchBounds(
            limit: "MaxUsers", 1...500, standard: Self.standardLimit, threshold: "UserMatchThreshold")
        let quality = try members.quality()
        let permit = try await permit(bounds, in: name, for: caller)
        let probe = PeopleProbe.photograph(photograph(image), quality)
        let found: PeopleSearch
        do {
            found = try await recognizer.identifyPeople(probe, in: name, at: bounds.point, limit: bounds.limit, permit: permit).outcome
        } catch let error as RecognitionError where error.code == .noFace {
            return Answer(
                body: UsersFoundByImage(
                    userMatches: [], faceModelVersion: model.rawValue, searchedFace: nil, unsearchedFaces: []),
                permit: permit)
        }
        guard let seen = found.photograph else { preconditionFailure("A search by photograph has a face") }
        func detail(_ face: DescribedFace) -> FaceDetailShape { FaceDetailShape(face, in: seen.size, []) }
        return Answer(
            body: UsersFoundByImage(
                userMatches: found.search.answers.compactMap(UserMatchShape.init), faceModelVersion: model.rawValue,
                searchedFace: .init(faceDetail: detail(seen.subject.described)),
                unsearchedFaces: seen.others.map {
                    .init(
                        faceDetails: detail($0.face),
                        reasons: $0.shortcomings.isEmpty ? [.faceNotLargest] : $0.shortcomings.map(ReasonShape.init))
                }),
            permit: permit, bounds: .init(found.search), times: found.search.times)
    }
}
