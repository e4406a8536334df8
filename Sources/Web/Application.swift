/// What an application gives a worker on its core.
///
/// A protocol and not a set of closures: async closures are not stored, because one with a capture list leaves the core
/// (docs/decisions/0002).
package protocol Application<Rule, Caller> {
    associatedtype Rule: Sendable
    associatedtype Caller

    /// Turns a rule and a request into a caller, or throws why not.
    func admit(_ request: Request, _ rule: Rule) async throws -> Caller
    /// Whose quota the caller's requests count against; nil when it is the address's.
    func user(of caller: Caller) -> String?
    /// The program that the caller's requests count against besides; nil when none is counted.
    func client(of caller: Caller) -> RatedClient?
    /// A problem for an error that is not one yet; nil for what nobody foresaw, which is logged in full and answered with a
    /// bare 500.
    func problem(for error: any Error) -> Problem?
    /// Why it cannot serve now; nil when it can.
    var trouble: String? { get }
    /// What it counts on its core, for `/metrics`.
    var metrics: [MetricFamily] { get }
    /// Called when the last connection is closed.
    func close()
}

extension Application {
    package func user(of caller: Caller) -> String? { nil }
    package func client(of caller: Caller) -> RatedClient? { nil }
    package var metrics: [MetricFamily] { [] }
}
