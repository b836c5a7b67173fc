package import Foundation

/// A request as it came over the wire, or as it is to leave: nothing decoded, nothing folded, duplicates kept.
///
/// Free of any HTTP library's types, whose maps of headers hide the duplicates that a verifier must see. Whoever builds
/// one gives `host` as a header even where the library calls it the authority.
package struct SignedRequest: Sendable, Hashable {
    /// A header field. The name's case does not matter.
    package typealias Header = (name: String, value: String)

    /// As received, its case kept.
    package var method: String
    /// As received: still percent-encoded, up to the first `?`.
    package var path: String
    /// What follows the first `?`, as received; empty without one.
    package var query: String
    /// In the order received.
    package var headers: [Header]
    package var body: Data

    package init(method: String, path: String, query: String = "", headers: [Header], body: Data = Data()) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
    }

    package static func == (one: SignedRequest, other: SignedRequest) -> Bool {
        one.method == other.method && one.path == other.path && one.query == other.query && one.body == other.body
            && one.headers.elementsEqual(other.headers) { $0.name == $1.name && $0.value == $1.value }
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(method)
        hasher.combine(path)
        hasher.combine(query)
        hasher.combine(body)
    }
}
