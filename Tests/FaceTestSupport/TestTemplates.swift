package import FaceRecognition

extension TemplateModelID {
    package static let test = TemplateModelID(rawValue: "test-1")
}

extension Template {
    /// A random direction.
    package static func random(
        _ dimension: Int, model: TemplateModelID = .test, using generator: inout some RandomNumberGenerator
    ) -> Template {
        let components = (0..<dimension).map { _ in Float.random(in: -1...1, using: &generator) }
        // A single component near 0 has a direction as well; exactly 0 has none.
        return try! Template(model: model, normalising: components.contains { abs($0) > 1e-6 } ? components : [1])
    }
}
