import CGalleryScan
import Synchronization

/// One passage over an index for some probes, on a few threads.
///
/// `@unchecked Sendable` for its two pointers: `probes` is written in `init` only; each of `bounds` is `Sendable` itself
/// (a lock and an atomic). Both live as long as this object, which whoever runs on its threads holds.
final class IndexScan: @unchecked Sendable {
    /// Codes that the kernel takes at once: they stay in a core's own cache while one group of probes after the other
    /// is compared with them, and the few rows that survive are looked up together.
    private static let bytesOfChunk = 256 << 10
    /// In a small gallery a thread has about so many chunks, so that all are done at the same time.
    private static let chunksOfThread = 4
    /// A gallery below this many bytes of codes is not worth a second thread's start.
    static let bytesWorthAThread = 4 << 20

    /// Rows that a thread takes at once.
    private struct Chunk {
        let segment: Int
        let first: Int
        let count: Int
        var pairs: Int { (count + SegmentLayout.rowsOfPair - 1) / SegmentLayout.rowsOfPair }
    }

    private let segments: [IndexSegment]
    private let rowCount: Int
    private let groups: Int
    private let probeCount: Int
    private let probes: UnsafeMutablePointer<ProbeCodes>
    private let bounds: UnsafeMutablePointer<CandidateBounds>
    private let limit: Int
    private let filter: GalleryIndex.Filter
    private let path: ScanPath
    private let hasMiddlePass: Bool
    /// As many as the work is worth.
    private let threads: Int

    /// - Parameter bytesWorthAThread: tests of a few faces on several threads have their own.
    init(
        _ index: GalleryIndex, _ templates: [Template], limit: Int, floor: ComparisonScore,
        filter: GalleryIndex.Filter, path: ScanPath, threads: Int, bytesWorthAThread: Int
    ) {
        segments = index.segments
        rowCount = segments.reduce(0) { $0 + $1.count }
        groups = (index.dimension + 7) / 8
        probeCount = templates.count
        probes = .allocate(capacity: probeCount)
        bounds = .allocate(capacity: probeCount)
        for (p, template) in templates.enumerated() {
            (probes + p).initialize(to: ProbeCodes(template))
            (bounds + p).initialize(to: CandidateBounds(limit: limit, floor: floor))
        }
        self.limit = limit
        self.filter = filter
        self.path = path
        hasMiddlePass = templates.count >= path.probesWorthTheMiddlePass
        let work = rowCount * groups * 4 * templates.count
        self.threads = max(1, min(threads, work / bytesWorthAThread + 1))
    }

    deinit {
        probes.deinitialize(count: probeCount)
        probes.deallocate()
        bounds.deinitialize(count: probeCount)
        bounds.deallocate()
    }

    /// For each probe the rows that the codes cannot rule out; the true candidates are among them.
    func possibleRows() -> [[Int64]] {
        let chunks = chunks()
        let next = Atomic<Int>(0)
        let found = onThreads(threads, count: threads) { _ in self.scan(chunks, next) }
        return onThreads(threads, count: probeCount) { p in
            // The others may have raised it since.
            let possible = found.flatMap { thread in thread[p].filter { $0.upper >= self.bounds[p].threshold } }
            return (self.hasMiddlePass ? self.finePass(possible, p) : possible).map {
                self.segments[Int($0.segment)].rows[Int($0.position)]
            }
        }
    }

    /// All rows in chunks. The first one is small, and each as large as all before it, up to the largest: until there
    /// are candidates, every row survives.
    private func chunks() -> [Chunk] {
        let bytesOfRow = groups * (hasMiddlePass ? 8 : 4)
        let largest = SegmentLayout.padded(
            min(Self.bytesOfChunk / bytesOfRow, rowCount / (threads * Self.chunksOfThread) + 1))
        var chunks: [Chunk] = [], seen = 0
        for (i, segment) in segments.enumerated() {
            var first = 0
            while first < segment.count {
                let count = min(SegmentLayout.padded(max(1, seen)), largest, segment.count - first)
                chunks.append(Chunk(segment: i, first: first, count: count))
                first += count
                seen += count
            }
        }
        return chunks
    }

    /// One thread's part: whichever chunk is next, until there are no more. By probe, what may be a candidate then: the
    /// rest of its lists need not go from one core's cache to another's.
    private func scan(_ chunks: [Chunk], _ next: borrowing Atomic<Int>) -> [[Survivor]] {
        var work = ScanWorkspace(
            probes: probeCount, rows: (chunks.lazy.map(\.pairs).max() ?? 0) * SegmentLayout.rowsOfPair, groups: groups,
            hasMiddlePass: hasMiddlePass)
        while true {
            let i = next.wrappingAdd(1, ordering: .relaxed).oldValue
            guard i < chunks.count else {
                return (0..<probeCount).map { work.survivors[$0].reaching(bounds[$0].threshold) }
            }
            let chunk = chunks[i], segment = segments[chunk.segment]
            if let codes = work.codes {
                gallery_unpack(
                    path.kernel, segment.high + segment.layout.highOffset(chunk.first),
                    segment.low + segment.layout.lowOffset(chunk.first), Int32(groups), Int32(chunk.pairs), codes)
            }
            for begin in stride(from: 0, to: probeCount, by: ScanWorkspace.probesAtOnce) {
                let some = begin..<min(probeCount, begin + ScanWorkspace.probesAtOnce)
                blockPass(segment, chunk, some, &work)
                for p in some { sift(work.passed[p - begin], segment, chunk, p, &work) }
            }
        }
    }

    /// The coarse pass, or the middle one: up to 8 probes with a chunk.
    private func blockPass(
        _ segment: IndexSegment, _ chunk: Chunk, _ some: Range<Int>, _ work: inout ScanWorkspace
    ) {
        withUnsafeTemporaryAllocation(of: gallery_probe.self, capacity: some.count) { described in
            for (i, p) in some.enumerated() {
                described.initializeElement(at: i, to: probes[p].described(threshold: bounds[p].threshold))
            }
            var rows = gallery_rows(
                codes: UnsafePointer(work.codes ?? segment.high + segment.layout.highOffset(chunk.first)),
                steps: segment.steps + chunk.first, coarse_errors: segment.coarseErrors + chunk.first,
                fine_errors: segment.fineErrors + chunk.first, groups: Int32(groups), pairs: Int32(chunk.pairs))
            let scan = hasMiddlePass ? gallery_scan_unpacked : gallery_scan
            scan(path.kernel, &rows, described.baseAddress, Int32(some.count), work.passed)
        }
    }

    /// The filter and the bounds of those rows that the pass over blocks let pass: its own bounds when that was the
    /// middle one, else those of the fine pass.
    private func sift(
        _ passed: gallery_survivors, _ segment: IndexSegment, _ chunk: Chunk, _ p: Int, _ work: inout ScanWorkspace
    ) {
        var count = Int(passed.count)
        if !filter.isOpen || segment.layout.hasExpiry {
            let all = count
            count = 0
            for k in 0..<all where segment.passes(filter, chunk.first + Int(passed.rows[k])) {
                (passed.rows[count], passed.bounds[count]) = (passed.rows[k], passed.bounds[k])
                count += 1
            }
        }
        guard count > 0 else { return }
        let isFine = !hasMiddlePass
        let steps = segment.steps + chunk.first, errors = segment.fineErrors + chunk.first
        if isFine {
            gallery_refine(
                path.kernel, segment.high + segment.layout.highOffset(chunk.first),
                segment.low + segment.layout.lowOffset(chunk.first), errors, Int32(groups), probes[p].fine, passed.rows,
                Int32(count), work.sums)
        }
        let threshold = bounds[p].threshold
        work.lowerBounds.removeAll(keepingCapacity: true)
        for k in 0..<count {
            let i = Int(passed.rows[k])
            let (lower, upper) =
                isFine
                ? probes[p].bounds(fineSum: work.sums[k], step: steps[i], error: errors[i])
                : probes[p].bounds(middle: passed.bounds[k], error: errors[i])
            guard upper >= threshold else { continue }
            work.survivors[p].append(
                Survivor(segment: Int32(chunk.segment), position: Int32(chunk.first + i), upper: upper))
            if lower >= threshold { work.lowerBounds.append(lower) }
        }
        guard !work.lowerBounds.isEmpty else { return }
        bounds[p].insert(work.lowerBounds)
        work.survivors[p].prune(below: bounds[p].threshold)
    }

    /// The fine pass over what the middle one left for a probe, those of a segment together.
    private func finePass(_ survivors: [Survivor], _ p: Int) -> [Survivor] {
        var positions: [Int32] = [], sums: [Int32] = []
        var tighter: [(lower: Double, upper: Double)] = []
        var first = 0
        while first < survivors.count {
            let number = survivors[first].segment, segment = segments[Int(number)]
            positions.removeAll(keepingCapacity: true)
            while first + positions.count < survivors.count, survivors[first + positions.count].segment == number {
                positions.append(survivors[first + positions.count].position)
            }
            sums = [Int32](repeating: 0, count: positions.count)
            gallery_refine(
                path.kernel, segment.high, segment.low, segment.fineErrors, Int32(groups), probes[p].fine, positions,
                Int32(positions.count), &sums)
            for (i, sum) in zip(positions, sums) {
                tighter.append(
                    probes[p].bounds(
                        fineSum: sum, step: segment.steps[Int(i)], error: segment.fineErrors[Int(i)]))
            }
            first += positions.count
        }
        // Each row is here once, so that `limit` rows reach the last of so many lower bounds.
        var threshold = bounds[p].threshold
        if limit <= tighter.count { threshold = max(threshold, tighter.map(\.lower).sorted(by: >)[limit - 1]) }
        return zip(survivors, tighter).compactMap { $1.upper >= threshold ? $0 : nil }
    }
}
