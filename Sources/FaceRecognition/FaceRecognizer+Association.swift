import Foundation

// Gathering faces under people, where templates must be compared for it.
extension FaceRecognizer {
    /// Makes faces a person's, as far as they are close enough to the faces that the person has. Each face has its own
    /// answer: those that are refused do not keep the others out.
    /// - Parameters:
    ///   - threshold: the least similarity to the person, which is that of the closest of their faces, or of the mean
    ///     template of all, whichever is higher, as in `identifyPeople`; nil compares nothing. What the person had before
    ///     counts, and a person without faces takes any. The permit's floor applies where it is higher.
    ///   - comparing: a permit to identify in the gallery, without which no face is compared with a person's.
    ///   - token: names the request, so that it is done once.
    /// - Throws: `.galleryNotFound`, `.personNotFound`; `.personFull` when the person would have more than 100 faces;
    ///   `.notCalibrated` and `.modelMismatch` where something is to be compared.
    public func join(
        _ faces: [FaceID], to person: String, atLeast asked: Similarity?, comparing: Permit?, in name: GalleryName,
        token: RequestToken? = nil, permit: Permit
    ) async throws -> Recorded<Association> {
        if asked != nil {
            guard let comparing, comparing.request.operation == .identify, comparing.request.gallery == name else {
                throw RecognitionError(.fault, "Faces were to be compared without a permit to identify.")
            }
        }
        let threshold = asked.flatMap { comparing?.terms.threshold(asked: $0, else: $0) }
        return try await recorder.record(permit, operation: .manage, gallery: name, once: token) {
            record, change, earlier in
            let calibration = try threshold.map { _ in try model.calibrated() }
            record.model = threshold.map { _ in model.id }
            record.thresholdAsked = asked
            record.thresholdApplied = threshold
            try PersonDescription.check(name: person)
            guard let status = try await galleries.person(person, in: name)?.status else {
                throw RecognitionError.noSuchPerson(in: name)
            }
            if threshold != nil { try await galleries.description(of: name).mustMatch(model) }
            // Those that an earlier try of this very request has joined.
            let joinedBefore = Set(earlier?.joined ?? [])
            let time = now()
            func valid(_ faces: [EnrolledFace]) -> [EnrolledFace] {
                faces.filter { !$0.description.hasExpired(at: time) }
            }
            let theirs = valid(try await galleries.enrolled(ofPerson: person, in: name)).map(\.template)
            let found = Dictionary(
                valid(try await galleries.enrolled(faces, in: name)).map { ($0.id, $0) },
                uniquingKeysWith: { one, _ in one })
            let mean = theirs.count < 2 ? nil : try? Template.mean(of: theirs)
            var joined: [FaceID] = [], refused: [Association.Refused] = [], new: [FaceID] = []
            var compared: [Record.Candidate] = []
            var seen: Set<FaceID> = []
            for id in faces where seen.insert(id).inserted {
                func refuse(_ reason: Association.Reason) { refused.append(.init(face: id, reason: reason)) }
                guard let face = found[id] else {
                    refuse(.notFound)
                    continue
                }
                if let owner = face.description.person {
                    if owner != person {
                        refuse(.taken(by: owner))
                    } else if joinedBefore.contains(id) {
                        joined.append(id)
                    }
                    continue
                }
                if let threshold, let calibration,
                    let closest = try (theirs + [mean].compactMap { $0 }).map(face.template.compared).max()
                {
                    let similarity = calibration.similarity(of: closest)
                    compared.append(.init(face: id, similarity: similarity))
                    guard similarity >= threshold else {
                        refuse(.tooFar(similarity))
                        continue
                    }
                }
                joined.append(id)
                new.append(id)
            }
            record.joined = new
            record.candidates = threshold == nil ? nil : compared
            record.outcome = joined.isEmpty ? "none-joined" : "joined"
            if !new.isEmpty { change = .join(new, person: person, in: name, mustExist: true) }
            return Association(
                joined: joined, refused: refused, status: joined.isEmpty ? status : .active, threshold: threshold)
        }
    }
}
