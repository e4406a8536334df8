import Diary
import DiaryTalk
import Postgres
import Web

/// The diary as a web application, on one core.
struct DiaryApplication: Application {
    let services: Services

    func admit(_ request: Request, _ rule: Access) async throws -> Caller {
        let authorizer = Authorizer(services: services)
        if let caller = try authorizer.admitNow(request, rule) { return caller }
        return try await authorizer.admit(request, rule)
    }

    /// User ids are unique across schools.
    func user(of caller: Caller) -> String? { caller.user.isEmpty ? nil : caller.user }

    /// The client is an integration, or an app with a limit of its own.
    func client(of caller: Caller) -> RatedClient? {
        guard let client = caller.client, caller.isIntegration || caller.requestsPerMinute != nil else { return nil }
        return RatedClient(key: client, requestsPerMinute: caller.requestsPerMinute)
    }

    func problem(for error: any Error) -> Problem? { DatabaseProblems.problem(for: error) }

    var trouble: String? { services.lanes.trouble }

    var metrics: [MetricFamily] {
        LaneMetrics.families(services.lanes.statistics) + services.keptAnswers.families
            + services.area(EventStreams.self).metrics
    }

    func close() { services.lanes.close() }
}
