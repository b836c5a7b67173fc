import FaceTestSupport
import Foundation
import Testing

@testable import FaceRecognition

@Suite struct FaceRecognizerTests {
    private func code(_ expected: RecognitionError.Code) -> @Sendable (any Error) throws -> Bool {
        { ($0 as? RecognitionError)?.code == expected }
    }

    @Test("No face is an answer to detect, an error to the rest, and recorded")
    func noFace() async throws {
        let bench = try TestBench(faces: [])
        _ = try await bench.keeper.create(bench.name, for: bench.model, permit: bench.permit(.manage, in: bench.name))
        for operation in [AnyOperation.compare, .enrol, .identify] {
            let permit = try await bench.permit(operation.kind, in: operation.gallery(on: bench))
            await #expect(performing: { try await operation.run(on: bench, permit: permit) }, throws: code(.noFace))
            #expect(bench.store.records.last?.outcome == "no-face")
            #expect(bench.store.records.last?.photographs != nil)
        }
        let found = try await bench.recognizer.detect(bench.reads.photograph("x"), permit: bench.permit(.detect))
        #expect(found.outcome.faces.isEmpty && bench.store.records.last?.outcome == "no-face")
        #expect(bench.store.records.count == 5)
    }

    @Test("What is enrolled twice is enrolled once")
    func enrolTwice() async throws {
        let bench = try TestBench()
        let first = try await bench.enrol("photo", as: "Ann"), again = try await bench.enrol("photo", as: "Ann")
        #expect(first.outcome.isNew && !again.outcome.isNew)
        #expect(first.outcome.face.id == again.outcome.face.id)
        #expect(first.outcome.face.enrolled == Date(timeIntervalSince1970: 7))
        #expect(try await bench.store.gallery(bench.name).count == 1)
        #expect(bench.store.records.map(\.outcome) == ["enrolled", "enrolled-already"])
        #expect(bench.store.records[0].enrolled == [first.outcome.face.id] && bench.store.records[1].enrolled == nil)
    }

    @Test("A photograph that is enrolled under another person is refused, and nobody is named")
    func enrolledOtherwise() async throws {
        let bench = try TestBench()
        _ = try await bench.enrol("photo", as: "Ann Example")
        let error = await #expect(throws: RecognitionError.self) { try await bench.enrol("photo", as: "Ben Sample") }
        #expect(error?.code == .enrolledOtherwise)
        for name in ["Ann", "Ben"] { #expect(!"\(error!)".contains(name)) }
        #expect(try await bench.store.gallery(bench.name).count == 1)
        let record = String(decoding: try bench.store.records[1].encoded(), as: UTF8.self)
        #expect(bench.store.records[1].outcome == "enrolled-otherwise")
        for name in ["Ann", "Ben"] { #expect(!record.contains(name)) }
    }

    @Test("The same photograph is found again, at the gallery's own operating point")
    func identify() async throws {
        let bench = try TestBench()
        let face = try await bench.enrol("abcdefgh", as: "Ann").outcome.face
        let answer = try await bench.recognizer.identify(
            bench.reads.photograph("abcdefgh"), in: bench.name, permit: bench.permit(.identify, in: bench.name))
        #expect(answer.outcome.answers.map(\.candidate.face.id) == [face.id])
        #expect(answer.outcome.operatingPoint == .recommended(gallerySize: 1))
        let record = try #require(bench.store.records.last)
        #expect(record.outcome == "candidates" && record.candidates?.map(\.face) == [face.id])
        #expect(record.thresholdAsked == nil && record.thresholdApplied == .eighty)
        #expect(record.expectedFalseCandidates == answer.outcome.expectedFalseCandidates)
    }

    @Test("Without a calibration nothing is compared, and no photograph is read")
    func notCalibrated() async throws {
        let bench = try TestBench(calibrated: false)
        for operation in [AnyOperation.compare, .identify] {
            let permit = try await bench.permit(operation.kind, in: operation.gallery(on: bench))
            await #expect(
                performing: { try await operation.run(on: bench, permit: permit) }, throws: code(.notCalibrated))
        }
        #expect(bench.reads.count == 0)
        #expect(bench.store.records.map(\.outcome) == ["not-calibrated", "not-calibrated"])
    }

    @Test("A photograph compared with itself scores 1")
    func compare() async throws {
        let bench = try TestBench()
        let found = try await bench.recognizer.compare(
            bench.reads.photograph("abcdefgh"), with: bench.reads.photograph("abcdefgh"), permit: bench.permit(.compare)
        )
        #expect(abs(found.outcome.score.value - 1) < 1e-6)
        #expect(found.receipt.index == 0 && bench.store.records[0].photographs?.count == 2)
    }

    @Test("A comparison is decided by the core, and the record says at which threshold and how close")
    func compareAtThreshold() async throws {
        let bench = try TestBench()
        func compare(at threshold: Similarity?) async throws -> (Verification, Record) {
            let found = try await bench.recognizer.compare(
                bench.reads.photograph("\u{1}~"), with: bench.reads.photograph("~\u{1}"), at: threshold,
                permit: bench.permit(.compare))
            return (found.outcome, try #require(bench.store.records.last))
        }
        let (byDefault, record) = try await compare(at: nil)
        #expect(byDefault.threshold == .eighty && record.thresholdAsked == nil && record.thresholdApplied == .eighty)
        #expect(record.similarity == byDefault.similarity)
        #expect(record.outcome == (byDefault.similarity >= .eighty ? "match" : "no-match"))
        // At its own similarity it is a match, at the next number above it is none.
        let (at, _) = try await compare(at: byDefault.similarity)
        #expect(at.isMatch)
        let above = try #require(Similarity(byDefault.similarity.value.nextUp))
        let (none, refused) = try await compare(at: above)
        #expect(!none.isMatch && refused.outcome == "no-match" && refused.thresholdAsked == above)
    }

    @Test("Of two who enrol one photograph at once, one enrols it and the other is told so")
    func race() async throws {
        let bench = try TestBench()
        // Between this request's look and its change, another one enrols the photograph.
        bench.store.beforeNextChange { try await bench.enrol("photo", as: "Ann") }
        let late = try await bench.enrol("photo", as: "Ann")
        #expect(!late.outcome.isNew)
        #expect(try await bench.store.gallery(bench.name).count == 1)
        #expect(bench.store.records.map(\.outcome) == ["enrolled", "enrolled-already"])
        bench.store.beforeNextChange { try await bench.enrol("other", as: "Ann") }
        let error = await #expect(throws: RecognitionError.self) { try await bench.enrol("other", as: "Ben") }
        #expect(error?.code == .enrolledOtherwise && error?.message.hasPrefix("probe.jpg:") == true)
    }

    @Test("An error that is not ours is recorded as a fault, and a cancellation as one")
    func foreignErrors() async throws {
        struct Foreign: Error {}
        for (thrown, word) in [(Foreign() as any Error, "fault"), (CancellationError(), "cancelled")] {
            let bench = try TestBench()
            let permit = try await bench.permit(.detect)
            await #expect(throws: (any Error).self) {
                try await bench.recognizer.detect(Photograph(label: "x") { throw thrown }, permit: permit)
            }
            #expect(bench.store.records.map(\.outcome) == [word])
        }
    }

    @Test("Templates with mirror images belong to a model of their own, which no gallery mixes with the plain one")
    func mirror() async throws {
        let plain = try TemplateModel.test()
        #expect(
            plain.mirrored.id == TemplateModelID(rawValue: "\(plain.id)+mirror") && plain.mirrored.calibration == nil)
        #expect(plain.mirrored.id.unmirrored == plain.id && plain.id.unmirrored == plain.id)
        let bench = try TestBench()
        _ = try await bench.enrol("photo", as: "Ann")
        let pipeline = FacePipeline.test(extractor: MirrorExtractor(StripeExtractor(model: plain)))
        let recognizer = FaceRecognizer(pipeline: pipeline, galleries: bench.store, records: bench.store)
        let permit = try await bench.permit(.enrol, in: bench.name)
        let error = await #expect(throws: RecognitionError.self) {
            try await recognizer.enrol(
                bench.reads.photograph("another"), as: nil, externalID: nil, in: bench.name, permit: permit)
        }
        #expect(error?.code == .modelMismatch)
    }

    @Test("A template with its mirror image is that of the mirrored crop as well")
    func mirrorMean() throws {
        let extractor = MirrorExtractor(StripeExtractor(model: try .test()))
        let size = PixelSize(width: 32, height: 32)
        let crop = AlignedCrop(
            size: size, pixels: (0..<(3 * 32 * 32)).map { UInt8($0 % 251) },
            transform: SimilarityTransform(a: 1, b: 0, tx: 0, ty: 0))
        let both = try extractor.templates(of: [crop, crop.mirrored])
        #expect(both.count == 2 && both[0].model == extractor.model.id)
        #expect(abs(try both[0].compared(with: both[1]).value - 1) < 1e-6)
    }
}
