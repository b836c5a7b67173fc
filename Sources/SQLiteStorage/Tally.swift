import Foundation

/// The tags of sealed faces, added without carry: each tag is in it or out of it, whatever the order.
struct Tally: Equatable {
    private(set) var bytes = [UInt8](repeating: 0, count: 16)

    mutating func add(_ sealed: Data) {
        for (i, byte) in sealed.suffix(16).enumerated() { bytes[i] ^= byte }
    }

    func added(to other: Data) -> Data { Data(zip(bytes, other + Data(count: 16)).map { $0 ^ $1 }) }
}
