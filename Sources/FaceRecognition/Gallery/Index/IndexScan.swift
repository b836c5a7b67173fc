import CGalleryScan
import Dispatch
import Synchronization

/// One passage over an index for a few probes, on a few threads.
struct IndexScan: Sendable {
    /// Rows that the kernel takes at once: at 128 components they stay in a core's nearest cache while one group of
    /// probes after the other is compared with them.
    private static let rowsOfChunk = 512
    /// A gallery below this many bytes of codes is not worth a second thread's start.
    private static let bytesWorthAThread = 4 << 20

    private let segments: [IndexSegment]
    private let groups: Int
    private let probes: [ProbeCodes]
    private let bounds: [CandidateBounds]
    private let filter: GalleryIndex.Filter
    private let path: ScanPath

    init(
        _ index: GalleryIndex, _ probes: [Template], limit: Int, floor: ComparisonScore, filter: GalleryIndex.Filter,
        path: ScanPath
    ) {
        segments = index.segments
        groups = (index.dimension + 7) / 8
        self.probes = probes.map(ProbeCodes.init)
        bounds = probes.map { _ in CandidateBounds(limit: limit, floor: floor) }
        self.filter = filter
        self.path = path
    }

    /// For each probe the rows that the codes cannot rule out; the true candidates are among them.
    func possibleRows(threads: Int) -> [[Int64]] {
        let work = segments.reduce(0) { $0 + $1.count } * groups * 4 * probes.count
        let threads = max(1, min(threads, segments.count, work / Self.bytesWorthAThread + 1))
        let survivors = Mutex(probes.map { _ in SurvivorList() })
        let next = Atomic<Int>(0)
        let scan: @Sendable (Int) -> Void = { _ in
            let mine = self.scanSegments(next)
            survivors.withLock { all in for p in all.indices { all[p].append(mine[p]) } }
        }
        if threads == 1 { scan(0) } else { DispatchQueue.concurrentPerform(iterations: threads, execute: scan) }
        return survivors.withLock { all in
            zip(all, bounds).map { list, bounds in list.rows(reaching: bounds.threshold) }
        }
    }

    /// One thread's part: whichever segment is next, until there are no more.
    private func scanSegments(_ next: borrowing Atomic<Int>) -> [SurvivorList] {
        var survivors = probes.map { _ in SurvivorList() }
        let pairsOfChunk = Self.rowsOfChunk / SegmentLayout.rowsOfPair
        var masks = [UInt32](repeating: 0, count: pairsOfChunk * Int(GALLERY_SCAN_MAXIMUM_PROBES))
        while true {
            let i = next.wrappingAdd(1, ordering: .relaxed).oldValue
            guard i < segments.count else { return survivors }
            let segment = segments[i]
            for first in stride(from: 0, to: segment.count, by: Self.rowsOfChunk) {
                let rows = min(Self.rowsOfChunk, segment.count - first)
                let pairs = (rows + SegmentLayout.rowsOfPair - 1) / SegmentLayout.rowsOfPair
                for begin in stride(from: 0, to: probes.count, by: Int(GALLERY_SCAN_MAXIMUM_PROBES)) {
                    let some = begin..<min(probes.count, begin + Int(GALLERY_SCAN_MAXIMUM_PROBES))
                    masks.withUnsafeMutableBufferPointer { masks in
                        scan(segment, first, pairs, some, masks.baseAddress!)
                        for p in some {
                            let found = UnsafeBufferPointer(
                                start: masks.baseAddress! + (p - begin) * pairs, count: pairs)
                            refine(found, segment, first, p, &survivors[p])
                        }
                    }
                }
            }
        }
    }

    /// The coarse pass: up to 8 probes with up to 512 rows.
    private func scan(
        _ segment: IndexSegment, _ first: Int, _ pairs: Int, _ some: Range<Int>, _ masks: UnsafeMutablePointer<UInt32>
    ) {
        withUnsafeTemporaryAllocation(of: gallery_probe.self, capacity: some.count) { described in
            for (i, p) in some.enumerated() {
                let codes = probes[p]
                described.initializeElement(
                    at: i,
                    to: gallery_probe(
                        codes: codes.coarse, offset: codes.offset, scale: codes.coarseScale,
                        spread: codes.coarseSpread, threshold: codes.coarseThreshold(bounds[p].threshold)))
            }
            gallery_scan(
                path.kernel, segment.high + segment.layout.highOffset(first), segment.steps + first,
                segment.coarseErrors + first, Int32(groups), Int32(pairs), described.baseAddress, Int32(some.count),
                masks)
        }
    }

    /// The fine pass over those that the coarse one left.
    private func refine(
        _ masks: UnsafeBufferPointer<UInt32>, _ segment: IndexSegment, _ first: Int, _ p: Int,
        _ survivors: inout SurvivorList
    ) {
        var lowerBounds: [Double] = []
        let threshold = bounds[p].threshold
        for pair in masks.indices where masks[pair] != 0 {
            var mask = masks[pair]
            while mask != 0 {
                let i = first + pair * SegmentLayout.rowsOfPair + mask.trailingZeroBitCount
                mask &= mask - 1
                guard segment.passes(filter, i) else { continue }
                let sum = gallery_refine(
                    path.kernel, segment.high + segment.layout.highOffset(i), segment.low + segment.layout.lowOffset(i),
                    Int32(groups), probes[p].fine)
                let (lower, upper) = probes[p].bounds(
                    fineSum: sum, step: segment.steps[i], error: segment.fineErrors[i])
                guard upper >= threshold else { continue }
                survivors.append(segment.row(at: i), upper: upper)
                if lower >= threshold { lowerBounds.append(lower) }
            }
        }
        bounds[p].insert(lowerBounds)
        survivors.prune(below: bounds[p].threshold)
    }
}
