/// Turns aligned crops into templates.
///
/// Calls block for as long as the network runs; see `FaceDetector`.
package protocol TemplateExtractor: Sendable {
    /// The model whose templates this gives.
    var model: TemplateModel { get }

    /// - Parameter crops: crops of exactly the model's input size.
    /// - Returns: one template of unit length for each crop, in the same order.
    /// - Throws: `RecognitionError`: `.fault` when the network fails, `.invalidTemplate` when it gives no direction.
    func templates(of crops: [AlignedCrop]) throws -> [Template]
}
