package import Foundation

extension Record {
    /// The longest entry, in bytes: what a published log can hold (https://c2sp.org/tlog-tiles).
    package static let longestEntry = 65_535

    /// The bytes of its entries: one, unless its lists are too long for one. Then each has a piece of every list, and
    /// says which part of how many it is; together they have everything, in order.
    /// - Throws: `.invalidValue` when it is too long without its lists.
    package func entries() throws -> [Data] {
        let whole = try encoded()
        guard whole.count > Self.longestEntry else { return [whole] }
        let longest =
            [
                photographs?.count, candidates?.count, enrolled?.count, forgotten?.count, joined?.count, left?.count,
                keys?.count, changes?.count,
            ].compactMap { $0 }.max() ?? 0
        var length = longest
        while length > 1 {
            length = (length + 1) / 2
            let count = (longest + length - 1) / length
            let entries = try (0..<count).map { try piece($0, of: count, length: length).encoded() }
            if entries.allSatisfy({ $0.count <= Self.longestEntry }) { return entries }
        }
        throw RecognitionError(
            .invalidValue,
            "The request's entry would have \(whole.count) bytes, and the record takes \(Self.longestEntry); use shorter words."
        )
    }

    /// Whether it is the request's only entry or the first of them: what is counted.
    package var isFirstPart: Bool { part ?? 1 == 1 }

    private func piece(_ number: Int, of count: Int, length: Int) -> Record {
        func slice<Element>(_ list: [Element]?) -> [Element]? {
            guard let list, number == 0 || number * length < list.count else { return nil }
            return Array(list.dropFirst(number * length).prefix(length))
        }
        var piece = self
        piece.part = number + 1
        piece.parts = count
        piece.photographs = slice(photographs)
        piece.candidates = slice(candidates)
        piece.enrolled = slice(enrolled)
        piece.forgotten = slice(forgotten)
        piece.joined = slice(joined)
        piece.left = slice(left)
        piece.keys = slice(keys)
        piece.changes = slice(changes)
        return piece
    }
}
