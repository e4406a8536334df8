import HTTP1
import Testing

@testable import Web

@Suite struct RouterTests {
    private static let routes = [
        ("GET", "/v1/me"), ("GET", "/v1/lessons"), ("POST", "/v1/lessons"), ("GET", "/v1/lessons/{lesson_id}"),
        ("PATCH", "/v1/lessons/{lesson_id}"), ("GET", "/v1/lessons/today"), ("GET", "/v1/{kind}/today/all"),
        ("GET", "/v1/students/{student_id}/marks/{mark_id}"), ("GET", "/"), ("PUT", "/v1/one/{first}"),
        ("DELETE", "/v1/one/{second}"),
    ].map { method, path in
        Route<String, Int>(Method(method), path, "\(method) \(path)", access: "anybody") { _, _ in Response(.noContent)
        }
    }
    private let router = Router(Self.routes)

    /// The operation with its parameters, the existing methods, or nil.
    private func match(_ method: String, _ path: String, _ names: String...) -> String? {
        switch router.tree.match(Method(method), path) {
        case .found(let place, let parameters):
            ([Self.routes[place].operation] + names.map { "\($0)=\(parameters[$0] ?? "-")" }).joined(separator: " ")
        case .methods(let methods): methods.map { $0.rawValue }.joined(separator: ",")
        case .nothing: nil
        }
    }

    @Test func findsLiteralsAndParameters() {
        #expect(match("GET", "/") == "GET /")
        #expect(match("GET", "/v1/me") == "GET /v1/me")
        #expect(match("GET", "/v1/lessons/7", "lesson_id") == "GET /v1/lessons/{lesson_id} lesson_id=7")
        #expect(
            match("GET", "/v1/students/a/marks/b", "student_id", "mark_id")
                == "GET /v1/students/{student_id}/marks/{mark_id} student_id=a mark_id=b")
    }

    @Test func literalComesBeforeParameter() {
        #expect(match("GET", "/v1/lessons/today") == "GET /v1/lessons/today")
        #expect(match("GET", "/v1/lessons/todays", "lesson_id") == "GET /v1/lessons/{lesson_id} lesson_id=todays")
    }

    @Test func goesBackWhenALiteralLeadsNowhere() {
        #expect(match("GET", "/v1/lessons/today/all", "kind") == "GET /v1/{kind}/today/all kind=lessons")
        #expect(match("GET", "/v1/lessons/today/none") == nil)
    }

    @Test func knowsTheMethodsOfAPath() {
        #expect(match("DELETE", "/v1/lessons") == "GET,POST,HEAD,OPTIONS")
        #expect(match("POST", "/v1/me") == "GET,HEAD,OPTIONS")
        #expect(match("GET", "/v1/one/1") == "PUT,DELETE,OPTIONS")
        #expect(match("get", "/v1/me") == "GET,HEAD,OPTIONS")
    }

    @Test func headIsAnsweredByGet() {
        #expect(match("HEAD", "/v1/me") == "GET /v1/me")
        #expect(match("HEAD", "/v1/one/1") == "PUT,DELETE,OPTIONS")
    }

    @Test(arguments: [
        "", "v1/me", "*", "/v1", "/v1/", "/v1/me/", "//v1/me", "/v1//me", "/v1/lessons/", "/v1/lessons//", "/V1/me",
        "/v1/students//marks/b", "/v1/students/a/marks/", "/v1/lessons/7/x",
    ]) func isExact(path: String) {
        #expect(match("GET", path) == nil)
    }

    @Test(arguments: [
        ("%D0%AF", "Я"), ("a%2Fb", "a/b"), ("a%20b", "a b"), ("a+b", "a+b"), ("%2e%2e", ".."), ("a%3Fb", "a?b"),
    ]) func decodesParameters(sent: String, value: String) {
        #expect(match("GET", "/v1/lessons/\(sent)", "lesson_id") == "GET /v1/lessons/{lesson_id} lesson_id=\(value)")
    }

    @Test(arguments: ["%", "%2", "%zz", "%FF", "%00", "%C0%AF"]) func refusesBadEncoding(sent: String) {
        #expect(match("GET", "/v1/lessons/\(sent)") == nil)
    }

    @Test func eachRouteKeepsItsOwnNames() {
        #expect(match("PUT", "/v1/one/1", "first", "second") == "PUT /v1/one/{first} first=1 second=-")
        #expect(match("DELETE", "/v1/one/1", "first", "second") == "DELETE /v1/one/{second} first=- second=1")
    }
}
