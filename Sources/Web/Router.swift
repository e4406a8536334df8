import HTTP1

/// Finds the route of a request by its method and path. Each core has one of its own: counting references to what all cores
/// share moves a cache line between them with each request. (What a handler's closure holds is still shared.)
package struct Router<Rule: Sendable, Caller>: Sendable {
    package enum Match {
        case found(Entry, PathParameters)
        /// The path is known; these methods are too.
        case methods([Method])
        case nothing
    }

    /// A route and its number.
    package final class Entry: Sendable {
        let route: Route<Rule, Caller>
        /// Its place among the routes, from 1.
        let number: Int

        init(_ route: Route<Rule, Caller>, number: Int) {
            self.route = route
            self.number = number
        }
    }

    private let entries: [Entry]
    private let tree: RouteTree
    /// The paths of the routes by their number; `-` stands for none.
    let templates: [String]

    package init(_ routes: [Route<Rule, Caller>]) {
        var seen: Set<String> = []
        for route in routes {
            precondition(
                seen.insert("\(route.method.rawValue) \(route.path)").inserted, "two routes at \(route.path)")
        }
        templates = ["-"] + routes.map { $0.path }
        tree = RouteTree(routes.map { ($0.method, $0.path) })
        entries = routes.enumerated().map { Entry($0.element, number: $0.offset + 1) }
    }

    package func match(_ method: Method, _ path: String) -> Match {
        guard let (place, values) = tree.find(path) else { return .nothing }
        if let index = place.methods.firstIndex(of: method == .head ? .get : method) {
            let (number, names) = place.routes[index]
            return .found(entries[number], PathParameters(names: names, values: values))
        }
        var methods = place.methods
        if methods.contains(.get) { methods.append(.head) }
        return .methods(methods + [.options])
    }
}
