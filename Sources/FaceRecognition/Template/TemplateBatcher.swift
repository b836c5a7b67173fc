/// Brings crops of different photographs together, since two at once cost a third less than one after the other.
///
/// A crop waits for a second one only while every worker is busy with photographs that may bring one: with nothing else to
/// do, it is extracted at once. What a crop's template is does not depend on its company (OpenVINO gives the same bits for
/// one and for two; a test holds it to that).
actor TemplateBatcher {
    /// As many as are extracted together.
    private static let batch = 2

    private let extractor: any TemplateExtractor
    private let workers: Workers
    /// Photographs that are being looked at and may bring a crop.
    private var expected = 0
    private var waiting: [(crop: AlignedCrop, continuation: CheckedContinuation<Template, any Error>)] = []

    init(extractor: any TemplateExtractor, workers: Workers) {
        self.extractor = extractor
        self.workers = workers
    }

    /// A photograph is about to be looked at. Each call is followed by one of `templates(of:)`, `template(of:)` or
    /// `expectNoMore()`.
    func expectOne() { expected += 1 }

    /// A photograph that was expected brings no crop: it has no face, or it failed.
    func expectNoMore() {
        expected -= 1
        extract()
    }

    /// The template of an expected photograph's crop.
    func template(of crop: AlignedCrop) async throws -> Template {
        expected -= 1
        return try await withCheckedThrowingContinuation { continuation in
            waiting.append((crop, continuation))
            extract()
        }
    }

    /// The templates of all of an expected photograph's crops, in their order.
    /// - Precondition: at least one.
    func templates(of crops: [AlignedCrop]) async throws -> [Template] {
        precondition(!crops.isEmpty, "A photograph without a crop is one of `expectNoMore()`")
        guard crops.count > 1 else { return [try await template(of: crops[0])] }
        expected += crops.count - 1
        return try await withThrowingTaskGroup(of: (Int, Template).self) { group in
            for (i, crop) in crops.enumerated() { group.addTask { (i, try await self.template(of: crop)) } }
            var templates: [Int: Template] = [:]
            for try await (i, template) in group { templates[i] = template }
            return crops.indices.compactMap { templates[$0] }
        }
    }

    /// Sends off all that need not wait any longer.
    private func extract() {
        while waiting.count >= Self.batch || (!waiting.isEmpty && expected < workers.count) {
            let few = Array(waiting.prefix(Self.batch))
            waiting.removeFirst(few.count)
            // A task of its own: who gave up waiting must not take the other crop's template along.
            Task { [extractor, workers] in
                let crops = few.map(\.crop)
                let result = await Result { try await workers.run { try extractor.templates(of: crops) } }
                for (i, one) in few.enumerated() { one.continuation.resume(with: result.map { $0[i] }) }
            }
        }
    }
}
