import CGalleryScan

/// The instruction sets that there are kernels for. All give the same answers.
enum ScanPath: UInt32, CaseIterable, Sendable {
    case plain, avx2, avx512

    /// Whether this processor has it.
    var isSupported: Bool { gallery_scan_supports(kernel) }
    var kernel: gallery_scan_path { gallery_scan_path(rawValue: rawValue) }

    /// From so many probes on, the codes of a chunk are unpacked for all of them, so that one passage gives their
    /// middle bounds (Documentation/ExactSearch.md).
    var probesWorthTheMiddlePass: Int { self == .avx512 ? 8 : 16 }

    /// The fastest one here.
    static let best = allCases.last(where: \.isSupported) ?? .plain
}
