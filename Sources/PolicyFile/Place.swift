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
}
