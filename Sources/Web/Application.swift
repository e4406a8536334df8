/// What an application provides to a worker on its core.
///
/// A protocol instead of closures: async closures are not stored, because one with a capture list leaves the core
/// (docs/decisions/0002).
package protocol Application<Rule, Caller> {
    associatedtype Rule: Sendable
    associatedtype Caller

    /// Turns a rule and a request into a caller, or throws the reason why not.
    func admit(_ request: Request, _ rule: Rule) async throws -> Caller
    /// The user whose quota the caller's requests count against; nil if the address's quota counts.
    func user(of caller: Caller) -> String?
    /// The program whose quota the caller's requests count against as well; nil if there is none.
    func client(of caller: Caller) -> RatedClient?
    /// The problem for an error that is not a `Problem`. Nil for an unexpected error, which is logged in full and
    /// answered with a bare 500.
    func problem(for error: any Error) -> Problem?
    /// Why the application cannot serve now; nil if it can.
    var trouble: String? { get }
    /// Its counters on this core, for `/metrics`.
    var metrics: [MetricFamily] { get }
    /// Called after the last connection has closed.
    func close()
}

extension Application {
    package func user(of caller: Caller) -> String? { nil }
    package func client(of caller: Caller) -> RatedClient? { nil }
    package var metrics: [MetricFamily] { [] }
}
