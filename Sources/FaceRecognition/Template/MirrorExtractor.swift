/// Gives each face the mean of its template and its mirror image's: a little more accurate, at twice the cost.
///
/// Its templates belong to a model of their own (`TemplateModel.mirrored`), so that no gallery mixes the two kinds.
package struct MirrorExtractor: TemplateExtractor {
    package let model: TemplateModel
    private let extractor: any TemplateExtractor

    package init(_ extractor: any TemplateExtractor) {
        self.extractor = extractor
        model = extractor.model.mirrored
    }

    package func templates(of crops: [AlignedCrop]) throws -> [Template] {
        let templates = try extractor.templates(of: crops.flatMap { [$0, $0.mirrored] })
        return try stride(from: 0, to: templates.count, by: 2).map {
            let mean = try Template.mean(of: Array(templates[$0...($0 + 1)]))
            return try Template(model: model.id, normalising: mean.components)
        }
    }
}
