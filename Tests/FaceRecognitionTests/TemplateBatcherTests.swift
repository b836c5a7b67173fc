import FaceTestSupport
import Synchronization
import Testing

@testable import FaceRecognition

@Suite struct TemplateBatcherTests {
    /// Notes how many crops came together; fails when it is told to.
    private final class CountingExtractor: TemplateExtractor {
        let model: TemplateModel
        let batches = Mutex<[Int]>([])
        private let base: StripeExtractor
        private let fails: Bool

        init(fails: Bool = false) throws {
            model = try .test()
            base = StripeExtractor(model: model)
            self.fails = fails
        }

        func templates(of crops: [AlignedCrop]) throws -> [Template] {
            batches.withLock { $0.append(crops.count) }
            if fails { throw RecognitionError(.fault, "It fails.") }
            return try base.templates(of: crops)
        }
    }

    private func crop(_ value: UInt8) -> AlignedCrop {
        var pixels = [UInt8](repeating: 7, count: 3 * 32 * 32)
        pixels[Int(value)] = 200
        return AlignedCrop(
            size: PixelSize(width: 32, height: 32), pixels: pixels,
            transform: SimilarityTransform(a: 1, b: 0, tx: 0, ty: 0))
    }

    @Test("A crop with nobody to wait for is extracted at once, alone")
    func alone() async throws {
        let extractor = try CountingExtractor()
        let batcher = TemplateBatcher(extractor: extractor, workers: Workers(count: 2))
        await batcher.expectOne()
        let template = try await batcher.template(of: crop(1))
        #expect(try template == extractor.templates(of: [crop(1)])[0])
        #expect(extractor.batches.withLock { $0 } == [1, 1])
    }

    @Test("While every worker is busy a crop waits for a second one, and each gets its own template")
    func company() async throws {
        let extractor = try CountingExtractor()
        let batcher = TemplateBatcher(extractor: extractor, workers: Workers(count: 1))
        for _ in 0..<4 { await batcher.expectOne() }
        let templates = try await withThrowingTaskGroup(of: (UInt8, Template).self) { group in
            for value in 0..<UInt8(4) {
                group.addTask { [crop] in (value, try await batcher.template(of: crop(value))) }
            }
            return try await group.reduce(into: [UInt8: Template]()) { $0[$1.0] = $1.1 }
        }
        #expect(extractor.batches.withLock { $0 } == [2, 2])
        for (value, template) in templates {
            #expect(try template == StripeExtractor(model: extractor.model).templates(of: [crop(value)])[0])
        }
    }

    @Test("A photograph that brings no crop keeps nobody waiting")
    func noCrop() async throws {
        let extractor = try CountingExtractor()
        let batcher = TemplateBatcher(extractor: extractor, workers: Workers(count: 1))
        await batcher.expectOne()
        await batcher.expectOne()
        async let template = batcher.template(of: crop(3))
        // Whichever comes first: the crop is extracted once the other photograph is known to bring none.
        await batcher.expectNoMore()
        _ = try await template
        #expect(extractor.batches.withLock { $0 } == [1])
    }

    @Test("A failure reaches everybody who waited for it")
    func failure() async throws {
        let extractor = try CountingExtractor(fails: true)
        let batcher = TemplateBatcher(extractor: extractor, workers: Workers(count: 1))
        await batcher.expectOne()
        await batcher.expectOne()
        let failures = await withTaskGroup(of: Bool.self) { group in
            for value in UInt8(1)...2 {
                group.addTask { [crop] in
                    do { _ = try await batcher.template(of: crop(value)) } catch { return error is RecognitionError }
                    return false
                }
            }
            return await group.reduce(into: [Bool]()) { $0.append($1) }
        }
        #expect(failures == [true, true])
    }
}
