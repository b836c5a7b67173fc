import CGalleryScan

/// The instruction sets that there are kernels for. All give the same bits.
enum ScanPath: UInt32, CaseIterable, Sendable {
    case plain, avx2, avx512

    /// Whether this processor has it.
    var isSupported: Bool { gallery_scan_supports(kernel) }
    var kernel: gallery_scan_path { gallery_scan_path(rawValue: rawValue) }

    /// The fastest one here.
    static let best = allCases.last(where: \.isSupported) ?? .plain
}
