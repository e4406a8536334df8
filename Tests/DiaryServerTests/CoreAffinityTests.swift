import Diary
import DiaryServer
import DiaryTestSupport
import HTTP1
import Reactor
import Synchronization
import Testing
import Web

/// No request leaves its core: each handler of each route begins and ends on the core that read the request.
@Suite struct CoreAffinityTests {
    @Test func everyHandlerBeginsAndEndsOnItsCore() async throws {
        let visits = Mutex<[String: [Bool]]>([:])
        let routes = Routes.all.map { route in
            var route = route
            let handler = route.handler
            let name = "\(route.method.rawValue) \(route.path)"
            route.handler = { request, caller in
                let core = Core.current
                defer {
                    let stayed = core != nil && Core.current === core
                    visits.withLock { $0[name, default: []].append(stayed) }
                }
                return try await handler(request, caller)
            }
            return route
        }
        let server = try await TestServer(cores: 2, routes: routes)
        let school = try DemoSchoolIDs(server)
        let program = try AppSchool(server).program("Core", ["school.read", "people.read", "journal.read"])
        let clients = try ["teacher", "parent", "deputy", "head", "admin"].map { try server.client($0) } + [program]
        for route in Routes.all {
            let path = school.path(route.path)
            for client in clients {
                _ = try client.send(
                    route.method.rawValue, path, headers: [("Content-Type", "application/json")],
                    body: route.method == .get ? nil : Array("{}".utf8))
            }
        }
        let seen = visits.withLock { $0 }
        for route in Routes.all {
            let name = "\(route.method.rawValue) \(route.path)"
            let stays = try #require(seen[name], "\(name) was never handled")
            #expect(stays.allSatisfy { $0 }, "\(name) left its core")
        }
    }

    /// Also between the two: no job of a request returns to its core from another thread. Only the token endpoint has
    /// work done on other threads (password hashing).
    @Test func noRequestLeavesItsCoreOnTheWay() async throws {
        let server = try await TestServer(cores: 2)
        let ids = try DemoSchoolIDs(server)
        func arrivals() -> Int {
            server.server.cores.reduce(0) { $0 + $1.executor.arrivals.load(ordering: .relaxed) }
        }
        let program = try AppSchool(server).program("Core", ["school.read", "people.read", "journal.read"])
        let people = try ["teacher", "parent", "deputy", "head", "admin"].map { ($0, try server.client($0)) }
        for (login, client) in people + [("program", program)] {
            let before = arrivals()
            for route in Routes.all where route.operation != "issueToken" {
                let body =
                    #"{"token": "x", "marks": [{"lesson_id": "\#(ids.lesson)", "student_id": "\#(ids.child)", "value": null, "version": 9}]}"#
                let answer = try client.send(
                    route.method.rawValue, ids.path(route.path),
                    headers: [("Content-Type", "application/json"), ("Idempotency-Key", login)],
                    body: route.method == .get ? nil : Array(body.utf8))
                #expect(answer.status < 500, "\(route.operation): \(answer.text)")
                #expect(arrivals() == before, "\(route.operation) left its core")
            }
        }
    }
}
