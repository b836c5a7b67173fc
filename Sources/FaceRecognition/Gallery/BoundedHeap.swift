/// Keeps the first `capacity` elements of an order, whatever the order they come in.
///
/// A binary heap with the last of those kept at its root (Williams, CACM 7(6), 1964).
struct BoundedHeap<Element> {
    private var elements: [Element] = []
    private let capacity: Int
    private let precedes: (Element, Element) -> Bool

    /// - Precondition: capacity at least 1; `precedes` is a strict weak ordering.
    init(capacity: Int, precedes: @escaping (Element, Element) -> Bool) {
        precondition(capacity >= 1, "A heap keeps at least one element")
        self.capacity = capacity
        self.precedes = precedes
    }

    /// The element that the next better one will push out, once the heap is full.
    var last: Element? { elements.count == capacity ? elements[0] : nil }

    /// - Complexity: O(log capacity).
    mutating func insert(_ element: Element) {
        if elements.count < capacity {
            elements.append(element)
            siftUp(elements.count - 1)
        } else if precedes(element, elements[0]) {
            elements[0] = element
            siftDown(0)
        }
    }

    /// - Complexity: O(n log n).
    func sorted() -> [Element] { elements.sorted(by: precedes) }

    private mutating func siftUp(_ start: Int) {
        var child = start
        while child > 0 {
            let parent = (child - 1) / 2
            guard precedes(elements[parent], elements[child]) else { return }
            elements.swapAt(parent, child)
            child = parent
        }
    }

    private mutating func siftDown(_ start: Int) {
        var parent = start
        while true {
            var last = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < elements.count {
                if precedes(elements[last], elements[child]) { last = child }
            }
            guard last != parent else { return }
            elements.swapAt(parent, last)
            parent = last
        }
    }
}
