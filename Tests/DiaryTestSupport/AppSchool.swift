import Crypto
import HTTP1
import JSON
import Postgres
import TestSupport

/// Programs of the demo school, and the way of a person through the sign-in page as a browser goes it.
package struct AppSchool {
    package let server: TestServer
    package let ids: DemoSchoolIDs
    package let anonymous: TestClient

    /// Operations that read nothing of the school: the same files for everybody who is let in.
    package static let templates: Set<String> = ["getImportTemplate", "getImportTemplates"]

    package static let verifier = "verifier-0123456789-0123456789-0123456789-~._"
    package static let redirect = "https://app.example/callback"

    package init(_ server: TestServer) throws {
        self.server = server
        ids = try DemoSchoolIDs(server)
        anonymous = TestClient(port: server.port)
    }

    package static func challenge(_ verifier: String = Self.verifier) throws -> String {
        Base64.url.encode(try SHA256.hash(Array(verifier.utf8)))
    }

    /// A client as the API shows it.
    package struct Registered: Sendable {
        package let id: String
        package let clientID: String
        package let tag: String
    }

    package func register(_ json: String, school: String = "lyceum29") throws -> Registered {
        let answer = try server.client("admin", school: school).post("/v1/clients", json: json)
        guard answer.status == 201, let id = answer.json["id"]?.string,
            let clientID = answer.json["client_id"]?.string, let tag = answer["ETag"]
        else { throw TestFailure("no client: \(answer.status) \(answer.text)") }
        return Registered(id: id, clientID: clientID, tag: tag)
    }

    package func app(_ name: String, redirects: [String] = [Self.redirect]) throws -> Registered {
        let uris = redirects.map { "\"\($0)\"" }.joined(separator: ",")
        return try register(
            #"{"kind": "app", "name": "\#(name)", "redirect_uris": [\#(uris)], "scopes": ["person", "person.read"]}"#)
    }

    package func integration(
        _ name: String, _ scopes: [String], more: String = "", school: String = "lyceum29"
    ) throws -> Registered {
        let words = scopes.map { "\"\($0)\"" }.joined(separator: ",")
        return try register(
            #"{"kind": "integration", "name": "\#(name)", "scopes": [\#(words)]\#(more)}"#, school: school)
    }

    package struct Secret: Sendable {
        package let id: String
        package let text: String
    }

    package func secret(of client: Registered, school: String = "lyceum29") throws -> Secret {
        let answer = try server.client("admin", school: school).post("/v1/clients/\(client.id)/secrets", json: "{}")
        guard answer.status == 201, let id = answer.json["id"]?.string,
            let text = answer.json["client_secret"]?.string
        else { throw TestFailure("no secret: \(answer.status) \(answer.text)") }
        return Secret(id: id, text: text)
    }

    package func update(_ client: Registered, _ json: String) throws -> TestClient.Answer {
        try server.client("admin").patch("/v1/clients/\(client.id)", json: json, headers: [("If-Match", "*")])
    }

    // MARK: The token endpoint

    package func token(_ fields: [(String, String)], headers: [(String, String)] = []) throws -> TestClient.Answer {
        try anonymous.send(
            "POST", "/v1/auth/token", headers: headers + [("Content-Type", "application/x-www-form-urlencoded")],
            body: Array(Self.form(fields).utf8))
    }

    package func credentials(_ client: String, _ secret: String, scope: String? = nil) throws -> TestClient.Answer {
        try token(
            [("grant_type", "client_credentials"), ("client_id", client), ("client_secret", secret)]
                + (scope.map { [("scope", $0)] } ?? []))
    }

    /// An integration that has signed in.
    package func program(_ name: String, _ scopes: [String]) throws -> TestClient {
        let client = try integration(name, scopes)
        return try program(client, try secret(of: client))
    }

    package func program(_ client: Registered, _ secret: Secret) throws -> TestClient {
        let answer = try credentials(client.clientID, secret.text)
        guard let token = answer.json["access_token"]?.string else { throw TestFailure("no token: \(answer.text)") }
        return TestClient(port: server.port, token: token)
    }

    package func exchange(
        _ code: String, _ client: String, redirect: String = Self.redirect, verifier: String? = Self.verifier
    ) throws -> TestClient.Answer {
        try token(
            [
                ("grant_type", "authorization_code"), ("code", code), ("client_id", client),
                ("redirect_uri", redirect),
            ] + (verifier.map { [("code_verifier", $0)] } ?? []))
    }

    // MARK: The page

    /// What an app sends somebody to the page with; a value of nil leaves the parameter out.
    package func parameters(_ client: String, _ changes: [String: String?] = [:]) throws -> [(String, String)] {
        let usual: [(String, String)] = [
            ("response_type", "code"), ("client_id", client), ("redirect_uri", Self.redirect), ("scope", "person"),
            ("state", "af0ifjsldkj"), ("code_challenge", try Self.challenge()), ("code_challenge_method", "S256"),
        ]
        return usual.compactMap { name, value in
            guard let change = changes[name] else { return (name, value) }
            return change.map { (name, $0) }
        }
    }

    package func page(_ parameters: [(String, String)], language: String = "en") throws -> TestClient.Answer {
        try anonymous.get(
            "/oauth/authorize?\(Self.form(parameters))", headers: [("Accept-Language", language)])
    }

    /// What a browser holds after it was shown the form.
    package struct Form {
        package var fields: [(String, String)]
        package var cookie: String

        package init(_ answer: TestClient.Answer) throws {
            guard let cookie = answer["Set-Cookie"]?.split(separator: ";").first else {
                throw TestFailure("no cookie: \(answer.status) \(answer.text)")
            }
            self.init(answer, cookie: String(cookie))
        }

        package init(_ answer: TestClient.Answer, cookie: String) {
            self.cookie = cookie
            fields = answer.text.matches(of: /<input type="hidden" name="([^"]*)" value="([^"]*)">/).map {
                (unescaped($0.output.1), unescaped($0.output.2))
            }
        }
    }

    package func submit(
        _ form: Form, _ more: [(String, String)], headers: [(String, String)] = []
    ) throws -> TestClient.Answer {
        try anonymous.send(
            "POST", "/oauth/authorize",
            headers: headers + [
                ("Content-Type", "application/x-www-form-urlencoded"), ("Cookie", form.cookie),
                ("Accept-Language", "en"),
            ], body: Array(Self.form(form.fields + more).utf8))
    }

    package static func allowing(_ login: String, _ password: String = TestServer.password) -> [(String, String)] {
        [("username", login), ("password", password), ("action", "allow")]
    }

    /// A person lets the app in; the code that the app gets.
    package func code(_ login: String, _ client: String, _ changes: [String: String?] = [:]) throws -> String {
        let answer = try submit(try Form(page(parameters(client, changes))), Self.allowing(login))
        guard let code = try Self.sentBack(answer)["code"] else {
            throw TestFailure("no code: \(answer.status) \(answer["Location"] ?? "") \(answer.text)")
        }
        return code
    }

    /// The tokens of an app that a person has let in.
    package func session(_ login: String, _ client: String, _ changes: [String: String?] = [:]) throws -> JSONValue {
        let answer = try exchange(try code(login, client, changes), client)
        guard answer.status == 200 else { throw TestFailure("no session: \(answer.status) \(answer.text)") }
        return answer.json
    }

    /// The parameters of the address that a browser is sent to.
    package static func sentBack(_ answer: TestClient.Answer) throws -> [String: String] {
        guard answer.status == 303, let location = answer["Location"], let mark = location.firstIndex(of: "?") else {
            return [:]
        }
        let items = try QueryItems(String(location[location.index(after: mark)...])).items
        return Dictionary(items.map { ($0.name, $0.value) }) { first, _ in first }
    }

    package static func form(_ fields: [(String, String)]) -> String {
        fields.map { "\(PercentEncoding.encode($0.0))=\(PercentEncoding.encode($0.1))" }.joined(separator: "&")
    }
}

/// As a browser reads what stands in an attribute: by code points, whatever follows them.
private func unescaped(_ text: Substring) -> String {
    let signs = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")]
    let plain = signs.reduce(Array(text.unicodeScalars)) { scalars, sign in
        scalars.replacing(Array(sign.0.unicodeScalars), with: Array(sign.1.unicodeScalars))
    }
    return String(String.UnicodeScalarView(plain))
}
