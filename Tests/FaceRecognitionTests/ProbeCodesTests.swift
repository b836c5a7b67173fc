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

    private func refine(_ path: ScanPath, _ probe: ProbeCodes, _ segment: IndexSegment, _ i: Int) -> Int32 {
        var sum: Int32 = 0
        gallery_refine(
            path.kernel, segment.high, segment.low, segment.fineErrors, Int32(segment.layout.groups), probe.fine,
            [Int32(i)], 1, &sum)
        return sum
    }

    /// - Parameter isNarrowed: whether the middle pass is made too.
    private func scan(
        _ path: ScanPath, _ probes: [ProbeCodes], _ thresholds: [Float], _ segment: IndexSegment,
        isNarrowed: Bool = false
    ) -> [UInt32] {
        let pairs = segment.layout.capacity / 32, groups = segment.layout.groups
        var masks = [UInt32](repeating: 0, count: probes.count * pairs)
        let described = zip(probes, thresholds).map { probe, threshold in
            gallery_probe(
                codes: probe.coarse, offset: probe.offset, scale: probe.coarseScale, spread: probe.blockSpread,
                threshold: threshold)
        }
        withUnsafeTemporaryAllocation(byteCount: pairs * 128 * groups, alignment: 64) { low in
            gallery_interleave(path.kernel, segment.low, Int32(groups), Int32(pairs), low.baseAddress)
            var rows = gallery_rows(
                high: segment.high, low: isNarrowed ? low.baseAddress?.assumingMemoryBound(to: UInt8.self) : nil,
                steps: segment.steps, coarse_errors: segment.coarseErrors, fine_errors: segment.fineErrors,
                groups: Int32(groups), pairs: Int32(pairs))
            gallery_scan(path.kernel, &rows, described, Int32(probes.count), &masks)
        }
        return masks
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
                    for isNarrowed in [false, true] {
                        let masks = scan(
                            .plain, [codes], [codes.blockThreshold(score)], segment, isNarrowed: isNarrowed)
                        #expect(masks[i / 32] & (1 << (i % 32)) != 0, "seed \(seed), row \(i), \(isNarrowed)")
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
        let codes = ProbeCodes(probe), threshold = codes.blockThreshold(0.1)
        func left(_ isNarrowed: Bool) -> Int {
            scan(.plain, [codes], [threshold], segment, isNarrowed: isNarrowed).reduce(0) { $0 + $1.nonzeroBitCount }
        }
        let reaching = try templates.count { try probe.compared(with: $0).value >= 0.1 }
        let nearly = try templates.count { try probe.compared(with: $0).value >= 0.1 - 0.04 }
        #expect(reaching <= left(true) && left(true) <= nearly && nearly < left(false))
    }

    @Test(
        "Every instruction set gives the plain path's bits, for 1 to 8 probes",
        arguments: ScanPath.supported.filter { $0 != .plain })
    func paths(path: ScanPath) throws {
        for seed in 0..<400 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            let dimension = seed < 380 ? 1 + Int(seed % 130) : [511, 512, 1_023, 1_024][Int(seed % 4)]
            let count = Int.random(in: 1...100, using: &random)
            let segment = segment((0..<count).map { _ in .awkward(dimension, using: &random) })
            let probes = (0...Int(seed % 8)).map { _ in ProbeCodes(.awkward(dimension, using: &random)) }
            let thresholds = probes.map { _ in
                Bool.random(using: &random) ? Float.random(in: -1...1, using: &random) : -.greatestFiniteMagnitude
            }
            for isNarrowed in [false, true] {
                #expect(
                    scan(path, probes, thresholds, segment, isNarrowed: isNarrowed)
                        == scan(.plain, probes, thresholds, segment, isNarrowed: isNarrowed), "seed \(seed)")
            }
            for i in 0..<count {
                #expect(refine(path, probes[0], segment, i) == refine(.plain, probes[0], segment, i), "seed \(seed)")
            }
        }
    }
}
