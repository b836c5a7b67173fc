import CGalleryScan
import Synchronization

/// One passage over an index for some probes, on a few threads.
///
/// `@unchecked Sendable` for its pointers, which live as long as this object. What a stage of `possibleRows` writes is
/// read by the next ones, and each piece of a stage has its own: a probe, a thread's workspace. What several threads
/// write to at once, `bounds`, is `Sendable` itself (a lock and an atomic).
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
    /// Theirs, so that nothing counts references to a segment for each row.
    private let rows: [UnsafeMutablePointer<Int64>]
    private let chunks: [Chunk]
    private let groups: Int
    private let templates: [Template]
    private let probes: UnsafeMutablePointer<ProbeCodes>
    private let bounds: UnsafeMutablePointer<CandidateBounds>
    /// One a thread.
    private let workspaces: UnsafeMutablePointer<ScanWorkspace>
    private let limit: Int
    private let floor: ComparisonScore
    private let filter: GalleryIndex.Filter
    private let path: ScanPath
    private let hasMiddlePass: Bool
    /// As many as the work is worth.
    private let threads: Int

    /// For each probe the rows that the codes cannot rule out, ascending; the true candidates are among them.
    /// - Parameter bytesWorthAThread: tests of a few faces on several threads have their own.
    static func possibleRows(
        of index: GalleryIndex, _ templates: [Template], limit: Int, floor: ComparisonScore,
        filter: GalleryIndex.Filter, path: ScanPath, threads: Int, bytesWorthAThread: Int
    ) -> [[Int64]] {
        IndexScan(
            index, templates, limit: limit, floor: floor, filter: filter, path: path, threads: threads,
            bytesWorthAThread: bytesWorthAThread
        ).possibleRows()
    }

    private init(
        _ index: GalleryIndex, _ templates: [Template], limit: Int, floor: ComparisonScore,
        filter: GalleryIndex.Filter, path: ScanPath, threads: Int, bytesWorthAThread: Int
    ) {
        segments = index.segments
        rows = segments.map(\.rows)
        groups = (index.dimension + 7) / 8
        self.templates = templates
        self.limit = limit
        self.floor = floor
        self.filter = filter
        self.path = path
        hasMiddlePass = templates.count >= path.probesWorthTheMiddlePass
        let rowCount = segments.reduce(0) { $0 + $1.count }
        let work = rowCount * groups * 4 * templates.count
        self.threads = max(1, min(threads, work / bytesWorthAThread + 1))
        let rowsOfChunk = min(
            Self.bytesOfChunk / (groups * (hasMiddlePass ? 8 : 4)), rowCount / (self.threads * Self.chunksOfThread) + 1)
        chunks = Self.chunks(of: segments, largest: SegmentLayout.padded(rowsOfChunk))
        probes = .allocate(capacity: templates.count)
        bounds = .allocate(capacity: templates.count)
        workspaces = .allocate(capacity: self.threads)
        for thread in 0..<self.threads {
            (workspaces + thread).initialize(
                to: ScanWorkspace(
                    probes: templates.count,
                    rows: (chunks.lazy.map(\.pairs).max() ?? 0) * SegmentLayout.rowsOfPair, groups: groups,
                    hasMiddlePass: hasMiddlePass))
        }
    }

    deinit {
        workspaces.deinitialize(count: threads)
        workspaces.deallocate()
        probes.deallocate()
        bounds.deallocate()
    }

    /// To be called once: what a passage leaves in the workspaces is its own.
    private func possibleRows() -> [[Int64]] {
        let possible = Mutex([[Int64]](repeating: [], count: templates.count))
        onThreads(
            threads,
            [
                Pieces(templates.count) { p, _ in
                    (self.probes + p).initialize(to: ProbeCodes(self.templates[p]))
                    (self.bounds + p).initialize(to: CandidateBounds(limit: self.limit, floor: self.floor))
                },
                Pieces(chunks.count) { i, thread in self.scan(self.chunks[i], self.workspaces[thread]) },
                Pieces(templates.count) { p, _ in
                    let rows = self.possibleRows(p)
                    possible.withLock { $0[p] = rows }
                },
            ])
        probes.deinitialize(count: templates.count)
        bounds.deinitialize(count: templates.count)
        return possible.withLock { $0 }
    }

    /// All rows in chunks. The first one is small, and each as large as all before it, up to the largest: until there
    /// are candidates, every row survives.
    private static func chunks(of segments: [IndexSegment], largest: Int) -> [Chunk] {
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

    /// Compares a chunk with all probes, and keeps what may be a candidate.
    private func scan(_ chunk: Chunk, _ work: borrowing ScanWorkspace) {
        let segment = segments[chunk.segment]
        if let codes = work.codes {
            gallery_unpack(
                path.kernel, segment.high + segment.layout.highOffset(chunk.first),
                segment.low + segment.layout.lowOffset(chunk.first), Int32(groups), Int32(chunk.pairs), codes)
        }
        for begin in stride(from: 0, to: templates.count, by: ScanWorkspace.probesAtOnce) {
            let some = begin..<min(templates.count, begin + ScanWorkspace.probesAtOnce)
            blockPass(segment, chunk, some, work)
            for p in some { sift(work.passed[p - begin], segment, chunk, p, work) }
        }
    }

    /// The coarse pass, or the middle one: up to 8 probes with a chunk.
    private func blockPass(
        _ segment: IndexSegment, _ chunk: Chunk, _ some: Range<Int>, _ work: borrowing ScanWorkspace
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
        _ passed: gallery_survivors, _ segment: IndexSegment, _ chunk: Chunk, _ p: Int, _ work: borrowing ScanWorkspace
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
        var raising = 0
        work.survivors[p].reserve(count)
        for k in 0..<count {
            let i = Int(passed.rows[k])
            let (lower, upper) =
                isFine
                ? probes[p].bounds(fineSum: work.sums[k], step: steps[i], error: errors[i])
                : probes[p].bounds(middle: passed.bounds[k], error: errors[i])
            guard upper >= threshold else { continue }
            work.survivors[p].append(
                Survivor(
                    segment: Int32(chunk.segment), position: Int32(chunk.first + i), step: steps[i], error: errors[i],
                    upper: upper))
            work.lowerBounds[raising] = lower
            raising += lower >= threshold ? 1 : 0
        }
        guard raising > 0 else { return }
        bounds[p].insert(UnsafeBufferPointer(start: work.lowerBounds, count: raising))
        work.survivors[p].prune(below: bounds[p].threshold)
    }

    /// The rows that the codes cannot rule out for a probe, of those that all threads found; ascending.
    private func possibleRows(_ p: Int) -> [Int64] {
        var threshold = bounds[p].threshold
        var possible: [Survivor] = []
        possible.reserveCapacity(64)
        for thread in 0..<threads { workspaces[thread].survivors[p].reaching(threshold, into: &possible) }
        if hasMiddlePass {
            threshold = max(threshold, finePass(&possible, p))
            possible.removeAll { $0.upper < threshold }
        }
        var found = possible.map { rows[Int($0.segment)][Int($0.position)] }
        found.sort()
        return found
    }

    /// The fine pass over what the middle one left for a probe, those of a segment together: they get their fine
    /// bounds.
    /// - Returns: a score that certainly `limit` of them reach; -infinity when there are not so many.
    private func finePass(_ survivors: inout [Survivor], _ p: Int) -> Double {
        let positions = survivors.map(\.position)
        var sums = [Int32](repeating: 0, count: positions.count)
        // Each row is here once, so that `limit` rows reach the last of so many lower bounds.
        var lowerBounds = BoundedHeap<Double>(capacity: limit)
        var first = 0
        while first < survivors.count {
            let number = survivors[first].segment, segment = segments[Int(number)]
            let some = first..<(survivors[first...].firstIndex { $0.segment != number } ?? survivors.count)
            positions.withUnsafeBufferPointer { positions in
                sums.withUnsafeMutableBufferPointer { sums in
                    gallery_refine(
                        path.kernel, segment.high, segment.low, segment.fineErrors, Int32(groups), probes[p].fine,
                        positions.baseAddress! + first, Int32(some.count), sums.baseAddress! + first)
                }
            }
            for i in some {
                let (lower, upper) = probes[p].bounds(
                    fineSum: sums[i], step: survivors[i].step, error: survivors[i].error)
                survivors[i].upper = upper
                lowerBounds.insert(lower)
            }
            first = some.upperBound
        }
        return lowerBounds.least ?? -.infinity
    }
}
