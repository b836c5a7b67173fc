/// Keeps the `capacity` greatest elements, whatever the order they come in.
///
/// A binary heap with the least of those kept at its root (Williams, CACM 7(6), 1964).
struct BoundedHeap<Element: Comparable> {
    private var elements: [Element] = []
    private let capacity: Int

    /// - Precondition: capacity at least 1.
    init(capacity: Int) {
        precondition(capacity >= 1, "A heap keeps at least one element")
        self.capacity = capacity
        elements.reserveCapacity(min(capacity, 64))
    }

    /// The element that the next greater one will push out, once the heap is full.
    var least: Element? { elements.count == capacity ? elements[0] : nil }

    /// - Complexity: O(log capacity).
    mutating func insert(_ element: Element) {
        if elements.count < capacity {
            elements.append(element)
            elements.withUnsafeMutableBufferPointer { Self.siftUp($0.count - 1, $0) }
        } else if element > elements[0] {
            elements.withUnsafeMutableBufferPointer {
                $0[0] = element
                Self.siftDown(0, $0)
            }
        }
    }

    private static func siftUp(_ start: Int, _ elements: UnsafeMutableBufferPointer<Element>) {
        var child = start
        while child > 0 {
            let parent = (child - 1) / 2
            guard elements[parent] > elements[child] else { return }
            elements.swapAt(parent, child)
            child = parent
        }
    }

    private static func siftDown(_ start: Int, _ elements: UnsafeMutableBufferPointer<Element>) {
        var parent = start
        while true {
            let left = 2 * parent + 1, right = left + 1
            guard left < elements.count else { return }
            let child = right < elements.count && elements[left] > elements[right] ? right : left
            guard elements[parent] > elements[child] else { return }
            elements.swapAt(parent, child)
            parent = child
        }
    }
}
