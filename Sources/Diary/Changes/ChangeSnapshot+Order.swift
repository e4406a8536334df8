extension ChangeSnapshot {
    /// Whether what the transaction wrote is visible.
    package func shows(_ transaction: Int) -> Bool {
        transaction < first || transaction < end && !running.contains(transaction)
    }

    /// Whether this snapshot shows everything that the other one shows.
    package func includes(_ other: ChangeSnapshot) -> Bool {
        end >= other.end && !running.contains { other.shows($0) }
    }

    /// This snapshot, and one transaction more, which it does not show and which has begun before its end.
    package func adding(_ transaction: Int) -> ChangeSnapshot {
        if transaction < end { return ChangeSnapshot(end: end, running: running.filter { $0 != transaction }) }
        // PostgreSQL gives out no number whose lower half is 0, 1 or 2.
        let next = transaction + 1
        return ChangeSnapshot(
            end: next & 0xFFFF_FFFF == 0 ? next + 3 : next, running: running + Array(end..<transaction))
    }

    /// A snapshot that shows what this one shows, and of a later one the transactions below a number.
    package func extended(to later: ChangeSnapshot, below transaction: Int) -> ChangeSnapshot {
        ChangeSnapshot(
            end: max(end, transaction),
            running: later.running.filter { $0 < transaction } + running.filter { $0 >= transaction })
    }
}
