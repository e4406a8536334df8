import Postgres
import Web

/// The diary as a web application, on one core.
struct DiaryApplication: Application {
    let services: Services

    func admit(_ request: Request, _ rule: Access) async throws -> Caller {
        try await Admission(services: services).admit(request, rule)
    }

    func problem(for error: any Error) -> Problem? { DatabaseProblems.problem(for: error) }

    var trouble: String? { services.lanes.trouble }

    func close() { services.lanes.close() }
}
