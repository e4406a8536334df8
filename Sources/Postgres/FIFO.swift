/// A queue.
struct FIFO<Element> {
    /// Elements that were taken are nil, so that they are not kept alive until the array is compacted.
    private var elements: [Element?] = []
    private var head = 0

    var count: Int { elements.count - head }
    var isEmpty: Bool { head == elements.count }
    var first: Element? { isEmpty ? nil : elements[head] }

    mutating func append(_ element: Element) { elements.append(element) }

    mutating func popFirst() -> Element? {
        guard head < elements.count else { return nil }
        let element = elements[head]
        elements[head] = nil
        head += 1
        if head == elements.count {
            elements.removeAll(keepingCapacity: true)
            head = 0
        } else if head > 64 && head * 2 > elements.count {
            elements.removeFirst(head)
            head = 0
        }
        return element
    }

    /// Inserts elements before all others.
    mutating func prepend(_ others: [Element]) {
        elements.replaceSubrange(0..<head, with: others)
        head = 0
    }

    mutating func popFirst(where matches: (Element) -> Bool) -> Element? {
        guard let index = elements[head...].firstIndex(where: { $0.map(matches) == true }) else { return nil }
        return elements.remove(at: index)
    }

    mutating func removeFirst(where matches: (Element) -> Bool) {
        if let index = elements[head...].firstIndex(where: { $0.map(matches) == true }) { elements.remove(at: index) }
    }

    /// Removes and returns all elements.
    mutating func takeAll() -> [Element] {
        defer { self = FIFO() }
        return elements[head...].compactMap { $0 }
    }
}
