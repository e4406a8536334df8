import HTTP1

/// Finds the route of a request by its method and path.
package struct Router<Rule: Sendable, Caller>: Sendable {
    package enum Match {
        case found(Route<Rule, Caller>, PathParameters)
        /// The path is known; these methods are too.
        case methods([Method])
        case nothing
    }

    private let routes: [Route<Rule, Caller>]
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
        self.routes = routes.enumerated().map { index, route in
            var route = route
            route.number = index + 1
            return route
        }
    }

    package func match(_ method: Method, _ path: String) -> Match {
        guard let (place, values) = tree.find(path) else { return .nothing }
        if let index = place.methods.firstIndex(of: method == .head ? .get : method) {
            let (number, names) = place.routes[index]
            return .found(routes[number], PathParameters(names: names, values: values))
        }
        var methods = place.methods
        if methods.contains(.get) { methods.append(.head) }
        return .methods(methods + [.options])
    }
}
