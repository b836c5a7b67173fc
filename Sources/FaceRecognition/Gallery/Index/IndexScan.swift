import CGalleryScan
import Dispatch
import Synchronization

/// One passage over an index for a few probes, on a few threads.
struct IndexScan: Sendable {
    /// Coarse codes that the kernel takes at once: they stay in a core's own cache while one group of probes after the
    /// other is compared with them, and the few rows that survive are looked up together.
    private static let bytesOfChunk = 256 << 10
    /// The first chunk is small, and each one twice the last: until there are candidates, every row survives.
    private static let rowsOfFirstChunk = 256
    private static let probesAtOnce = Int(GALLERY_SCAN_MAXIMUM_PROBES)
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
            survivors.withLock { all in for p in all.indices { all[p].append(mine.survivors[p]) } }
        }
        if threads == 1 { scan(0) } else { DispatchQueue.concurrentPerform(iterations: threads, execute: scan) }
        return survivors.withLock { all in
            zip(all, bounds).map { list, bounds in list.rows(reaching: bounds.threshold) }
        }
    }

    /// What a thread writes to.
    private struct Workspace {
        var survivors: [SurvivorList]
        var masks: [UInt32]
        var positions: [Int32]
        var sums: [Int32]
        var lowerBounds: [Double] = []

        init(probes: Int, rowsOfChunk: Int) {
            survivors = (0..<probes).map { _ in SurvivorList() }
            masks = [UInt32](repeating: 0, count: rowsOfChunk / SegmentLayout.rowsOfPair * probesAtOnce)
            positions = [Int32](repeating: 0, count: rowsOfChunk)
            sums = positions
        }
    }

    /// One thread's part: whichever segment is next, until there are no more.
    private func scanSegments(_ next: borrowing Atomic<Int>) -> Workspace {
        let rowsOfChunk = max(
            Self.rowsOfFirstChunk,
            Self.bytesOfChunk / (groups * 4) / SegmentLayout.rowsOfPair * SegmentLayout.rowsOfPair)
        var work = Workspace(probes: probes.count, rowsOfChunk: rowsOfChunk)
        var chunk = Self.rowsOfFirstChunk
        while true {
            let i = next.wrappingAdd(1, ordering: .relaxed).oldValue
            guard i < segments.count else { return work }
            let segment = segments[i]
            var first = 0
            while first < segment.count {
                let rows = min(chunk, segment.count - first)
                defer {
                    first += rows
                    chunk = min(2 * chunk, rowsOfChunk)
                }
                let pairs = (rows + SegmentLayout.rowsOfPair - 1) / SegmentLayout.rowsOfPair
                for begin in stride(from: 0, to: probes.count, by: Self.probesAtOnce) {
                    let some = begin..<min(probes.count, begin + Self.probesAtOnce)
                    scan(segment, first, pairs, some, &work.masks)
                    for p in some {
                        let from = (p - begin) * pairs
                        refine(work.masks[from..<(from + pairs)], segment, first, p, &work)
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
        _ masks: ArraySlice<UInt32>, _ segment: IndexSegment, _ first: Int, _ p: Int, _ work: inout Workspace
    ) {
        let probe = probes[p]
        let threshold = bounds[p].threshold
        var count = 0
        for (pair, bits) in masks.enumerated() where bits != 0 {
            var mask = bits
            while mask != 0 {
                let i = first + pair * SegmentLayout.rowsOfPair + mask.trailingZeroBitCount
                mask &= mask - 1
                if segment.passes(filter, i) {
                    work.positions[count] = Int32(i)
                    count += 1
                }
            }
        }
        guard count > 0 else { return }
        gallery_refine(
            path.kernel, segment.high, segment.low, segment.fineErrors, Int32(groups), probe.fine, work.positions,
            Int32(count), &work.sums)
        work.lowerBounds.removeAll(keepingCapacity: true)
        for k in 0..<count {
            let i = Int(work.positions[k])
            let (lower, upper) = probe.bounds(
                fineSum: work.sums[k], step: segment.steps[i], error: segment.fineErrors[i])
            guard upper >= threshold else { continue }
            work.survivors[p].append(segment.row(at: i), upper: upper)
            if lower >= threshold { work.lowerBounds.append(lower) }
        }
        guard !work.lowerBounds.isEmpty else { return }
        bounds[p].insert(work.lowerBounds)
        work.survivors[p].prune(below: bounds[p].threshold)
    }
}
