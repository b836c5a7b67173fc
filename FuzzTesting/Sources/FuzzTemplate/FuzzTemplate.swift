import FaceRecognition
import FuzzSupport

private let model = TemplateModelID(rawValue: "fuzz")

/// Any stored numbers are a template of unit length or are refused; two templates' score is a cosine.
private func readTemplate(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = UnsafeRawBufferPointer(start: start, count: count)
    let numbers = stride(from: 0, to: count / 4 * 4, by: 4).map {
        Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: UInt32.self)))
    }
    do {
        let template = try Template(model: model, normalising: numbers)
        check(template)
        // What was stored is read as it is.
        let stored = try Template(model: model, unitLength: template.components)
        precondition(stored == template, "Reading changes nothing")
    } catch let error as RecognitionError { check(error) } catch { preconditionFailure("\(error)") }
    do { check(try Template(model: model, unitLength: numbers)) } catch let error as RecognitionError { check(error) } catch {
        preconditionFailure("An error that is not ours: \(error)")
    }
    return 0
}

private func check(_ template: Template) {
    precondition(template.components.allSatisfy(\.isFinite), "All components are finite")
    guard let score = try? template.compared(with: template).value else { preconditionFailure("It is of its own model") }
    precondition(abs(score - 1) < 1e-3, "A template is closest to itself")
}

private func check(_ error: RecognitionError) { precondition(error.code == .invalidTemplate, "\(error)") }

@main enum FuzzTemplate {
    static func main() { fuzz(readTemplate) }
}
