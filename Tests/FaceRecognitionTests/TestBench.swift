import FaceTestSupport
import Foundation
import Synchronization

@testable import FaceRecognition

/// Counts how often a photograph's bytes were asked for.
final class ReadCounter: Sendable {
    private let reads = Mutex(0)
    var count: Int { reads.withLock { $0 } }
    func photograph(_ text: String) -> Photograph {
        Photograph(label: "probe.jpg") {
            self.reads.withLock { $0 += 1 }
            return Data(text.utf8)
        }
    }
}

/// The core with test doubles around it.
struct TestBench {
    let store = InMemoryStore()
    let reads = ReadCounter()
    let model: TemplateModel
    let recognizer: FaceRecognizer
    let keeper: GalleryKeeper
    let name: GalleryName

    init(faces: [DetectedFace] = [.preset], calibrated: Bool = true) throws {
        let model = try TemplateModel.test(calibrated: calibrated)
        self.model = model
        name = try GalleryName("people")
        recognizer = FaceRecognizer(
            pipeline: .test(faces: faces, model: model), galleries: store, records: store,
            now: { Date(timeIntervalSince1970: 7) })
        keeper = GalleryKeeper(galleries: store, records: store)
    }

    func permit(_ operation: GatedOperation, in gallery: GalleryName? = nil) async throws -> Permit {
        try await permit(operation, in: gallery, by: .lasting)
    }

    func permit(_ operation: GatedOperation, in gallery: GalleryName?, by policy: Policy) async throws -> Permit {
        try await PolicyGate(policy: policy, records: store).permit(
            AccessRequest(organisation: "local-operator", purpose: "trial", operation: operation, gallery: gallery))
    }

    func enrol(_ text: String, as person: String?) async throws -> Recorded<Enrolment> {
        try await recognizer.enrol(
            reads.photograph(text), as: person, externalID: nil, in: name, permit: permit(.enrol, in: name))
    }
}

extension Policy {
    /// The trial, for tests whose clock stands long ago: faces outlast it.
    static let lasting: Policy = {
        var policy = Policy.trial
        policy.otherGalleries?.retention = 1e10
        return policy
    }()
}

/// Every operation of the two types that do anything, each with the permit that it is given.
enum AnyOperation: String, CaseIterable, Sendable {
    case detect, compare, enrol, identify, identifyPeople, list, show, faces, create, delete, forget
    case people, join, leave, crop, bringIn, export, maintain, restore
    case compareAll, enrolFaces, identifyLike, peopleLike, joinNear
    case createPerson, deletePerson, leaveSome, forgetSome, facePage, peoplePage, tags, setTags, change

    var kind: GatedOperation {
        switch self {
        case .detect: .detect
        case .compare, .compareAll: .compare
        case .enrol, .bringIn, .enrolFaces: .enrol
        case .identify, .identifyPeople, .identifyLike, .peopleLike: .identify
        case .forget, .forgetSome, .delete: .forget
        case .list, .show, .faces, .create, .people, .join, .leave, .crop, .export, .maintain, .restore,
            .joinNear, .createPerson, .deletePerson, .leaveSome, .facePage, .peoplePage, .tags, .setTags,
            .change:
            .manage
        }
    }
    var needsGallery: Bool {
        ![.detect, .compare, .compareAll, .list, .maintain, .change, .restore].contains(self)
    }

    /// The others have nothing to give in the bench.
    var succeeds: Bool { ![.crop, .restore].contains(self) }

    func run(on bench: TestBench, permit: Permit) async throws {
        let photograph = bench.reads.photograph("probe")
        switch self {
        case .detect: _ = try await bench.recognizer.detect(photograph, permit: permit)
        case .compare: _ = try await bench.recognizer.compare(photograph, with: photograph, permit: permit)
        case .compareAll: _ = try await bench.recognizer.compare(photograph, withAllIn: photograph, permit: permit)
        case .enrolFaces:
            _ = try await bench.recognizer.enrolFaces(
                of: photograph, externalID: nil, limit: nil, quality: .none, in: bench.name, permit: permit)
        case .identifyLike:
            let face = try await bench.store.faces(in: bench.name, nil).first?.id ?? FaceID()
            _ = try await bench.recognizer.identify(like: face, in: bench.name, permit: permit)
        case .peopleLike: _ = try await bench.recognizer.identifyPeople(.person("Ann"), in: bench.name, permit: permit)
        case .joinNear:
            _ = try await bench.recognizer.join(
                [], to: "Ann", atLeast: .eighty, comparing: bench.permit(.identify, in: bench.name), in: bench.name,
                permit: permit)
        case .enrol:
            _ = try await bench.recognizer.enrol(photograph, as: "Ann", externalID: nil, in: bench.name, permit: permit)
        case .identify: _ = try await bench.recognizer.identify(photograph, in: bench.name, permit: permit)
        case .identifyPeople: _ = try await bench.recognizer.identifyPeople(
                .photograph(photograph, .none), in: bench.name, permit: permit)
        case .list: _ = try await bench.keeper.list(permit: permit)
        case .show: _ = try await bench.keeper.show(bench.name, permit: permit)
        case .faces: _ = try await bench.keeper.faces(in: bench.name, permit: permit)
        case .people: _ = try await bench.keeper.people(in: bench.name, permit: permit)
        case .join: _ = try await bench.keeper.join([], to: "Ann", in: bench.name, permit: permit)
        case .leave: _ = try await bench.keeper.leave([], from: "Ann", in: bench.name, permit: permit)
        case .crop: _ = try await bench.keeper.crop(of: FaceID(), in: bench.name, permit: permit)
        case .export: _ = try await bench.keeper.export(bench.name, permit: permit) { _ in }
        case .bringIn:
            _ = try await bench.keeper.enrol(
                [],
                in: GalleryDescription(
                    name: bench.name, model: bench.model.id, dimension: bench.model.dimension, created: Date()),
                permit: permit)
        case .maintain: _ = try await bench.keeper.maintain("checked", permit: permit) {}
        case .restore: _ = try await bench.keeper.restore(from: "a backup", permit: permit)
        case .create: _ = try await bench.keeper.create(GalleryName("new"), for: bench.model, permit: permit)
        case .delete: _ = try await bench.keeper.delete(bench.name, permit: permit)
        case .createPerson: _ = try await bench.keeper.createPerson("Ben", in: bench.name, permit: permit)
        case .deletePerson: _ = try await bench.keeper.deletePerson("Ann", in: bench.name, permit: permit)
        case .leaveSome: _ = try await bench.keeper.leave([FaceID()], from: "Ann", in: bench.name, token: nil, permit: permit)
        case .forgetSome: _ = try await bench.keeper.forget([FaceID()], in: bench.name, permit: permit)
        case .facePage: _ = try await bench.keeper.faces(in: bench.name, after: nil, count: 9, permit: permit)
        case .peoplePage: _ = try await bench.keeper.people(in: bench.name, after: nil, count: 9, permit: permit)
        case .tags: _ = try await bench.keeper.tags(of: bench.name, permit: permit)
        case .setTags: _ = try await bench.keeper.setTags(["a": "b"], removing: [], of: bench.name, permit: permit)
        case .change: _ = try await bench.keeper.change("changed", permit: permit) { ((), try await bench.store.append($0)) }
        case .forget: _ = try await bench.keeper.forget(.person("Ann"), in: bench.name, permit: permit)
        }
    }

    func gallery(on bench: TestBench) throws -> GalleryName? {
        guard needsGallery else { return nil }
        return self == .create ? try GalleryName("new") : bench.name
    }
}
