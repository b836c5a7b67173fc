import COpenVINO
import FaceRecognition
package import Foundation

/// OpenVINO's core: reads networks and compiles them for this machine's processor.
///
/// Compiling for a new input shape costs some hundred milliseconds; with a cache folder, the next process pays some ten.
package final class OpenVINORuntime: Sendable {
    // An ov_core may be used from several threads at once (OpenVINO's documentation of ov::Core); it is created once and
    // freed once.
    nonisolated(unsafe) private let core: OpaquePointer
    private let settings: InferenceSettings

    /// - Throws: `.fault` when the library does not start.
    package init(settings: InferenceSettings) throws {
        var core: OpaquePointer?
        try check(ov_core_create(&core), "OpenVINO did not start")
        guard let core else { throw RecognitionError(.fault, "OpenVINO did not start.") }
        self.core = core
        self.settings = settings
    }

    deinit { ov_core_free(core) }

    /// Reads a network and compiles it for one input shape. It takes a `ModelFile`, so that nothing is ever loaded whose
    /// digest was not checked.
    /// - Parameter shape: of the network's only input.
    /// - Throws: `.modelRefused` when the file cannot be read as a network or does not take this shape.
    package func compile(_ file: ModelFile, shape: [Int]) throws -> CompiledNetwork {
        let name = file.name
        var model: OpaquePointer?
        do {
            try file.withPath { try check(ov_core_read_model(core, $0, nil, &model), "") }
        } catch let error as RecognitionError where error.code == .fault {
            throw RecognitionError(
                .modelRefused,
                "The file \(name) cannot be read as a network that OpenVINO knows and that holds its own weights: weights in a second file are not read.",
                detail: error.detail)
        }
        defer { ov_model_free(model) }
        let sides = shape.map(Int64.init)
        var partial = ov_partial_shape_t()
        try check(
            ov_partial_shape_create_static(Int64(sides.count), sides, &partial), "A shape for \(name) is refused")
        defer { ov_partial_shape_free(&partial) }
        do { try check(ov_model_reshape_single_input(model, partial), "") } catch let error as RecognitionError {
            throw RecognitionError(
                .modelRefused, "The network \(name) does not take an input of the shape \(shape).", detail: error.detail
            )
        }
        let compiled = try Self.withProperties(settings.properties(for: file)) { properties, count in
            var compiled: OpaquePointer?
            try check(
                ov_core_compile_model_props(core, model, "CPU", count, properties, &compiled),
                "The network \(name) cannot be compiled for this processor")
            return compiled
        }
        guard let compiled else { throw RecognitionError(.fault, "The network \(name) was not compiled.") }
        return CompiledNetwork(owning: compiled, name: name, inputCount: shape.reduce(1, *))
    }

    /// Lends key and value pairs to C for the time of a call.
    private static func withProperties<Result>(
        _ pairs: [(String, String)], _ body: (UnsafePointer<ov_property_t>?, Int) throws -> Result
    ) throws -> Result {
        let keys = pairs.map { strdup($0.0) }, values = pairs.map { strdup($0.1) }
        defer { (keys + values).forEach { free($0) } }
        var properties = zip(keys, values).map { key, value in
            var property = ov_property_t()
            property.key = UnsafePointer(key)
            property.value = UnsafeRawPointer(value)
            return property
        }
        return try body(&properties, properties.count)
    }
}

/// How inference uses the machine.
package struct InferenceSettings: Sendable {
    /// What the cores are for.
    package enum Aim: Sendable {
        /// All cores work on one photograph: the shortest wait for one.
        case latency
        /// Each core works on a photograph of its own: the most photographs a second.
        case throughput
    }

    package let aim: Aim
    package let threads: Int
    /// Where compiled networks are kept; nil keeps none.
    package let cacheFolder: URL?

    package init(aim: Aim, threads: Int, cacheFolder: URL?) {
        self.aim = aim
        self.threads = max(1, threads)
        self.cacheFolder = cacheFolder
    }

    /// How many inferences may run at once.
    package var parallelInferences: Int { aim == .latency ? 1 : threads }

    /// Single precision is asked for: OpenVINO's own choice is bfloat16 where the processor has it, and templates made
    /// there could not be compared with others. The keys are written out because the C header declares its constants as
    /// mutable globals, which Swift rightly refuses to share between threads.
    ///
    /// The cache has a folder for each file's digest, so that nothing hangs on what OpenVINO itself knows a cached network
    /// by.
    fileprivate func properties(for file: ModelFile) -> [(String, String)] {
        let cache = cacheFolder.map { [("CACHE_DIR", $0.appendingPathComponent(file.sha256).path)] } ?? []
        return cache + [
            ("INFERENCE_PRECISION_HINT", "f32"),
            ("NUM_STREAMS", "\(parallelInferences)"),
            ("INFERENCE_NUM_THREADS", "\(threads)"),
            ("ENABLE_CPU_PINNING", "NO"),
        ]
    }
}

/// Turns a status of OpenVINO's into an error.
///
/// The status is what counts; the library's last error text is one for the whole process, so it may belong to another
/// thread: a hint for an operator, copied at once.
func check(_ status: ov_status_e, _ what: String) throws {
    guard status != OK else { return }
    let text = ov_get_last_err_msg()
    defer { ov_free(text) }
    let hint = text.map { String(String(cString: $0).prefix(500)) } ?? ""
    throw RecognitionError(.fault, "\(what) (OpenVINO's status \(status.rawValue)).", detail: hint)
}
