import Postgres
import Web

/// The diary as a web application, on one core.
struct DiaryApplication: Application {
    let services: Services

    func admit(_ request: Request, _ rule: Access) async throws -> Caller {
        try await Admission(services: services).admit(request, rule)
    }

    /// Each user has an identifier of their own, whatever the school.
    func user(of caller: Caller) -> String? { caller.user.isEmpty ? nil : caller.user }

    func problem(for error: any Error) -> Problem? { DatabaseProblems.problem(for: error) }

    var trouble: String? { services.lanes.trouble }

    var metrics: [MetricFamily] { LaneMetrics.families(services.lanes.statistics) }

    func close() { services.lanes.close() }
}
