import CGalleryScan

/// What a thread of a scan writes to.
struct ScanWorkspace: ~Copyable {
    static let probesAtOnce = Int(GALLERY_SCAN_MAXIMUM_PROBES)

    /// By probe.
    let survivors: UnsafeMutablePointer<SurvivorList>
    /// Of some rows that a chunk adds to a probe's survivors.
    let lowerBounds: UnsafeMutablePointer<Double>
    /// What the kernel lets pass of a chunk, for each of the probes that it compares at once.
    let passed: UnsafeMutablePointer<gallery_survivors>
    /// What `gallery_refine` gives.
    let sums: UnsafeMutablePointer<Int32>
    /// A chunk's codes unpacked; nil when there is no middle pass.
    let codes: UnsafeMutablePointer<UInt8>?
    private let probes: Int
    private let rows: UnsafeMutablePointer<Int32>
    private let bounds: UnsafeMutablePointer<Float>

    /// - Parameter rows: of the largest chunk.
    init(probes: Int, rows count: Int, groups: Int, hasMiddlePass: Bool) {
        self.probes = probes
        survivors = .allocate(capacity: probes)
        for p in 0..<probes { (survivors + p).initialize(to: SurvivorList()) }
        lowerBounds = .allocate(capacity: count)
        rows = .allocate(capacity: count * Self.probesAtOnce)
        bounds = .allocate(capacity: count * Self.probesAtOnce)
        passed = .allocate(capacity: Self.probesAtOnce)
        for i in 0..<Self.probesAtOnce {
            (passed + i).initialize(to: gallery_survivors(rows: rows + i * count, bounds: bounds + i * count, count: 0))
        }
        sums = .allocate(capacity: count)
        codes =
            hasMiddlePass
            ? UnsafeMutableRawPointer.allocate(byteCount: count * 8 * groups, alignment: 64)
                .assumingMemoryBound(to: UInt8.self) : nil
    }

    deinit {
        survivors.deinitialize(count: probes)
        survivors.deallocate()
        lowerBounds.deallocate()
        passed.deallocate()
        rows.deallocate()
        bounds.deallocate()
        sums.deallocate()
        codes?.deallocate()
    }
}
