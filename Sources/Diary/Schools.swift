import Postgres
import Reactor

/// A school (tenant), with the values that every request needs.
package struct School: Sendable, Equatable {
    package let id: Int
    package let code: String
    package let timeZone: String

    /// Stands in for a school that does not exist, so that such requests take the same path and the same time as
    /// others.
    package static let unknown = School(id: 0, code: "", timeZone: "UTC")
}

/// A cache of the deployment's schools by id. Entries expire after a minute.
package final class Schools {
    private let lanes: Lanes
    private var known: [Int: (school: School, expires: UInt64)] = [:]

    private static let byID = Statement("SELECT id, code, time_zone FROM schools WHERE id = $1::int")
    private static let byCode = Statement("SELECT id, code, time_zone FROM schools WHERE code = $1")

    package init(_ lanes: Lanes) { self.lanes = lanes }

    /// The cached school without a query; nil when it is not cached or has expired.
    package func known(id: Int) -> School? {
        guard let entry = known[id], entry.expires > Clock.now else { return nil }
        return entry.school
    }

    package func find(id: Int) async throws -> School? {
        if let school = known(id: id) { return school }
        guard let school = try await load(Self.byID(.integer(id))) else { return nil }
        known[id] = (school, Clock.now + .seconds(60))
        return school
    }

    package func find(code: String) async throws -> School? { try await load(Self.byCode(.text(code))) }

    private func load(_ query: Query) async throws -> School? {
        let rows = try await lanes.read(Scope(school: 0), [query])[0]
        guard !rows.isEmpty, let id = rows.integer(0, "id") else { return nil }
        return School(id: id, code: rows.text(0, "code")!, timeZone: rows.text(0, "time_zone")!)
    }
}
