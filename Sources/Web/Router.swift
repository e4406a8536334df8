import HTTP1

/// Finds the route of a request by its method and path. Each core has its own router: counting references to objects
/// shared by all cores would move a cache line between them with each request. (Captures of handlers and rules are
/// still shared.)
package struct Router<Rule: Sendable, Caller>: Sendable {
    /// A route in the form that requests use, so that its fields are read without copying the whole route.
    final class Entry: Sendable {
        let path: String
        let access: Rule
        let quota: Quota
        let handler: Route<Rule, Caller>.Handler

        init(_ route: Route<Rule, Caller>) {
            path = route.path
            access = route.access
            quota = route.quota
            handler = route.handler
        }
    }

    let entries: [Entry]
    /// Returns indices of `entries`.
    let tree: RouteTree

    package init(_ routes: [Route<Rule, Caller>]) {
        var seen: Set<String> = []
        for route in routes {
            precondition(
                seen.insert("\(route.method.rawValue) \(route.path)").inserted, "two routes at \(route.path)")
        }
        tree = RouteTree(routes.map { ($0.method, $0.path) })
        entries = routes.map { Entry($0) }
    }

    /// The paths of the routes, preceded by `-` for requests without a route.
    var templates: [String] { ["-"] + entries.map { $0.path } }
}
