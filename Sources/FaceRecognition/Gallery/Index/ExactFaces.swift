extension GalleryIndex {
    /// What the caller keeps of some rows, in their order: face ids and whole templates.
    ///
    /// The templates lie one after another in one piece of memory: a batch of probes asks for a thousand of them, and a
    /// thousand objects would cost more than everything that is computed with them.
    public struct ExactFaces: Sendable {
        let model: TemplateModelID
        let dimension: Int
        /// nil for a face that is gone.
        private(set) var ids: [FaceID?] = []
        /// As many a face as the model has.
        private(set) var components: [Float] = []

        /// None yet.
        public init(of index: GalleryIndex) {
            model = index.model
            dimension = index.dimension
        }

        /// Those of a store that has its templates at hand.
        ///
        /// - Parameters:
        ///   - ids: nil for a face that is gone.
        ///   - components: `index.dimension` for each id, of unit length, as they were enrolled. That is not checked: of
        ///     other numbers the answers are not those of the gallery.
        /// - Throws: `.fault` when they are not so many.
        public init(of index: GalleryIndex, ids: [FaceID?], components: [Float]) throws {
            self.init(of: index)
            guard components.count == ids.count * dimension else {
                throw RecognitionError(
                    .fault, "\(ids.count) templates have \(components.count) components, not \(dimension) each.")
            }
            self.ids = ids
            self.components = components
        }

        /// - Throws: `.modelMismatch`.
        public mutating func append(_ id: FaceID, _ template: Template) throws {
            guard template.model == model, template.components.count == dimension else {
                throw RecognitionError(
                    .modelMismatch,
                    """
                    A template of the model \(template.model) with \(template.components.count) components is none of the \
                    model \(model) with \(dimension); extract both with one model.
                    """
                )
            }
            ids.append(id)
            components.append(contentsOf: template.components)
        }

        /// For a row whose face is gone.
        public mutating func appendNone() {
            ids.append(nil)
            components.append(contentsOf: repeatElement(0, count: dimension))
        }

        /// Those of some faces whose scores, by the definition (`Template.compared`), reach the floor.
        ///
        /// - Parameters:
        ///   - rows: ascending, among `all`.
        ///   - all: the rows whose faces these are, ascending.
        /// - Throws: `Outdated`.
        func matches(
            _ probe: Template, _ rows: [Int64], of all: [Int64], atLeast floor: ComparisonScore
        ) throws -> [Match] {
            var matches: [Match] = [], found: [FaceID] = []
            matches.reserveCapacity(rows.count)
            found.reserveCapacity(rows.count)
            var place = 0
            let places = try rows.map { row in
                // Both ascend.
                place = all[place...].partitioningIndex { $0 >= row }
                guard let id = ids[place] else { throw Outdated(row: row) }
                found.append(id)
                return place
            }
            for (i, score) in probe.compared(withRows: places, of: components).enumerated() where score >= floor {
                matches.append(Match(row: rows[i], id: found[i], score: score))
            }
            return matches
        }
    }
}
