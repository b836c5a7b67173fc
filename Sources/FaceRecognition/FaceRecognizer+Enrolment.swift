public import Foundation

// Adding faces to a gallery.
extension FaceRecognizer {
    /// Adds the largest face of a photograph to a gallery, which is made when it is not there.
    ///
    /// A photograph that is enrolled already is found out by its bytes and not enrolled again, by others at the same
    /// moment neither. One whose face has expired is enrolled anew in its place.
    /// - Parameters:
    ///   - externalID: the caller's own key for the photograph.
    ///   - defaultExternalID: what a new face is called where the caller has no key.
    ///   - expires: from when the face is never found; the gallery's own retention, or the permit's, may be shorter.
    /// - Throws: `.noFace`; `.enrolledOtherwise` when the photograph is there under another person or another external id;
    ///   `.modelMismatch` when the gallery belongs to another model; `.personFull` when the person has 100 faces;
    ///   `.invalidValue` for a name or an expiry that has passed.
    public func enrol(
        _ photograph: Photograph, as person: String?, externalID: String?, defaultExternalID: String? = nil,
        expires: Date? = nil, in name: GalleryName, permit: Permit
    ) async throws -> Recorded<Enrolment> {
        try await recorder.record(permit, operation: .enrol, gallery: name) { record, change in
            record.model = model.id
            let time = now()
            try person.map(PersonDescription.check)
            guard expires.map({ $0 > time }) ?? true else {
                throw RecognitionError(.invalidValue, "A face cannot expire in the past; give a later time.")
            }
            let (bytes, digest) = try await pipeline.read(photograph, digest: galleries.digest)
            record.photographs = [digest]
            let earlier = try await galleries.faces(from: digest, in: name)
            let live = earlier.filter { !$0.hasExpired(at: time) }
            // Several faces of it may be there; the one that is meant before any other.
            let asked = live.first {
                (person == nil || $0.person == person) && (externalID == nil || $0.externalID == externalID)
            }
            if let earlier = asked ?? live.first {
                // To name no person, or no external id, asks for nothing that the earlier enrolment does not give.
                guard person == nil || earlier.person == person else {
                    throw RecognitionError(
                        .enrolledOtherwise,
                        "\(photograph.label): The photograph is enrolled already, without a person or under another one, as the face \(earlier.id); forget that face first."
                    )
                }
                guard externalID == nil || earlier.externalID == externalID else {
                    throw RecognitionError(
                        .enrolledOtherwise,
                        "\(photograph.label): The photograph is enrolled already, under another external id, as the face \(earlier.id); forget that face first."
                    )
                }
                record.outcome = "enrolled-already"
                return Enrolment(face: earlier, isNew: false, subject: nil, times: StageTimes())
            }
            let found = try await pipeline.subject(of: Photograph(label: photograph.label) { bytes }, digest: { _ in digest })
            guard let sample = found.sample else { throw RecognitionError.noFace(in: photograph) }
            let subject = sample.subject(in: found.view)
            let seen = try await galleries.descriptionIfThere(of: name)
            let gallery =
                seen
                ?? GalleryDescription(
                    name: name, model: model.id, dimension: model.dimension, created: time,
                    retention: permit.terms.retention)
            let face = EnrolledFaceDescription(
                person: person, externalID: externalID ?? defaultExternalID, photograph: digest, box: subject.face.box,
                photographSize: found.view.image.photographSize, confidence: subject.face.confidence, enrolled: time,
                expires: permit.terms.expiry(asked: expires, enrolled: time, in: gallery))
            record.outcome = "enrolled"
            record.enrolled = [face.id]
            record.forgotten = earlier.isEmpty ? nil : earlier.map(\.id)
            change = .enrol(
                [
                    EnrolledFace(
                        description: face, template: sample.template,
                        crop: gallery.keepsCrops ? FaceCrop(sample.crop) : nil)
                ], in: gallery, replacing: earlier.map(\.id), beside: [], mustExist: seen != nil)
            return Enrolment(face: face, isNew: true, subject: subject, times: found.view.times)
        }
    }

    /// Adds the faces of a photograph to a gallery that is there, the largest first. No face is an answer.
    ///
    /// A face that is enrolled from this very photograph with this external id already (the boxes overlap by more than
    /// half of their union) is given as it is, and only those that are missing are added; with another external id they
    /// are all new.
    /// - Parameters:
    ///   - externalID: the caller's own key for the photograph.
    ///   - limit: the most faces, at least 1; nil for all. Those that pass the bar count, those that are there included.
    ///   - quality: faces that do not pass are left out.
    /// - Throws: `.galleryNotFound`; `.modelMismatch` when the gallery belongs to another model; `.invalidValue`.
    public func enrolFaces(
        of photograph: Photograph, externalID: String?, limit: Int?, quality: QualityBar, in name: GalleryName,
        permit: Permit
    ) async throws -> Recorded<GroupEnrolment> {
        try await recorder.record(permit, operation: .enrol, gallery: name) { record, change in
            record.model = model.id
            let time = now()
            guard limit.map({ $0 > 0 }) ?? true else {
                throw RecognitionError(.invalidValue, "The most faces to enrol are at least 1, not \(limit ?? 0).")
            }
            let gallery = try await galleries.description(of: name)
            try gallery.mustMatch(model)
            let study = try await pipeline.study(
                photograph, choosing: FaceChoice(quality: quality, limit: limit, rest: .judged), digest: galleries.digest)
            let digest = study.view.digest
            record.photographs = [digest]
            let earlier = try await galleries.faces(from: digest, in: name)
            let live = earlier.filter { !$0.hasExpired(at: time) }
            let there = study.samples.map(\.described.face.box).matched(
                with: live.filter { $0.externalID == externalID })
            var faces: [GroupEnrolment.Face] = [], new: [EnrolledFace] = []
            for (sample, known) in zip(study.samples, there) {
                let face =
                    known
                    ?? EnrolledFaceDescription(
                        person: nil, externalID: externalID, photograph: digest, box: sample.described.face.box,
                        photographSize: study.view.image.photographSize, confidence: sample.described.face.confidence,
                        enrolled: time,
                        expires: permit.terms.expiry(asked: nil, enrolled: time, in: gallery))
                faces.append(.init(enrolled: face, seen: sample.described, isNew: known == nil))
                guard known == nil else { continue }
                new.append(
                    EnrolledFace(
                        description: face, template: sample.template,
                        crop: gallery.keepsCrops ? FaceCrop(sample.crop) : nil))
            }
            if !new.isEmpty {
                let expired = earlier.filter { $0.hasExpired(at: time) }.map(\.id)
                record.enrolled = new.map(\.id)
                record.forgotten = expired.isEmpty ? nil : expired
                change = .enrol(
                    new, in: gallery, replacing: expired, beside: live.map(\.id), mustExist: true)
            }
            record.outcome =
                if study.view.faces.isEmpty { "no-face" } else if faces.isEmpty { "none-good-enough" } else {
                    new.isEmpty ? "enrolled-already" : "enrolled"
                }
            return GroupEnrolment(
                photographSize: study.view.image.photographSize, faces: faces,
                left: study.left.map {
                    .init(seen: $0.face, exceedsLimit: $0.exceedsLimit, shortcomings: $0.shortcomings)
                }, times: study.view.times)
        }
    }
}

extension [BoundingBox] {
    /// For each box the enrolled face that is the same one's: that with which it shares the most, and more than half. Each
    /// enrolled face once.
    fileprivate func matched(with enrolled: [EnrolledFaceDescription]) -> [EnrolledFaceDescription?] {
        var overlaps: [(box: Int, face: Int, share: Double)] = []
        for (i, box) in enumerated() {
            for (j, face) in enrolled.enumerated() {
                let share = face.box.map(box.intersectionOverUnion) ?? 0
                if share > 0.5 { overlaps.append((i, j, share)) }
            }
        }
        var matched = [EnrolledFaceDescription?](repeating: nil, count: count)
        var taken: Set<Int> = []
        for overlap in overlaps.sorted(by: { $0.share > $1.share })
        where matched[overlap.box] == nil && taken.insert(overlap.face).inserted {
            matched[overlap.box] = enrolled[overlap.face]
        }
        return matched
    }
}
