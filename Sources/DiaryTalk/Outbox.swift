import Crypto
import Diary
import Transfer

/// What sending to others needs: connections, the keys of stored secrets, and the feed whose changes webhooks send. All
/// cores and the background work share it.
package final class Outbox: Sendable {
    package let transfer: Transfer
    let sealingKeys: SealingKeys?
    let feed: ChangeFeed

    /// - Parameter feed: the feed of the school, as integrations read it.
    package init(transfer: Transfer, sealingKeys: SealingKeys?, feed: ChangeFeed) {
        self.transfer = transfer
        self.sealingKeys = sealingKeys
        self.feed = feed
    }
}

extension Services {
    var outbox: Outbox { area() }
}
