import HTTP1

/// Finds the route of a request: a tree of path segments, literal before parameter.
package struct Router<Rule: Sendable, Caller>: Sendable {
    package enum Match {
        case found(Route<Rule, Caller>, PathParameters)
        /// The path is known; these methods are too.
        case methods([Method])
        case nothing
    }

    private final class Node: Sendable {
        let literals: [String: Node]
        let parameter: Node?
        let routes: [(route: Route<Rule, Caller>, names: [String])]

        init(_ routes: [(segments: ArraySlice<String>, names: [String], route: Route<Rule, Caller>)]) {
            self.routes = routes.filter { $0.segments.isEmpty }.map { ($0.route, $0.names) }
            var literals: [String: [(ArraySlice<String>, [String], Route<Rule, Caller>)]] = [:]
            var parameters: [(ArraySlice<String>, [String], Route<Rule, Caller>)] = []
            for (segments, names, route) in routes {
                guard let first = segments.first else { continue }
                if first.hasPrefix("{") {
                    parameters.append((segments.dropFirst(), names + [String(first.dropFirst().dropLast())], route))
                } else {
                    literals[first, default: []].append((segments.dropFirst(), names, route))
                }
            }
            self.literals = literals.mapValues { Node($0) }
            parameter = parameters.isEmpty ? nil : Node(parameters)
        }
    }

    private let root: Node
    /// The paths of the routes by their number; `-` stands for none.
    let templates: [String]

    package init(_ routes: [Route<Rule, Caller>]) {
        var seen: Set<String> = []
        for route in routes {
            precondition(
                seen.insert("\(route.method.rawValue) \(route.path)").inserted, "two routes at \(route.path)")
        }
        templates = ["-"] + routes.map { $0.path }
        root = Node(
            routes.enumerated().map { index, route in
                var route = route
                route.number = index + 1
                return (Self.segments(route.path)[...], [], route)
            })
    }

    package func match(_ method: Method, _ path: String) -> Match {
        guard path.utf8.first == UInt8(ascii: "/") else { return .nothing }
        var values: [String] = []
        guard let node = find(root, Self.segments(path)[...], &values) else { return .nothing }
        let wanted = method == .head ? .get : method
        if let (route, names) = node.routes.first(where: { $0.route.method == wanted }) {
            return .found(route, PathParameters(names: names, values: values))
        }
        var methods = node.routes.map { $0.route.method }
        if methods.contains(.get) { methods.append(.head) }
        return .methods(methods + [.options])
    }

    private func find(_ node: Node, _ segments: ArraySlice<String>, _ values: inout [String]) -> Node? {
        guard let first = segments.first else { return node.routes.isEmpty ? nil : node }
        if let next = node.literals[first], let found = find(next, segments.dropFirst(), &values) { return found }
        guard let next = node.parameter, let value = try? PathSegments.decode(Array(first.utf8)[...]), !value.isEmpty
        else { return nil }
        values.append(value)
        if let found = find(next, segments.dropFirst(), &values) { return found }
        values.removeLast()
        return nil
    }

    private static func segments(_ path: String) -> [String] {
        path.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map { String($0) }
    }
}
