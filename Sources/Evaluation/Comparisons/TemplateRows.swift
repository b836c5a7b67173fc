import FaceRecognition

/// Templates in rows of eight components at a time, filled up with zeros, which add nothing to a dot product; and rows
/// of zeros up to a multiple of four.
struct TemplateRows: Sendable {
    /// How many rows a thread takes at once: 64 rows of 128 components fill 32 KB, the usual first-level cache.
    static let block = 64
    private static let columns = 4

    let count: Int
    private let width: Int
    private let values: [SIMD8<Float>]

    /// - Throws: `.modelMismatch` when the templates are not all of one model.
    init(_ templates: [Template]) throws {
        count = templates.count
        let dimension = templates.first?.components.count ?? 0
        let width = (dimension + 7) / 8
        let padded = (count + Self.columns - 1) / Self.columns * Self.columns
        var values = [SIMD8<Float>](repeating: .zero, count: padded * width)
        for (row, template) in templates.enumerated() {
            guard template.model == templates[0].model, template.components.count == dimension else {
                throw RecognitionError(
                    .modelMismatch,
                    "Templates of the models \(templates[0].model) and \(template.model) cannot be compared; extract all with one model."
                )
            }
            for (i, component) in template.components.enumerated() { values[row * width + i / 8][i % 8] = component }
        }
        self.width = width
        self.values = values
    }

    /// Compares each row of a block with every row that comes after it.
    /// - Parameter found: both rows' numbers, the lower one first, and the score.
    @inline(__always)
    func compare(blockAt first: Int, _ found: (Int, Int, Float) -> Void) {
        products(of: self, from: first, from: first) { i, j, score in
            if j > i { found(i, j, score) }
        }
    }

    /// Compares each row of a block with every row of `others`.
    /// - Precondition: templates of one model.
    @inline(__always)
    func compare(blockAt first: Int, with others: TemplateRows, _ found: (Int, Int, Float) -> Void) {
        precondition(width == others.width || count == 0 || others.count == 0, "Templates of one length")
        products(of: others, from: first, from: 0, found)
    }

    /// Four of the others' rows at a time, so that each row of the block is loaded once for four products.
    @inline(__always)
    private func products(of others: TemplateRows, from first: Int, from start: Int, _ found: (Int, Int, Float) -> Void) {
        let end = min(first + Self.block, count), width = self.width
        values.withUnsafeBufferPointer { rows in
            others.values.withUnsafeBufferPointer { columns in
                for j in stride(from: start, to: others.count, by: Self.columns) {
                    for i in first..<end {
                        var s0 = SIMD8<Float>.zero, s1 = s0, s2 = s0, s3 = s0
                        let a = i * width, b = j * width
                        for k in 0..<width {
                            let x = rows[a + k]
                            s0 += x * columns[b + k]
                            s1 += x * columns[b + width + k]
                            s2 += x * columns[b + 2 * width + k]
                            s3 += x * columns[b + 3 * width + k]
                        }
                        found(i, j, s0.sum())
                        if j + 1 < others.count { found(i, j + 1, s1.sum()) }
                        if j + 2 < others.count { found(i, j + 2, s2.sum()) }
                        if j + 3 < others.count { found(i, j + 3, s3.sum()) }
                    }
                }
            }
        }
    }
}
