import Diary
import DiaryServer
import DiaryTestSupport
import HTTP1
import JSON
import Postgres
import Testing
import Web

/// The answer of each route to each kind of caller: a status for every `Actor`, by area.
enum AccessMatrix {
    static let areas = [
        programs, school, people, journal, timetable, plans, finals, attendance, families, informing,
        notifications, threads, announcements, consultations, webhooks, outbox, events, exports, reports, resultReports,
        office, control, reportJobs, service, signIn,
    ]
}

/// Every route for every kind of caller, with the real request. A route without a row fails.
@Suite struct AccessMatrixTests {
    @Test func everyRouteHasARow() throws {
        let rows = try AccessMatrix.areas.flatMap { try $0.get().rows }
        let operations = Routes.all.map { $0.operation }
        #expect(Set(operations) == Set(rows.map { $0.operation }))
        #expect(Set(operations).count == operations.count, "an operationId is used twice")
        #expect(Set(rows.map { $0.name }).count == rows.count, "a row is there twice")
    }

    @Test func everyRouteAnswersEachActorByTheMatrix() async throws {
        let server = try await TestServer()
        let cast = try Cast(server)
        let owner = try server.owner()
        let routes = Dictionary(uniqueKeysWithValues: Routes.all.map { ($0.operation, $0) })
        var checked = 0
        var rows = 0
        for area in try AccessMatrix.areas.map({ try $0.get() }) {
            for row in area.rows {
                let route = try #require(routes[row.operation])
                let request = area.requests[row.name] ?? AccessRequest()
                var seen: [String] = []
                var others: [String] = []
                for (actor, cell) in zip(Actor.allCases, row.cells) {
                    if let sql = request.before { try owner.execute(cast.filled(sql)) }
                    let answer = try ask(cast.client(actor, route), route, request, cast)
                    seen.append(Self.cell(answer))
                    if let code = Self.refusal(of: actor, by: route.access) {
                        #expect(answer.code == code, "\(row.name), \(actor): \(answer.text)")
                    }
                    if seen.last != cell { others.append("\(actor): \(answer.text)") }
                    checked += 1
                }
                rows += 1
                let isAsSaid = seen == row.cells
                #expect(isAsSaid, "\(row.name) is \(seen.joined(separator: " "))\n\(others.joined(separator: "\n"))")
            }
        }
        #expect(server.warnings.all == [], "PostgreSQL warns")
        let actors = Actor.allCases.count
        print("Access matrix: \(Routes.all.count) routes, \(rows) rows x \(actors) actors: \(checked) requests")
        #expect(checked == rows * actors && rows >= Routes.all.count)
    }

    /// The code of the 403 that a client gets for any ids; nil if the client is admitted, or the person's role decides.
    private static func refusal(of actor: Actor, by rule: Access) -> String? {
        guard rule.people != .anybody else { return nil }
        switch actor {
        case .app: return rule.isForOwnApps ? "not_for_programs" : nil
        case .program: return rule.scopes.isEmpty ? "not_for_programs" : nil
        case .unscoped: return rule.scopes.isEmpty ? "not_for_programs" : "insufficient_scope"
        default: return nil
        }
    }

    private static func cell(_ answer: TestClient.Answer) -> String {
        if answer.status == 200, answer.json["items"]?.array.isEmpty == true { return "[]" }
        return String(answer.status)
    }

    private func ask(
        _ client: TestClient, _ route: Route<Access, Caller>, _ request: AccessRequest, _ cast: Cast
    ) throws -> TestClient.Answer {
        let ids = request.ids.mapValues { cast.filled($0) }
        let path = cast.filled(route.path + request.query, ids)
        guard route.method != .get else { return try client.get(path) }
        let headers = [
            ("Content-Type", request.picture == nil ? "application/json" : "image/png"), ("If-Match", "\"v999999\""),
        ]
        let body = request.picture ?? Array(cast.filled(request.body ?? "{}", ids).utf8)
        return try client.send(route.method.rawValue, path, headers: headers, body: body)
    }
}
