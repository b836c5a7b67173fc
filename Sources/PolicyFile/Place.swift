import Yams

/// Where something stands in a file, counted from 1.
struct Place: Sendable, Hashable {
    var line = 1
    var column = 1
}

extension Node {
    var place: Place { mark.map(Place.init) ?? Place() }
}

extension Place {
    init(_ mark: Mark) { self.init(line: mark.line, column: mark.column) }

    /// Of a character of a text; columns are counted in Unicode scalars, as YAML's are.
    init(of index: String.Index, in text: String) {
        let before = text.unicodeScalars[..<index]
        let line = before.reduce(1) { $1 == "\n" ? $0 + 1 : $0 }
        self.init(line: line, column: before.reversed().prefix { $0 != "\n" }.count + 1)
    }
}
