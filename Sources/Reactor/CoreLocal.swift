/// A plain object inside one core. Any thread may hold the reference, but only the core reaches the object.
package final class CoreLocal<Value>: @unchecked Sendable {
    package let core: Core
    private var value: Value?

    /// Makes the object on the core's thread. Closures posted later find it there.
    package init(_ core: Core, _ make: @escaping @Sendable (isolated Core) -> Value) {
        self.core = core
        core.executor.post { [self] in
            value = unsafe core.assumeIsolated { unsafe Transfer(make($0)) }.value
        }
    }

    /// The object, for code that runs on its core already.
    package func value(on core: isolated Core) -> Value {
        precondition(core === self.core, "the object of another core")
        return value!
    }

    /// Runs `body` with the object on its core, soon.
    package func post(_ body: @escaping @Sendable (Value, isolated Core) -> Void) {
        core.executor.post { [self] in
            let transfer = unsafe Transfer(value!)
            core.assumeIsolated { unsafe body(transfer.value, $0) }
        }
    }

    /// Runs `body` with the object on its core and returns its result.
    package func read<Result: Sendable>(_ body: @escaping @Sendable (Value, isolated Core) -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            post { continuation.resume(returning: body($0, $1)) }
        }
    }
}

/// Carries a core's object through a call that the compiler sees as crossing isolation, although both sides are on the
/// core.
@unsafe struct Transfer<Value>: @unchecked Sendable {
    let value: Value
    init(_ value: Value) { unsafe self.value = value }
}
