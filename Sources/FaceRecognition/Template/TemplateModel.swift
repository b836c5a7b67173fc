/// Everything that must be known of a template extractor: its manifest entry.
///
/// Two models differ when their ids differ; a gallery belongs to one for life.
public struct TemplateModel: Sendable, Hashable, Codable {
    /// The order of the three channels that the network wants.
    public enum ColourOrder: String, Sendable, Hashable, Codable { case rgb = "RGB", bgr = "BGR" }

    /// How pixels become the network's numbers: `(pixel - mean) * scale`, pixel 0...255, for each channel in the
    /// network's own order.
    public struct Input: Sendable, Hashable, Codable {
        public let width: Int
        public let height: Int
        public let colour: ColourOrder
        public let mean: [Float]
        public let scale: [Float]
        public init(width: Int, height: Int, colour: ColourOrder, mean: [Float], scale: [Float]) {
            self.width = width
            self.height = height
            self.colour = colour
            self.mean = mean
            self.scale = scale
        }
    }

    public private(set) var id: TemplateModelID
    /// The network's file, beside the manifest entry.
    public let file: String
    /// Of that file, in lower-case hexadecimal; a file with another digest is refused.
    public let sha256: String
    public let input: Input
    /// Where the five landmarks belong in the crop, in the order of `Landmarks.points`.
    public let alignment: [Point]
    /// How many components a template has.
    public let dimension: Int
    public let licence: String
    public let source: String
    /// Absent until it is measured; without it scores have no similarity.
    public var calibration: Calibration?
    /// The one of `mirrored`; absent until it is measured.
    public var mirrorCalibration: Calibration?

    public init(
        id: TemplateModelID, file: String, sha256: String, input: Input, alignment: [Point], dimension: Int,
        licence: String, source: String, calibration: Calibration? = nil, mirrorCalibration: Calibration? = nil
    ) throws {
        self.id = id
        self.file = file
        self.sha256 = sha256
        self.input = input
        self.alignment = alignment
        self.dimension = dimension
        self.licence = licence
        self.source = source
        self.calibration = calibration
        self.mirrorCalibration = mirrorCalibration
        try validate()
    }

    public init(from decoder: any Decoder) throws {
        let c = try decoder.container(keyedBy: CodingKeys.self)
        try self.init(
            id: c.decode(TemplateModelID.self, forKey: .id), file: c.decode(String.self, forKey: .file),
            sha256: c.decode(String.self, forKey: .sha256), input: c.decode(Input.self, forKey: .input),
            alignment: c.decode([Point].self, forKey: .alignment), dimension: c.decode(Int.self, forKey: .dimension),
            licence: c.decode(String.self, forKey: .licence), source: c.decode(String.self, forKey: .source),
            calibration: c.decodeIfPresent(Calibration.self, forKey: .calibration),
            mirrorCalibration: c.decodeIfPresent(Calibration.self, forKey: .mirrorCalibration))
    }

    private func validate() throws {
        func refuse(_ why: String) -> RecognitionError {
            RecognitionError(.modelRefused, "The manifest entry of the model \(id) cannot be used: \(why).")
        }
        guard id.rawValue.count <= 100, id.rawValue.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9._-]*/) != nil else {
            throw refuse("an id is at most 100 letters, digits, '.', '_' or '-'")
        }
        guard file.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9._-]*/) != nil else {
            throw refuse("'file' is a plain file name beside the entry")
        }
        guard sha256.wholeMatch(of: /[0-9a-f]{64}/) != nil else {
            throw refuse("'sha256' is 64 hexadecimal digits in lower case")
        }
        guard (16...512).contains(input.width), (16...512).contains(input.height) else {
            throw refuse("the input's sides are 16 to 512 pixels")
        }
        guard input.mean.count == 3, input.scale.count == 3,
            (input.mean + input.scale).allSatisfy(\.isFinite), input.scale.allSatisfy({ $0 != 0 })
        else { throw refuse("'mean' and 'scale' are three finite numbers each, and no scale is 0") }
        guard alignment.count == 5, alignment.allSatisfy({ $0.x.isFinite && $0.y.isFinite }),
            SimilarityTransform(mapping: alignment, onto: alignment) != nil
        else { throw refuse("'alignment' is five different points") }
        guard (1...Template.maximumDimension).contains(dimension) else {
            throw refuse("'dimension' is 1 to \(Template.maximumDimension)")
        }
    }

    /// The same network as another model: its templates are the mean of a face's and its mirror image's.
    ///
    /// The two kinds are not compared with each other, and each has a calibration of its own.
    public var mirrored: TemplateModel {
        var model = self
        model.id = id.mirrored
        model.calibration = mirrorCalibration
        model.mirrorCalibration = nil
        return model
    }

    /// The calibration, or the sentence that says how to get one.
    public func calibrated() throws -> Calibration {
        guard let calibration else {
            throw RecognitionError(
                .notCalibrated,
                "The model \(id) has no calibration, so its scores have no similarity yet; measure it with `countenance model calibrate --model \(id.unmirrored)\(id.isMirrored ? " --mirror" : "") --photographs FOLDER`."
            )
        }
        return calibration
    }
}
