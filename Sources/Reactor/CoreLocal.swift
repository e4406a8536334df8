/// A plain object that lives inside one core and can be named from anywhere, but reached only there.
package final class CoreLocal<Value>: @unchecked Sendable {
    package let core: Core
    private var value: Value?

    /// Makes the object on the core's thread. What is posted later finds it made.
    package init(_ core: Core, _ make: @escaping @Sendable (isolated Core) -> Value) {
        self.core = core
        core.executor.post { [self] in
            value = unsafe core.assumeIsolated { unsafe Transfer(make($0)) }.value
        }
    }

    /// Runs `body` with the object on its core, soon.
    package func post(_ body: @escaping @Sendable (Value, isolated Core) -> Void) {
        core.executor.post { [self] in
            let transfer = unsafe Transfer(value!)
            core.assumeIsolated { unsafe body(transfer.value, $0) }
        }
    }

    /// Runs `body` with the object on its core and answers what it gave.
    package func read<Result: Sendable>(_ body: @escaping @Sendable (Value, isolated Core) -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            post { continuation.resume(returning: body($0, $1)) }
        }
    }
}

/// Carries a core's object past a border that the compiler sees and the core does not: caller and callee are on the same one.
@unsafe struct Transfer<Value>: @unchecked Sendable {
    let value: Value
    init(_ value: Value) { unsafe self.value = value }
}
