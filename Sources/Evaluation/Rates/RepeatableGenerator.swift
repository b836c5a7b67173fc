/// Random numbers that repeat with their seed, on every machine: SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
public struct RepeatableGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// - Parameter stream: another series of the same seed, for each thread or repetition.
    public init(seed: UInt64, stream: UInt64 = 0) {
        state = seed
        guard stream > 0 else { return }
        var mixer = RepeatableGenerator(seed: seed ^ (stream &* 0xd134_2543_de82_ef95))
        state = mixer.next()
    }

    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// 0..<limit, by Lemire's multiplication without its rejection: the bias is below limit / 2^64.
    @inline(__always)
    mutating func below(_ limit: Int) -> Int { Int(next().multipliedFullWidth(by: UInt64(limit)).high) }
}
