import HTTP1

/// Routes by their paths: a tree of path segments in which literals precede parameters. It knows routes only by number,
/// so that nothing in it is generic: generic code over the application's types would look up their metadata in each
/// call.
struct RouteTree: Sendable {
    /// The routes of one path.
    struct Place: Sendable {
        var methods: [Method] = []
        /// For each method the route's number and the names of its parameters.
        var routes: [(number: Int, names: [String])] = []
    }

    private final class Node: Sendable {
        let literals: [String: Node]
        let parameter: Node?
        let place: Place?

        init(_ routes: [(segments: ArraySlice<String>, names: [String], method: Method, number: Int)]) {
            var place = Place()
            var literals: [String: [(ArraySlice<String>, [String], Method, Int)]] = [:]
            var parameters: [(ArraySlice<String>, [String], Method, Int)] = []
            for (segments, names, method, number) in routes {
                guard let first = segments.first else {
                    place.methods.append(method)
                    place.routes.append((number, names))
                    continue
                }
                if first.hasPrefix("{") {
                    parameters.append(
                        (segments.dropFirst(), names + [String(first.dropFirst().dropLast())], method, number))
                } else {
                    literals[first, default: []].append((segments.dropFirst(), names, method, number))
                }
            }
            self.place = place.methods.isEmpty ? nil : place
            self.literals = literals.mapValues { Node($0) }
            parameter = parameters.isEmpty ? nil : Node(parameters)
        }
    }

    private let root: Node
    /// Complete paths without parameters.
    private let literals: [String: Place]

    /// - Parameter routes: a route's number is its index here.
    init(_ routes: [(method: Method, path: String)]) {
        let root = Node(
            routes.enumerated().map { (Self.segments($0.element.path)[...], [], $0.element.method, $0.offset) })
        self.root = root
        literals = routes.filter { !$0.path.contains("{") }.reduce(into: [:]) { literals, route in
            var values: [String] = []
            literals[route.path] = Self.find(root, Self.segments(route.path)[...], &values)
        }
    }

    enum Match {
        /// The route's number and the values in the path.
        case found(Int, PathParameters)
        /// The path exists, but only with these methods.
        case methods([Method])
        case nothing
    }

    func match(_ method: Method, _ path: String) -> Match {
        guard let (place, values) = find(path) else { return .nothing }
        if let index = place.methods.firstIndex(of: method == .head ? .get : method) {
            let (number, names) = place.routes[index]
            return .found(number, PathParameters(names: names, values: values))
        }
        var methods = place.methods
        if methods.contains(.get) { methods.append(.head) }
        return .methods(methods + [.options])
    }

    private func find(_ path: String) -> (place: Place, values: [String])? {
        if let place = literals[path] { return (place, []) }
        guard path.utf8.first == UInt8(ascii: "/") else { return nil }
        var values: [String] = []
        return Self.find(root, Self.segments(path)[...], &values).map { ($0, values) }
    }

    private static func find(_ node: Node, _ segments: ArraySlice<String>, _ values: inout [String]) -> Place? {
        guard let first = segments.first else { return node.place }
        if let next = node.literals[first], let found = find(next, segments.dropFirst(), &values) { return found }
        guard let next = node.parameter, let value = try? PathSegments.decode(Array(first.utf8)[...]), !value.isEmpty
        else { return nil }
        values.append(value)
        if let found = find(next, segments.dropFirst(), &values) { return found }
        values.removeLast()
        return nil
    }

    private static func segments(_ path: String) -> [String] {
        path.utf8.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .map { String(Substring($0)) }
    }
}
