import Postgres
import Reactor
import Web

/// The diary as a web application: what a core's worker needs of it.
package enum Application {
    package typealias DiaryWorker = Worker<Access, Caller>

    /// Admission and problems for one core.
    package static func make(_ services: Services) -> DiaryWorker.Application {
        let admission = Admission(services: services)
        return DiaryWorker.Application(
            admit: { request, rule in try await admission.admit(request, rule) },
            problem: { DatabaseProblems.problem(for: $0) }, trouble: { services.lanes.trouble },
            close: { services.lanes.close() })
    }
}
