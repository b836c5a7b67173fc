import COpenVINO
import FaceRecognition
import Synchronization

/// A network compiled for one input shape, with as many inference requests as callers have needed at once.
package final class CompiledNetwork: Sendable {
    // A compiled model may be used from several threads at once (OpenVINO's documentation of ov::CompiledModel).
    nonisolated(unsafe) private let model: OpaquePointer
    private let name: String
    private let inputCount: Int
    /// Requests that nobody is using. A request belongs to one caller at a time: whoever took it out.
    private let idle = Mutex<[InferenceRequest]>([])

    init(owning model: OpaquePointer, name: String, inputCount: Int) {
        self.model = model
        self.name = name
        self.inputCount = inputCount
    }

    deinit {
        idle.withLock { $0.removeAll() }
        ov_compiled_model_free(model)
    }

    /// Runs the network once, on the calling thread.
    /// - Parameters:
    ///   - fill: writes all of the input's numbers, in the network's own layout; they hold those of an earlier call.
    ///   - read: takes what it needs from the outputs, which are gone when it returns.
    /// - Throws: `.fault`.
    package func run<Result>(
        fill: (UnsafeMutableBufferPointer<Float>) -> Void, read: (Outputs) throws -> Result
    ) throws -> Result {
        let request =
            try idle.withLock { $0.popLast() } ?? InferenceRequest(model: model, name: name, inputCount: inputCount)
        defer { idle.withLock { $0.append(request) } }
        fill(request.input)
        try check(ov_infer_request_infer(request.handle), "The network \(name) failed")
        return try read(Outputs(request: request, model: model, name: name))
    }

    /// The results of one run.
    package struct Outputs {
        fileprivate let request: InferenceRequest
        fileprivate let model: OpaquePointer
        fileprivate let name: String

        /// Which output is meant.
        package enum Output {
            case named(String)
            /// Counted from 0.
            case number(Int)
        }

        /// Lends an output's numbers.
        /// - Throws: `.modelRefused` when there is no such output or it has not the expected count.
        package func withOutput<Result>(
            _ output: Output, count: Int, _ body: (UnsafeBufferPointer<Float>) throws -> Result
        ) throws -> Result {
            var tensor: OpaquePointer?
            let (status, label) =
                switch output {
                case .named(let name): (ov_infer_request_get_tensor(request.handle, name, &tensor), "'\(name)'")
                case .number(let index):
                    (ov_infer_request_get_output_tensor_by_index(request.handle, index, &tensor), "number \(index)")
                }
            defer { ov_tensor_free(tensor) }
            guard status == OK else {
                throw RecognitionError(
                    .modelRefused,
                    "The network \(name) has no output \(label); it is not of the kind that its manifest entry says.")
            }
            let numbers = try floats(of: tensor, name: name)
            guard numbers.count == count else {
                throw RecognitionError(
                    .modelRefused,
                    "The network \(name) gives \(numbers.count) numbers in its output \(label), not \(count); its manifest entry does not fit it."
                )
            }
            return try body(UnsafeBufferPointer(numbers))
        }
    }
}

/// One inference request with its input tensor. Used by one thread at a time: `CompiledNetwork` hands it to one caller.
private final class InferenceRequest: @unchecked Sendable {
    let handle: OpaquePointer
    /// The input tensor's own memory, valid as long as the request lives.
    let input: UnsafeMutableBufferPointer<Float>
    private let tensor: OpaquePointer

    init(model: OpaquePointer, name: String, inputCount: Int) throws {
        var request: OpaquePointer?
        try check(ov_compiled_model_create_infer_request(model, &request), "The network \(name) cannot be run")
        guard let request else { throw RecognitionError(.fault, "The network \(name) cannot be run.") }
        var tensor: OpaquePointer?
        do {
            try check(ov_infer_request_get_input_tensor(request, &tensor), "The network \(name) has no single input")
            let input = try floats(of: tensor, name: name)
            guard let tensor, input.count == inputCount else {
                throw RecognitionError(
                    .modelRefused, "The network \(name) takes another input than its manifest entry says.")
            }
            (handle, self.tensor, self.input) = (request, tensor, input)
        } catch {
            ov_tensor_free(tensor)
            ov_infer_request_free(request)
            throw error
        }
    }

    deinit {
        ov_tensor_free(tensor)
        ov_infer_request_free(handle)
    }
}

/// A tensor's memory, when it holds single-precision numbers.
private func floats(of tensor: OpaquePointer?, name: String) throws -> UnsafeMutableBufferPointer<Float> {
    var type = DYNAMIC
    try check(ov_tensor_get_element_type(tensor, &type), "A tensor of \(name) cannot be read")
    guard type == F32 else {
        throw RecognitionError(.modelRefused, "The network \(name) works with other numbers than single precision.")
    }
    var count = 0
    try check(ov_tensor_get_size(tensor, &count), "A tensor of \(name) cannot be read")
    var data: UnsafeMutableRawPointer?
    try check(ov_tensor_data(tensor, &data), "A tensor of \(name) cannot be read")
    return UnsafeMutableBufferPointer(start: data?.assumingMemoryBound(to: Float.self), count: data == nil ? 0 : count)
}
