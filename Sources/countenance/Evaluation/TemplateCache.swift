import FaceRecognition
import Foundation

/// Templates of evaluated photographs, so that an evaluation that was interrupted, or is made again with other groups or
/// thresholds, goes on where it was.
///
/// A file for each model and rule in the data directory's folder `evaluation/` (mode 0700; the files 0600). An entry is
/// found by the photograph's HMAC-SHA256 under the installation's key, not by its name, so that a photograph that has
/// changed is another one. The templates in it are not sealed as a gallery's are: they are as safe as the data directory,
/// and the photographs they come from are on the operator's disk anyway. The folder may be deleted at any time.
///
/// The form: "CNT-EVA2" (a file of another form is begun anew), the dimension in 4 bytes; then entries of 32 bytes of
/// digest, 4 bytes with the number of faces (0 where there is none), and in single precision, little-endian, the quality
/// (eye distance, sharpness, brightness, yaw, pitch, roll, disagreement of the landmarks; not a number where there is
/// none) and the components. An entry that a crash cut short is dropped.
final class TemplateCache {
    private static let magic = Data("CNT-EVA2".utf8)
    private static let qualities = 7
    private let descriptor: Int32
    private let path: String
    private let dimension: Int
    private let model: TemplateModelID
    private var found: [Data: AuditedSample?] = [:]

    /// - Throws: `.storageUnavailable`.
    init(model: TemplateModel, rule: SubjectRule, in dataFolder: URL) throws {
        let folder = dataFolder.appendingPathComponent("evaluation").path
        dimension = model.dimension
        self.model = model.id
        path = "\(folder)/\(model.id.rawValue)-\(model.sha256.prefix(16))-\(rule.rawValue).templates"
        if mkdir(folder, 0o700) != 0, errno != EEXIST { throw Self.unavailable(folder) }
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw Self.unavailable(path) }
        fchmod(descriptor, 0o600)
        try read()
    }

    deinit { close(descriptor) }

    /// How many photographs are known.
    var count: Int { found.count }

    /// nil when the photograph is not known; inside, nil when it shows no face.
    subscript(_ photograph: PhotographDigest) -> AuditedSample?? { found[photograph.bytes] }

    private var entryLength: Int { 36 + 4 * (Self.qualities + dimension) }
    private var header: Data { Self.magic + withUnsafeBytes(of: UInt32(dimension).littleEndian) { Data($0) } }

    private func read() throws {
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: false)
        let data = try? handle.readToEnd() ?? Data()
        guard let data, data.count >= header.count, data.prefix(header.count) == header else {
            // New, or not ours to read: begun anew.
            guard ftruncate(descriptor, 0) == 0, lseek(descriptor, 0, SEEK_SET) == 0 else { throw Self.unavailable(path) }
            return try write(header)
        }
        let entries = (data.count - header.count) / entryLength
        for i in 0..<entries {
            let entry = data.subdata(in: (header.count + i * entryLength)..<(header.count + (i + 1) * entryLength))
            let key = Data(entry.prefix(32))
            let words = entry.dropFirst(32).withUnsafeBytes { bytes in
                (0...(Self.qualities + dimension)).map {
                    UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self))
                }
            }
            guard words[0] > 0 else {
                found[key] = .some(nil)
                continue
            }
            let numbers = words.dropFirst().map(Float.init(bitPattern:))
            // A damaged entry is extracted again.
            guard let template = try? Template(model: model, unitLength: Array(numbers.dropFirst(Self.qualities))) else {
                continue
            }
            found[key] = AuditedSample(
                template: template, quality: SampleQuality(numbers.prefix(Self.qualities)), facesInPhotograph: Int(words[0]))
        }
        let end = off_t(header.count + entries * entryLength)
        guard ftruncate(descriptor, end) == 0, lseek(descriptor, end, SEEK_SET) == end else { throw Self.unavailable(path) }
    }

    /// - Throws: `.storageUnavailable`, `.diskFull`.
    func add(_ samples: [(photograph: PhotographDigest, sample: AuditedSample?)]) throws {
        var data = Data(capacity: samples.count * entryLength)
        for (photograph, sample) in samples {
            data += photograph.bytes
            var words = [UInt32(clamping: sample?.facesInPhotograph ?? 0)]
            words += (sample?.quality.numbers ?? Array(repeating: 0, count: Self.qualities)).map(\.bitPattern)
            words += (0..<dimension).map { (sample?.template.components[$0] ?? 0).bitPattern }
            for word in words { withUnsafeBytes(of: word.littleEndian) { data.append(contentsOf: $0) } }
            found[photograph.bytes] = .some(sample)
        }
        try write(data)
    }

    private func write(_ data: Data) throws {
        do { try FileHandle(fileDescriptor: descriptor, closeOnDealloc: false).write(contentsOf: data) } catch {
            throw Self.unavailable(path)
        }
    }

    private static func unavailable(_ path: String) -> RecognitionError {
        RecognitionError(
            .storageUnavailable, "\(path) cannot be written; free some space, or give this user the right to write there.",
            detail: String(cString: strerror(errno)))
    }
}

extension SampleQuality {
    /// As the cache keeps it; not a number for what is not known.
    fileprivate var numbers: [Float] {
        [
            eyeDistance, sharpness, brightness, pose?.yaw ?? .nan, pose?.pitch ?? .nan, pose?.roll ?? .nan,
            landmarkDisagreement ?? .nan,
        ].map(Float.init)
    }

    fileprivate init(_ numbers: some Collection<Float>) {
        let numbers = numbers.map(Double.init)
        func known(_ number: Double) -> Double? { number.isNaN ? nil : number }
        self.init(
            eyeDistance: numbers[0], sharpness: numbers[1], brightness: numbers[2],
            pose: known(numbers[3]).map { HeadPose(yaw: $0, pitch: numbers[4], roll: numbers[5]) },
            landmarkDisagreement: known(numbers[6]))
    }
}
