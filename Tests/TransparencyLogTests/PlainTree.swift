import Crypto
import Foundation

/// RFC 6962, section 2.1, word for word and slow: what the tree is compared with.
enum PlainTree {
    static func root(_ entries: ArraySlice<Data>) -> Data {
        switch entries.count {
        case 0: return Data(SHA256.hash(data: Data()))
        case 1: return Data(SHA256.hash(data: Data([0]) + entries.first!))
        default:
            let k = split(entries)
            return node(root(entries[..<k]), root(entries[k...]))
        }
    }

    static func path(_ m: Int, _ entries: ArraySlice<Data>) -> [Data] {
        guard entries.count > 1 else { return [] }
        let k = split(entries)
        return m < k ? path(m, entries[..<k]) + [root(entries[k...])] : path(m, entries[k...]) + [root(entries[..<k])]
    }

    static func proof(_ m: Int, _ entries: ArraySlice<Data>) -> [Data] { subproof(m, entries, true) }

    private static func subproof(_ m: Int, _ entries: ArraySlice<Data>, _ b: Bool) -> [Data] {
        if m == entries.endIndex { return b ? [] : [root(entries)] }
        let k = split(entries)
        return m <= k
            ? subproof(m, entries[..<k], b) + [root(entries[k...])]
            : subproof(m, entries[k...], false) + [root(entries[..<k])]
    }

    private static func split(_ entries: ArraySlice<Data>) -> Int {
        var k = 1
        while k * 2 < entries.count { k *= 2 }
        return entries.startIndex + k
    }

    private static func node(_ left: Data, _ right: Data) -> Data { Data(SHA256.hash(data: Data([1]) + left + right)) }
}
