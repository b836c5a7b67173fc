import Testing

@testable import FaceRecognition

@Suite struct BoundedHeapTests {
    private func permutations(_ elements: [Int]) -> [[Int]] {
        guard elements.count > 1 else { return [elements] }
        return elements.indices.flatMap { i in
            var rest = elements
            let first = rest.remove(at: i)
            return permutations(rest).map { [first] + $0 }
        }
    }

    @Test("In any order of up to seven elements, ties or not, the greatest few are kept")
    func exhaustive() {
        for elements in [[1], [1, 1], [1, 2, 3], [1, 1, 2, 2], [1, 2, 3, 4, 5], [3, 3, 3, 4, 5, 1], [1, 2, 3, 4, 5, 6, 7]] {
            for order in permutations(elements) {
                for capacity in 1...(elements.count + 1) {
                    var heap = BoundedHeap<Int>(capacity: capacity)
                    for (i, element) in order.enumerated() {
                        heap.insert(element)
                        let best = order[...i].sorted(by: >).prefix(capacity)
                        guard heap.least == (best.count == capacity ? best.last : nil) else {
                            Issue.record("\(order) at \(i), capacity \(capacity): \(heap.least as Int?)")
                            return
                        }
                    }
                    // And the others are kept: greater ones push them out one by one, the least first.
                    let kept = order.sorted(by: >).prefix(capacity).sorted()
                    for _ in kept.count..<capacity { heap.insert(.max) }
                    for element in kept {
                        #expect(heap.least == element, "\(order), capacity \(capacity)")
                        heap.insert(.max)
                    }
                }
            }
        }
    }
}
