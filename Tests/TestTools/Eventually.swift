import Reactor

/// Threads for blocking work in tests: the runtime's pool has one per processor, and other tests run on it.
package let threads = try! Offload(name: "test", threads: 32, limit: 1000)

/// Checks until the condition holds; false if it does not within 30 seconds.
package func eventually(_ condition: () async throws -> Bool) async rethrows -> Bool {
    let end = Clock.now + .seconds(30)
    while Clock.now < end {
        if try await condition() { return true }
        try? await Task.sleep(nanoseconds: 1_000_000)
    }
    return false
}
