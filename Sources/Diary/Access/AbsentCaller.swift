import Postgres
import Web

extension Caller {
    /// A person who is not there: who has ordered something that is made later. The roles are those of now, so whoever
    /// has lost a role or a class is refused as in a request (A3).
    ///
    /// - Parameters:
    ///   - services: of the background.
    ///   - client: the app of others through which the person ordered; its session is checked at each reading.
    /// - Returns: nil if the person may not sign in any more.
    package static func absent(
        _ services: Services, school: Int, person: String, client: String?, session: String?, requestID: String
    ) async throws -> Caller? {
        let scope = Scope(school: school, requestID: requestID)
        let rows = try await services.lanes.transaction(scope) { transaction in
            try await transaction.run([standing(.integer(school), .text(person))])
        }[0]
        guard !rows.isEmpty else { return nil }
        return Caller(
            services,
            School(id: school, code: rows.text(0, "code")!, timeZone: rows.text(0, "time_zone")!),
            person: person, client: client, session: session ?? "",
            roles: Set(rows.texts("roles").compactMap { Role(rawValue: $0) }), requestID: requestID)
    }

    /// `$1` is the school, `$2` the person.
    private static let standing = Statement(
        """
        SELECT s.code, s.time_zone, to_json(\(Roles.held)) AS roles
        FROM schools s
        JOIN users u ON u.school_id = s.id AND u.id = $2::uuid AND u.state = 'active'
        WHERE s.id = $1
        """)
}
