import HTTP1

/// One operation: method, path, who may call it, and the function that answers.
///
/// `Rule` states who may call. Only the application's `admit` turns a rule and a request into a `Caller`, which a
/// handler needs. There is no default rule: a route without one does not compile.
package struct Route<Rule: Sendable, Caller>: Sendable {
    package typealias Handler = @Sendable (Request, Caller) async throws -> Response

    package let method: Method
    package let path: String
    package let operation: String
    package let access: Rule
    package let quota: Quota
    package var handler: Handler

    package init(
        _ method: Method, _ path: String, _ operation: String, access: Rule, quota: Quota = .standard,
        _ handler: @escaping Handler
    ) {
        self.method = method
        self.path = path
        self.operation = operation
        self.access = access
        self.quota = quota
        self.handler = handler
    }

    package static func get(
        _ path: String, _ operation: String, access: Rule, quota: Quota = .standard, _ handler: @escaping Handler
    ) -> Route { Route(.get, path, operation, access: access, quota: quota, handler) }

    package static func post(
        _ path: String, _ operation: String, access: Rule, quota: Quota = .standard, _ handler: @escaping Handler
    ) -> Route { Route(.post, path, operation, access: access, quota: quota, handler) }

    package static func put(
        _ path: String, _ operation: String, access: Rule, quota: Quota = .standard, _ handler: @escaping Handler
    ) -> Route { Route(.put, path, operation, access: access, quota: quota, handler) }

    package static func patch(
        _ path: String, _ operation: String, access: Rule, quota: Quota = .standard, _ handler: @escaping Handler
    ) -> Route { Route(.patch, path, operation, access: access, quota: quota, handler) }

    package static func delete(
        _ path: String, _ operation: String, access: Rule, quota: Quota = .standard, _ handler: @escaping Handler
    ) -> Route { Route(.delete, path, operation, access: access, quota: quota, handler) }
}

/// The decoded values of a template's `{names}`.
package struct PathParameters: Sendable {
    private var values: [(name: String, value: String)] = []

    package subscript(_ name: String) -> String? { values.first { $0.name == name }?.value }

    init() {}

    init(names: [String], values: [String]) {
        self.values = zip(names, values).map { ($0, $1) }
    }
}
