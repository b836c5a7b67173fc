extension RandomAccessCollection where Index == Int {
    /// The first index whose element and all after it satisfy `predicate`, by bisection.
    /// - Precondition: no element that satisfies it comes before one that does not.
    /// - Complexity: O(log count).
    @inlinable package func partitioningIndex(where predicate: (Element) -> Bool) -> Int {
        var low = startIndex, high = endIndex
        while low < high {
            let middle = low + (high - low) / 2
            if predicate(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
