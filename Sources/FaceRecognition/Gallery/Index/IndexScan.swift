import CGalleryScan
import Synchronization

/// One passage over an index for some probes, on a few threads.
///
/// `@unchecked Sendable`: what the pointers lead to is written in `init` only, or guards itself.
final class IndexScan: @unchecked Sendable {
    /// Codes that the kernel takes at once: they stay in a core's own cache while one group of probes after the other is
    /// compared with them, and the few rows that survive are looked up together.
    private static let bytesOfChunk = 256 << 10
    /// In a small gallery a thread has about so many chunks, so that all are done at the same time.
    private static let chunksOfThread = 4
    /// From so many probes on, the codes of a chunk are unpacked, so that one passage gives their middle bounds: it costs
    /// about as much as comparing them with one.
    private static let probesWorthTheMiddlePass = 8
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
        _ index: GalleryIndex, _ templates: [Template], limit: Int, floor: ComparisonScore, filter: GalleryIndex.Filter,
        path: ScanPath, threads: Int, bytesWorthAThread: Int
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
        hasMiddlePass = templates.count >= Self.probesWorthTheMiddlePass
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
            let left = found.flatMap { thread in thread[p].filter { $0.upper >= self.bounds[p].threshold } }
            return (self.hasMiddlePass ? self.finePass(left, p) : left).map {
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

    /// One thread's part: whichever chunk is next, until there are no more. By probe, what then still may be a candidate.
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
                for p in some { sift(work.left + (p - begin), segment, chunk, p, &work) }
            }
        }
    }

    /// The coarse pass, or the middle one: up to 8 probes with a chunk.
    private func blockPass(_ segment: IndexSegment, _ chunk: Chunk, _ some: Range<Int>, _ work: inout ScanWorkspace) {
        withUnsafeTemporaryAllocation(of: gallery_probe.self, capacity: some.count) { described in
            for (i, p) in some.enumerated() {
                described.initializeElement(at: i, to: probes[p].described(threshold: bounds[p].threshold))
            }
            var rows = gallery_rows(
                codes: UnsafePointer(work.codes ?? segment.high + segment.layout.highOffset(chunk.first)),
                steps: segment.steps + chunk.first, coarse_errors: segment.coarseErrors + chunk.first,
                fine_errors: segment.fineErrors + chunk.first, groups: Int32(groups), pairs: Int32(chunk.pairs))
            let scan = work.codes == nil ? gallery_scan : gallery_scan_unpacked
            scan(path.kernel, &rows, described.baseAddress, Int32(some.count), work.left)
        }
    }

    /// The filter and the bounds of those rows that the pass over blocks left: its own when that was the middle one, else
    /// those of the fine pass.
    private func sift(
        _ survivors: UnsafePointer<gallery_survivors>, _ segment: IndexSegment, _ chunk: Chunk, _ p: Int,
        _ work: inout ScanWorkspace
    ) {
        let left = survivors.pointee
        var count = Int(left.count)
        if !filter.isOpen || segment.layout.hasExpiry {
            let all = count
            count = 0
            for k in 0..<all where segment.passes(filter, chunk.first + Int(left.rows[k])) {
                (left.rows[count], left.bounds[count]) = (left.rows[k], left.bounds[k])
                count += 1
            }
        }
        guard count > 0 else { return }
        let isFine = work.codes == nil
        let steps = segment.steps + chunk.first, errors = segment.fineErrors + chunk.first
        if isFine {
            gallery_refine(
                path.kernel, segment.high + segment.layout.highOffset(chunk.first),
                segment.low + segment.layout.lowOffset(chunk.first), errors, Int32(groups), probes[p].fine, left.rows,
                Int32(count), work.sums)
        }
        let threshold = bounds[p].threshold
        work.lowerBounds.removeAll(keepingCapacity: true)
        for k in 0..<count {
            let i = Int(left.rows[k])
            let (lower, upper) =
                isFine
                ? probes[p].bounds(fineSum: work.sums[k], step: steps[i], error: errors[i])
                : probes[p].bounds(middle: left.bounds[k], error: errors[i])
            guard upper >= threshold else { continue }
            work.survivors[p].append(
                Survivor(segment: Int32(chunk.segment), position: Int32(chunk.first + i), upper: upper))
            if lower >= threshold { work.lowerBounds.append(lower) }
        }
        guard !work.lowerBounds.isEmpty else { return }
        bounds[p].insert(work.lowerBounds)
        work.survivors[p].prune(below: bounds[p].threshold)
    }

    /// The fine pass over what the middle one left for a probe.
    private func finePass(_ left: [Survivor], _ p: Int) -> [Survivor] {
        let tighter = left.map { survivor in
            let segment = segments[Int(survivor.segment)], i = Int(survivor.position)
            var position = survivor.position, sum: Int32 = 0
            gallery_refine(
                path.kernel, segment.high, segment.low, segment.fineErrors, Int32(groups), probes[p].fine, &position, 1,
                &sum)
            return probes[p].bounds(fineSum: sum, step: segment.steps[i], error: segment.fineErrors[i])
        }
        guard limit <= left.count else { return left }
        let threshold = tighter.map(\.lower).sorted(by: >)[limit - 1]
        return zip(left, tighter).compactMap { $1.upper >= threshold ? $0 : nil }
    }
}
