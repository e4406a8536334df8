import Glibc

/// Answers connections that are refused. Closing a connection with unread bytes resets it, and the client may lose the
/// answer (RFC 9112 section 9.6). A limited number of them therefore stays open a moment longer.
package final class Refusals {
    private static let most = 64

    private var open: [(descriptor: Int32, end: UInt64)] = []
    private let patience: UInt64
    private var closing: Deadline!

    /// - Parameter patience: how long such a connection stays open, in nanoseconds.
    package init(deadlines: Deadlines, patience: UInt64) {
        self.patience = patience
        closing = deadlines.make { [unowned self] in
            close(before: Clock.now)
            if let next = open.first { closing.set(at: next.end) }
        }
    }

    deinit {
        closing.cancel()
        close(before: .max)
    }

    /// Takes over the descriptor and writes as many of the bytes as fit at once.
    package func refuse(_ accepted: Listener.Accepted, with bytes: [UInt8]) {
        if !bytes.isEmpty {
            _ = unsafe send(accepted.descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
            shutdown(accepted.descriptor, Int32(SHUT_WR))
        }
        if accepted.isLast || bytes.isEmpty {
            if accepted.isLast { close(before: .max) }
            Glibc.close(accepted.descriptor)
            return
        }
        if open.count == Self.most { Glibc.close(open.removeFirst().descriptor) }
        open.append((accepted.descriptor, Clock.now + patience))
        closing.set(at: open[0].end)
    }

    private func close(before moment: UInt64) {
        while let first = open.first, first.end <= moment {
            Glibc.close(first.descriptor)
            open.removeFirst()
        }
    }
}
