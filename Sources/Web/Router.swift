import HTTP1

/// Finds the route of a request by its method and path. Each core has one of its own: counting references to what all cores
/// share moves a cache line between them with each request. (What a handler's closure and a rule hold is still shared.)
package struct Router<Rule: Sendable, Caller>: Sendable {
    /// A route as requests use it: field by field, and without a copy of the whole.
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
    /// Answers places in `entries`.
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

    /// The paths of the routes; `-` before them stands for no route.
    var templates: [String] { ["-"] + entries.map { $0.path } }
}
