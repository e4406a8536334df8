import Diary
import DiaryTalk
import HTTP1
import Postgres
import Reactor
import Web

/// Metrics and health for operators, on a separate address that the public one does not reach.
enum AdminRoutes {
    static let all: [Route<AdminRule, AdminCaller>] = [
        .get("/metrics", "getMetrics", access: .anyone, metrics),
        .get("/livez", "getLivez", access: .anyone, live),
        .get("/readyz", "getReadyz", access: .anyone, ready),
    ]

    @Sendable static func metrics(_ request: Request, _ caller: AdminCaller) async throws -> Response {
        var families = await caller.server.metrics()
        if let background = caller.background {
            families = MetricFamily.sum([
                families,
                await background.read { background, _ in
                    background.families + LaneMetrics.families(background.statistics)
                },
            ])
        }
        families = MetricFamily.sum([
            families,
            await caller.eventDispatcher.read { dispatcher, _ in LaneMetrics.families(dispatcher.statistics) },
        ])
        families += caller.process.families
        let exposition = Exposition(accept: request.head["Accept"])
        var response = Response(.ok, contentType: exposition.contentType, body: exposition.text(families))
        response.headers = [("Cache-Control", "no-store"), ("Vary", "Accept")]
        return response
    }

    @Sendable static func live(_ request: Request, _ caller: AdminCaller) async throws -> Response { Health.ok() }

    @Sendable static func ready(_ request: Request, _ caller: AdminCaller) async throws -> Response {
        if let problem = caller.readiness.problem { throw problem }
        return Health.ok()
    }
}

/// Everybody who reaches the admin address may read everything there; access to the address is the only check.
enum AdminRule: Sendable {
    case anyone
}

struct AdminCaller {
    let server: Server<Access, Caller>
    let process: ProcessMetrics
    let background: CoreLocal<Background>?
    let eventDispatcher: CoreLocal<EventDispatcher>
    let readiness: Readiness
}

struct AdminApplication: Application {
    let caller: AdminCaller

    func admit(_ request: Request, _ rule: AdminRule) async throws -> AdminCaller { caller }
    func problem(for error: any Error) -> Problem? { nil }
    var trouble: String? { nil }
    func close() {}
}
