import CGalleryScan
import Dispatch
import Synchronization

/// One passage over an index for some probes, on a few threads.
struct IndexScan: Sendable {
    /// Coarse codes that the kernel takes at once: they, and as many low nibbles where there is a middle pass, stay in a
    /// core's own cache while one group of probes after the other is compared with them, and the few rows that survive
    /// are looked up together.
    private static let bytesOfChunk = 256 << 10
    /// In a small gallery a thread has about so many chunks, so that all are done at the same time.
    private static let chunksOfThread = 8
    private static let probesAtOnce = Int(GALLERY_SCAN_MAXIMUM_PROBES)
    /// From so many probes on, the low nibbles of a chunk are laid out as the kernel takes them: it costs about as much
    /// as comparing them with one.
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
    /// - Parameter bytesWorthAThread: tests of a few faces on several threads have their own.
    func possibleRows(threads: Int, bytesWorthAThread: Int = bytesWorthAThread) -> [[Int64]] {
        let work = segments.reduce(0) { $0 + $1.count } * groups * 4 * probes.count
        let threads = max(1, min(threads, work / bytesWorthAThread + 1))
        let chunks = chunks(threads: threads)
        let survivors = Mutex(probes.map { _ in SurvivorList() })
        let next = Atomic<Int>(0)
        let scan: @Sendable (Int) -> Void = { _ in
            let mine = self.scan(chunks, next)
            survivors.withLock { all in for p in all.indices { all[p].append(mine[p]) } }
        }
        if threads == 1 { scan(0) } else { DispatchQueue.concurrentPerform(iterations: threads, execute: scan) }
        return survivors.withLock { all in
            zip(all, bounds).map { list, bounds in list.rows(reaching: bounds.threshold) }
        }
    }

    /// All rows in chunks. The first one is small, and each as large as all before it, up to the largest: until there
    /// are candidates, every row survives.
    private func chunks(threads: Int) -> [Chunk] {
        let rows = segments.reduce(0) { $0 + $1.count }
        let largest = SegmentLayout.padded(
            min(Self.bytesOfChunk / (groups * 4), rows / (threads * Self.chunksOfThread) + 1))
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

    /// What a thread writes to.
    private struct Workspace: ~Copyable {
        var survivors: [SurvivorList]
        var lowerBounds: [Double] = []
        let masks: UnsafeMutablePointer<UInt32>
        let positions: UnsafeMutablePointer<Int32>
        let sums: UnsafeMutablePointer<Int32>
        /// The low nibbles of a chunk, block by block; nil when there is no middle pass.
        let low: UnsafeMutableRawPointer?

        init(probes: Int, pairs: Int, groups: Int) {
            survivors = (0..<probes).map { _ in SurvivorList() }
            masks = .allocate(capacity: pairs * IndexScan.probesAtOnce)
            positions = .allocate(capacity: pairs * SegmentLayout.rowsOfPair)
            sums = .allocate(capacity: pairs * SegmentLayout.rowsOfPair)
            let hasMiddlePass = probes >= IndexScan.probesWorthTheMiddlePass
            low = hasMiddlePass ? .allocate(byteCount: pairs * 128 * groups, alignment: 64) : nil
        }

        deinit {
            masks.deallocate()
            positions.deallocate()
            sums.deallocate()
            low?.deallocate()
        }
    }

    /// One thread's part: whichever chunk is next, until there are no more.
    private func scan(_ chunks: [Chunk], _ next: borrowing Atomic<Int>) -> [SurvivorList] {
        let pairs = chunks.lazy.map(\.pairs).max() ?? 0
        var work = Workspace(probes: probes.count, pairs: pairs, groups: groups)
        while true {
            let i = next.wrappingAdd(1, ordering: .relaxed).oldValue
            guard i < chunks.count else { return work.survivors }
            let chunk = chunks[i], segment = segments[chunk.segment]
            if let low = work.low {
                gallery_interleave(
                    path.kernel, segment.low + segment.layout.lowOffset(chunk.first), Int32(groups),
                    Int32(chunk.pairs), low)
            }
            for begin in stride(from: 0, to: probes.count, by: Self.probesAtOnce) {
                let some = begin..<min(probes.count, begin + Self.probesAtOnce)
                narrow(segment, chunk, some, &work)
                for p in some {
                    refine(work.masks + (p - begin) * chunk.pairs, segment, chunk, p, &work)
                }
            }
        }
    }

    /// The coarse pass, and the middle one if there is one: up to 8 probes with a chunk.
    private func narrow(_ segment: IndexSegment, _ chunk: Chunk, _ some: Range<Int>, _ work: inout Workspace) {
        withUnsafeTemporaryAllocation(of: gallery_probe.self, capacity: some.count) { described in
            for (i, p) in some.enumerated() {
                let codes = probes[p]
                described.initializeElement(
                    at: i,
                    to: gallery_probe(
                        codes: codes.coarse, offset: codes.offset, scale: codes.coarseScale,
                        spread: codes.blockSpread, threshold: codes.blockThreshold(bounds[p].threshold)))
            }
            var rows = gallery_rows(
                high: segment.high + segment.layout.highOffset(chunk.first),
                low: work.low?.assumingMemoryBound(to: UInt8.self),
                steps: segment.steps + chunk.first, coarse_errors: segment.coarseErrors + chunk.first,
                fine_errors: segment.fineErrors + chunk.first, groups: Int32(groups), pairs: Int32(chunk.pairs))
            gallery_scan(path.kernel, &rows, described.baseAddress, Int32(some.count), work.masks)
        }
    }

    /// The fine pass over those rows of the masks that are left.
    private func refine(
        _ masks: UnsafePointer<UInt32>, _ segment: IndexSegment, _ chunk: Chunk, _ p: Int, _ work: inout Workspace
    ) {
        let everyRowPasses = filter.isOpen && !segment.layout.hasExpiry
        var count = 0
        for pair in 0..<chunk.pairs {
            var mask = masks[pair]
            while mask != 0 {
                let i = chunk.first + pair * SegmentLayout.rowsOfPair + mask.trailingZeroBitCount
                mask &= mask - 1
                if everyRowPasses || segment.passes(filter, i) {
                    work.positions[count] = Int32(i)
                    count += 1
                }
            }
        }
        guard count > 0 else { return }
        let probe = probes[p], threshold = bounds[p].threshold
        let steps = segment.steps, errors = segment.fineErrors, rows = segment.rows
        gallery_refine(
            path.kernel, segment.high, segment.low, errors, Int32(groups), probe.fine, work.positions, Int32(count),
            work.sums)
        work.lowerBounds.removeAll(keepingCapacity: true)
        for k in 0..<count {
            let i = Int(work.positions[k])
            let (lower, upper) = probe.bounds(fineSum: work.sums[k], step: steps[i], error: errors[i])
            guard upper >= threshold else { continue }
            work.survivors[p].append(rows[i], upper: upper)
            if lower >= threshold { work.lowerBounds.append(lower) }
        }
        guard !work.lowerBounds.isEmpty else { return }
        bounds[p].insert(work.lowerBounds)
        work.survivors[p].prune(below: bounds[p].threshold)
    }
}
