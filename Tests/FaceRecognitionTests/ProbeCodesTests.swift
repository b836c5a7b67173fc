import CGalleryScan
import FaceTestSupport
import Foundation
import Testing

@testable import FaceRecognition

/// The lines of Documentation/ExactSearch.md, one by one.
@Suite struct ProbeCodesTests {
    private func segment(_ templates: [Template]) -> IndexSegment {
        let layout = SegmentLayout(
            dimension: templates[0].components.count, capacity: SegmentLayout.padded(templates.count), hasExpiry: false)
        let segment = IndexSegment(layout)
        for (i, template) in templates.enumerated() {
            segment.append(.init(row: Int64(i), template: template, enrolled: 0))
        }
        return segment
    }

    private func refine(_ path: ScanPath, _ probe: borrowing ProbeCodes, _ segment: IndexSegment, _ i: Int) -> Int32 {
        var sum: Int32 = 0
        gallery_refine(
            path.kernel, segment.high, segment.low, segment.fineErrors, Int32(segment.layout.groups), probe.fine,
            [Int32(i)], 1, &sum)
        return sum
    }

    /// Rows and their bounds' bits.
    private typealias Left = [Int32: UInt32]

    /// What a pass over blocks leaves for each probe: the coarse one, or with whole codes the middle one.
    private func scan(
        _ path: ScanPath, _ probes: [Template], _ thresholds: [Float], _ segment: IndexSegment, unpacked: Bool
    ) -> [Left] {
        let rows = segment.layout.capacity, groups = segment.layout.groups
        let codes = UnsafeMutablePointer<ProbeCodes>.allocate(capacity: probes.count)
        for (p, probe) in probes.enumerated() { (codes + p).initialize(to: ProbeCodes(probe)) }
        defer {
            codes.deinitialize(count: probes.count)
            codes.deallocate()
        }
        let described = probes.indices.map { p in
            var probe = codes[p].described(threshold: 0)
            probe.threshold = thresholds[p]
            return probe
        }
        let work = ScanWorkspace(probes: probes.count, rows: rows, groups: groups, hasMiddlePass: true)
        gallery_unpack(path.kernel, segment.high, segment.low, Int32(groups), Int32(rows / 32), work.codes)
        var passage = gallery_rows(
            codes: unpacked ? work.codes : segment.high, steps: segment.steps, coarse_errors: segment.coarseErrors,
            fine_errors: segment.fineErrors, groups: Int32(groups), pairs: Int32(rows / 32))
        // As much room as the kernels ask for, and lanes behind it that none may touch.
        let room = rows, lanes = room + 16
        var found = [Int32](repeating: .min, count: lanes * probes.count)
        var bounds = [Float](repeating: -7, count: lanes * probes.count)
        var passed: [gallery_survivors] = []
        found.withUnsafeMutableBufferPointer { found in
            bounds.withUnsafeMutableBufferPointer { bounds in
                passed = probes.indices.map { p in
                    gallery_survivors(
                        rows: found.baseAddress! + p * lanes, bounds: bounds.baseAddress! + p * lanes, count: 0)
                }
                (unpacked ? gallery_scan_unpacked : gallery_scan)(
                    path.kernel, &passage, described, Int32(probes.count), &passed)
            }
        }
        for p in probes.indices {
            let behind = p * lanes + room..<(p + 1) * lanes
            #expect(found[behind].allSatisfy { $0 == .min } && bounds[behind].allSatisfy { $0 == -7 })
        }
        return probes.indices.map { p in
            let these = p * lanes..<p * lanes + Int(passed[p].count), rows = found[these]
            #expect(rows.elementsEqual(rows.sorted()))
            return Left(uniqueKeysWithValues: zip(rows, bounds[these].map(\.bitPattern)))
        }
    }

    @Test("The true score lies between the fine bounds, and survives its own threshold in both passes over blocks")
    func bounds() throws {
        for seed in 0..<600 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            let dimension = seed < 500 ? 1 + Int(seed % 40) : [127, 128, 512, 1_023, 1_024][Int(seed % 5)]
            let templates = (0..<40).map { _ in Template.awkward(dimension, using: &random) }
            // As long as a stored template may be.
            let longest = try Template(model: .test, unitLength: templates[0].components.map { $0 * 1.000_09 })
            let segment = segment(templates + [longest])
            for probe in [templates[1], longest, .awkward(dimension, using: &random)] {
                let codes = ProbeCodes(probe)
                for (i, template) in (templates + [longest]).enumerated() {
                    let score = try probe.compared(with: template).value
                    let (lower, upper) = codes.bounds(
                        fineSum: refine(.plain, codes, segment, i), step: segment.steps[i], error: segment.fineErrors[i]
                    )
                    #expect(lower <= score && score <= upper, "seed \(seed), row \(i)")
                    for unpacked in [false, true] {
                        let left = scan(
                            .plain, [probe], [codes.blockThreshold(score)], segment, unpacked: unpacked)[0]
                        let bound = try #require(left[Int32(i)], "seed \(seed), row \(i), \(unpacked)")
                        guard unpacked else { continue }
                        let (lower, upper) = codes.bounds(
                            middle: Float(bitPattern: bound), error: segment.fineErrors[i])
                        #expect(lower <= score && score <= upper, "seed \(seed), row \(i), middle")
                    }
                }
            }
        }
    }

    @Test("The bounds are close: at 128 components a tenth and a hundredth")
    func closeness() throws {
        var random = SeededGenerator(seed: 1)
        let segment = segment((0..<100).map { _ in .random(128, using: &random) })
        for i in 0..<100 {
            #expect(segment.coarseErrors[i] < 0.11)
            #expect(segment.fineErrors[i] < 0.01)
        }
    }

    @Test("The middle pass leaves hardly more rows than the threshold itself")
    func narrowness() throws {
        var random = SeededGenerator(seed: 2)
        let templates = (0..<2_048).map { _ in Template.random(128, using: &random) }
        let segment = segment(templates)
        let probe = Template.random(128, using: &random)
        let threshold = ProbeCodes(probe).blockThreshold(0.1)
        func left(_ unpacked: Bool) -> Int {
            scan(.plain, [probe], [threshold], segment, unpacked: unpacked)[0].count
        }
        let reaching = try templates.count { try probe.compared(with: $0).value >= 0.1 }
        let nearly = try templates.count { try probe.compared(with: $0).value >= 0.1 - 0.04 }
        #expect(reaching <= left(true) && left(true) <= nearly && nearly < left(false))
    }

    @Test(
        "Every instruction set leaves the plain path's rows with its bounds, to the bit, for 1 to 8 probes",
        arguments: ScanPath.supported.filter { $0 != .plain })
    func paths(path: ScanPath) throws {
        for seed in 0..<400 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            let dimension = seed < 380 ? 1 + Int(seed % 130) : [511, 512, 1_023, 1_024][Int(seed % 4)]
            let count = Int.random(in: 1...100, using: &random)
            let segment = segment((0..<count).map { _ in .awkward(dimension, using: &random) })
            let probes = (0...Int(seed % 8)).map { _ in Template.awkward(dimension, using: &random) }
            let lowest = [Float](repeating: -.greatestFiniteMagnitude, count: probes.count)
            // Most lie at some row's bound, or just above it: the highest one's, so that no other row lets it pass.
            func thresholds(_ unpacked: Bool) -> [Float] {
                scan(.plain, probes, lowest, segment, unpacked: unpacked).map { left in
                    let bounds = left.values.map(Float.init(bitPattern:)).sorted()
                    guard let highest = bounds.last, let any = bounds.randomElement(using: &random) else { return 0 }
                    return [
                        highest, highest, highest.nextUp, any, any.nextUp, .random(in: -1...1, using: &random),
                        -.greatestFiniteMagnitude,
                    ].randomElement(using: &random)!
                }
            }
            // Rows that are removed survive nothing.
            for i in 0..<count where seed.isMultiple(of: 3) && i % 5 == 2 { segment.erase(i) }
            let some = thresholds(false), others = thresholds(true)
            let coarse = scan(.plain, probes, some, segment, unpacked: false)
            #expect(scan(path, probes, some, segment, unpacked: false) == coarse, "seed \(seed)")
            var middle = scan(.plain, probes, others, segment, unpacked: true)
            if path == .avx2 {
                // It asks both.
                let asked = scan(.plain, probes, others, segment, unpacked: false)
                middle = zip(middle, asked).map { a, b in a.filter { b[$0.key] != nil } }
            }
            #expect(scan(path, probes, others, segment, unpacked: true) == middle, "seed \(seed)")
            let all = coarse.flatMap(\.keys) + middle.flatMap(\.keys)
            #expect(all.allSatisfy { segment.isLive(Int($0)) }, "seed \(seed)")
            let codes = ProbeCodes(probes[0])
            for i in 0..<count {
                #expect(refine(path, codes, segment, i) == refine(.plain, codes, segment, i), "seed \(seed)")
            }
        }
    }
}
